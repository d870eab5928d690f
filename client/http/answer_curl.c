/* answer_curl.c - what went wrong below HTTP, told with the thing, the place and the remedy. */
#include "client/http/answer.h"
#include "client/http/channel.h"
#include "common/foundation/clock.h"

#include <ctype.h>
#include <string.h>

/* libcurl's words, without a newline or full stop at the end. */
static const char *words_of(struct transport_call *call)
{
    size_t size = strlen(call->curl_text);
    while (size > 0 && (isspace((unsigned char)call->curl_text[size - 1]) || call->curl_text[size - 1] == '.'))
        call->curl_text[--size] = '\0';
    return size > 0 ? call->curl_text : curl_easy_strerror(call->curl_code);
}

static void fail_connect(struct transport_call *call)
{
    const char *reason = call->os_error != 0 ? strerror(call->os_error) : words_of(call);
    call_fail(call, SLUICE_UNAVAILABLE, 0, "cannot connect: %s; is the gateway running, and is this its port?", reason);
}

static void fail_timeout(struct transport_call *call)
{
    bool own = call->deadline_ns == 0 || clock_monotonic_ns() + 2 * CLOCK_NS_PER_MS < call->deadline_ns;
    if (own)
        call_fail(call, SLUICE_UNAVAILABLE, 0,
                  "no connection within %d ms (connect_timeout_ms); is the gateway running, and is this its port?",
                  call->channel->connect_timeout_ms);
    else
        call_fail(call, SLUICE_TIMEOUT, 0, "%s: no answer within the timeout", call_name(call));
}

static void fail_certificate(struct transport_call *call)
{
    const struct transport_channel *channel = call->channel;
    const char *words = words_of(call);
    static const char prefix[] = "SSL certificate problem: ";
    if (strncmp(words, prefix, sizeof prefix - 1) == 0)
        words += sizeof prefix - 1;
    bool name = strstr(words, "subject name") != NULL;
    call_fail(call, SLUICE_UNAVAILABLE, 0, "the gateway's certificate is not accepted: %s; %s", words,
              name                       ? "use the name that the certificate was made for as the host"
              : channel->material.authorities.size > 0 ? "is tls_ca_file the authority that signed it?"
                                         : "name the authority that signed it with tls_ca_file");
}

/* The handshake failed: an old protocol, no TLS at all, or the gateway did not like our certificate. */
static void fail_handshake(struct transport_call *call)
{
    const char *words = words_of(call);
    bool plain = strstr(words, "wrong version number") != NULL || strstr(words, "packet length") != NULL;
    bool wanted = strstr(words, "certificate required") != NULL;
    bool refused = strstr(words, "alert") != NULL;
    call_fail(call, SLUICE_UNAVAILABLE, 0, "no TLS connection: %s%s", words,
              plain     ? "; does the gateway speak TLS on this port? Without it the address is http://"
              : wanted  ? "; give a certificate with tls_certificate_file and tls_key_file"
              : refused ? "; the gateway does not accept this client's certificate or its TLS version (1.2 at least)"
                        : "");
}

static void fail_broken(struct transport_call *call)
{
    bool begun = call->http_status != 0 || call->answer.size > 0;
    call_fail(call, SLUICE_UNAVAILABLE, 0, "%s: the connection broke %s (%s)", call_name(call),
              begun ? "in the middle of the answer" : "before the answer",
              call->curl_code == CURLE_SEND_FAIL_REWIND ? "a kept one, with the request on its way" : words_of(call));
}

void answer_curl_failure(struct transport_call *call)
{
    switch (call->curl_code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        call_fail(call, SLUICE_UNAVAILABLE, 0, "the host's name is not known; check the address");
        break;
    case CURLE_COULDNT_RESOLVE_PROXY:
        call_fail(call, SLUICE_UNAVAILABLE, 0, "the proxy's name is not known; check http_proxy and https_proxy");
        break;
    case CURLE_COULDNT_CONNECT: fail_connect(call); break;
    case CURLE_OPERATION_TIMEDOUT: fail_timeout(call); break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR: fail_certificate(call); break;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER: fail_handshake(call); break;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
        call_fail(call, SLUICE_INVALID, 0, "a TLS file cannot be used: %s", words_of(call));
        break;
    case CURLE_UNSUPPORTED_PROTOCOL: /* "Received HTTP/0.9" */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
        call_fail(call, SLUICE_INVALID, 0, "what answers does not speak HTTP/1.1 (%s); is this the gateway's HTTP port?", words_of(call));
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        call_fail(call, SLUICE_INVALID, 0, "%s: the answer's compression cannot be undone: %s", call_name(call),
                  words_of(call));
        break;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_PARTIAL_FILE: fail_broken(call); break;
    case CURLE_OUT_OF_MEMORY: call_fail(call, SLUICE_NO_MEMORY, 0, "%s: no memory", call_name(call)); break;
    default: call_fail(call, SLUICE_UNAVAILABLE, 0, "%s: %s", call_name(call), words_of(call)); break;
    }
}
