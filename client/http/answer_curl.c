/* answer_curl.c - what went wrong below HTTP, told with the thing, the place and the remedy. */
#include "client/http/answer.h"
#include "client/http/channel.h"
#include "client/http/tls.h"
#include "common/foundation/clock.h"

#include <ctype.h>
#include <string.h>

/* libcurl's words, without a newline or full stop at the end. */
static const char *words_of(struct transport_call *call)
{
    size_t size = strlen(call->curl_text);
    if (call->curl_code == CURLE_OK)
        return "its header fields do not end";
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

/* Servers end a first connection without a word when it is not the one that they expect. */
static const char *guess(const struct transport_channel *channel)
{
    if (!channel->tls)
        return "; does the gateway speak TLS (https://)?";
    return channel->material.certificate.size > 0 ? "; it may not accept the client's certificate"
                                                  : "; it may ask for a certificate of the client";
}

static void fail_broken(struct transport_call *call)
{
    bool begun = call->http_status != 0 || call->answer.size > 0;
    /* With TLS 1.3 the server looks at the client's certificate when the client already takes the handshake for done.
     */
    if (!begun && strstr(call->curl_text, "SSL routines") != NULL) {
        http_tls_failure(call, words_of(call));
        return;
    }
    /* libcurl then has made a new connection, but cannot send the body again. */
    bool kept = call->curl_code == CURLE_SEND_FAIL_REWIND;
    call_fail(call, SLUICE_UNAVAILABLE, 0, "%s: the connection broke %s (%s)%s", call_name(call),
              begun ? "in the middle of the answer" : "before the answer",
              kept ? "a kept one, with the request on its way" : words_of(call),
              begun || kept || !call->new_connection ? "" : guess(call->channel));
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
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE: http_tls_failure(call, words_of(call)); break;
    case CURLE_UNSUPPORTED_PROTOCOL: /* "Received HTTP/0.9" */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
        call_fail(call, SLUICE_INVALID, 0,
                  "what answers does not speak HTTP/1.1 (%s); is this the gateway's HTTP port?", words_of(call));
        break;
    case CURLE_BAD_CONTENT_ENCODING:
        call_fail(call, SLUICE_INVALID, 0, "%s: the answer's compression cannot be undone: %s", call_name(call),
                  words_of(call));
        break;
    case CURLE_OK: /* the head was cut off */
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_PARTIAL_FILE: fail_broken(call); break;
    case CURLE_OUT_OF_MEMORY: call_fail(call, SLUICE_NO_MEMORY, 0, "%s: no memory", call_name(call)); break;
    default: call_fail(call, SLUICE_UNAVAILABLE, 0, "%s: %s", call_name(call), words_of(call)); break;
    }
}
