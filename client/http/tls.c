#include "client/http/tls.h"

#include "client/http/channel.h"
#include "common/foundation/log.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

sluice_status http_tls_load(struct transport_channel *channel, const struct transport_tls *tls, sluice_error *error)
{
    /* The other protocols' TLS libraries obey this variable of OpenSSL's; libcurl does not. */
    const char *authorities = tls->ca_file != NULL || tls->insecure ? tls->ca_file : getenv("SSL_CERT_FILE");
    struct tls_files files = {.certificate = tls->certificate_file, .key = tls->key_file, .authorities = authorities};
    sluice_status status = tls_load(&files, &channel->material, error);
    if (status != SLUICE_OK)
        return status;
    if (channel->material.remark[0] != '\0')
        log_warning("%s: %s", tls->certificate_file, channel->material.remark);
    if (tls->insecure)
        return SLUICE_OK;
    return tls_trust_new(channel->material.authorities.size > 0 ? buffer_text(&channel->material.authorities) : NULL,
                         &channel->trust, error);
}

void http_tls_done(struct transport_channel *channel)
{
    tls_trust_free(channel->trust);
    tls_material_done(&channel->material);
}

/* ---- the server's certificate ---- */

static bool write_chain(X509_STORE_CTX *context, BIO *pem)
{
    STACK_OF(X509) *shown = X509_STORE_CTX_get0_untrusted(context);
    X509 *own = X509_STORE_CTX_get0_cert(context);
    bool done = own != NULL && PEM_write_bio_X509(pem, own) == 1;
    for (int i = 0; done && i < sk_X509_num(shown); i++)
        if (X509_cmp(sk_X509_value(shown, i), own) != 0)
            done = PEM_write_bio_X509(pem, sk_X509_value(shown, i)) == 1;
    return done && BIO_write(pem, "", 1) == 1;
}

/* Notes what is wrong with the certificate; the name too, which libcurl looks at later. */
static void explain(struct transport_call *call, X509_STORE_CTX *context)
{
    char *text;
    BIO *pem = BIO_new(BIO_s_mem());
    call->why[0] = '\0';
    if (pem != NULL && write_chain(context, pem) && BIO_get_mem_data(pem, &text) > 0)
        tls_trust_check(call->channel->trust, text, call->channel->tls_host, call->why);
    BIO_free(pem);
}

static int on_certificate(X509_STORE_CTX *context, void *data)
{
    int good = X509_verify_cert(context);
    explain(data, context);
    return good;
}

static CURLcode on_context(CURL *easy, void *context, void *data)
{
    (void)easy;
    SSL_CTX_set_cert_verify_callback(context, on_certificate, data);
    return CURLE_OK;
}

/* ---- libcurl's settings ---- */

/* libcurl only reads them. */
static void set_blob(CURL *easy, CURLoption option, const struct buffer *pem)
{
    struct curl_blob blob = {.data = pem->data, .len = pem->size, .flags = CURL_BLOB_NOCOPY};
    if (pem->size > 0)
        curl_easy_setopt(easy, option, &blob);
}

void http_tls_prepare(struct transport_call *call)
{
    const struct transport_channel *channel = call->channel;
    CURL *easy = call->easy;
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    set_blob(easy, CURLOPT_CAINFO_BLOB, &channel->material.authorities);
    if (channel->material.authorities.size > 0)
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* else the system's would count too */
    set_blob(easy, CURLOPT_SSLCERT_BLOB, &channel->material.certificate);
    set_blob(easy, CURLOPT_SSLKEY_BLOB, &channel->material.key);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, channel->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, channel->insecure ? 0L : 2L);
    if (channel->insecure)
        return;
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, call);
}

/* ---- what went wrong ---- */

static void fail_certificate(struct transport_call *call, const char *words)
{
    static const char prefix[] = "SSL certificate problem: ";
    if (strncmp(words, prefix, sizeof prefix - 1) == 0)
        words += sizeof prefix - 1;
    if (call->why[0] != '\0')
        call_fail(call, SLUICE_UNAVAILABLE, 0, "%s", call->why);
    else
        call_fail(call, SLUICE_UNAVAILABLE, 0, "the server's certificate is not accepted: %s", words);
}

void http_tls_failure(struct transport_call *call, const char *words)
{
    bool shows = call->channel->material.certificate.size > 0;
    if (call->curl_code == CURLE_PEER_FAILED_VERIFICATION || call->curl_code == CURLE_SSL_ISSUER_ERROR)
        fail_certificate(call, words);
    else if (strstr(words, "wrong version number") != NULL || strstr(words, "packet length") != NULL)
        call_fail(call, SLUICE_UNAVAILABLE, 0,
                  "there is no TLS at this port, or none that fits; is it an http:// address? (%s)", words);
    else if (strstr(words, "SSL_ERROR_SYSCALL") != NULL) /* a server without TLS that resets what it cannot read */
        call_fail(call, SLUICE_UNAVAILABLE, 0,
                  "the connection was cut while TLS began; is it an http:// address? (%s)", words);
    else if (strstr(words, "alert") != NULL && shows)
        call_fail(call, SLUICE_UNAVAILABLE, 0,
                  "the gateway ended the connection; it may not accept the client's certificate (%s)", words);
    else if (strstr(words, "alert") != NULL)
        call_fail(call, SLUICE_UNAVAILABLE, 0,
                  "the gateway ended the connection; it may ask for a certificate of the client (%s)", words);
    else
        call_fail(call, SLUICE_UNAVAILABLE, 0, "no TLS connection: %s", words);
}
