#include "client/websocket/tls.h"

#include "common/foundation/log.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool tls_host_is_number(const char *host)
{
    unsigned char number[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, host, number) == 1 || inet_pton(AF_INET6, host, number) == 1;
}

/* libwebsockets sends what stands in the Host header as the server's name, numbers too. */
static void no_name_in_numbers(const SSL *ssl, int where, int result)
{
    (void)result;
    if ((where & SSL_CB_HANDSHAKE_START) != 0)
        SSL_set_tlsext_host_name((SSL *)ssl, NULL);
}

static bool set_host(SSL_CTX *context, const struct address *address)
{
    X509_VERIFY_PARAM *parameters = SSL_CTX_get0_param(context);
    if (tls_host_is_number(address->host)) {
        SSL_CTX_set_info_callback(context, no_name_in_numbers);
        return X509_VERIFY_PARAM_set1_ip_asc(parameters, address->host) == 1;
    }
    X509_VERIFY_PARAM_set_hostflags(parameters, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return X509_VERIFY_PARAM_set1_host(parameters, address->host, 0) == 1;
}

/* The files have been checked: what fails here was changed since. */
static bool set_files(SSL_CTX *context, const struct transport_tls *tls)
{
    bool trusts = tls->ca_file != NULL ? SSL_CTX_load_verify_file(context, tls->ca_file) == 1
                                       : SSL_CTX_set_default_verify_paths(context) == 1;
    return trusts && (tls->certificate_file == NULL ||
                      (SSL_CTX_use_certificate_chain_file(context, tls->certificate_file) == 1 &&
                       SSL_CTX_use_PrivateKey_file(context, tls->key_file, SSL_FILETYPE_PEM) == 1));
}

static sluice_status make_context(struct tls_client *client, const struct transport_tls *tls,
                                  const struct address *address, sluice_error *error)
{
    client->context = SSL_CTX_new(TLS_client_method());
    if (client->context == NULL || SSL_CTX_set_min_proto_version(client->context, TLS1_2_VERSION) != 1)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for TLS");
    SSL_CTX_set_verify(client->context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(client->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (set_host(client->context, address) && set_files(client->context, tls))
        return SLUICE_OK;
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return sluice_fail(error, SLUICE_INVALID, "tls", "the TLS library does not take the settings: %s",
                       reason != NULL ? reason : "it gives no reason");
}

sluice_status tls_client_init(struct tls_client *client, const struct transport_tls *tls, const struct address *address,
                              sluice_error *error)
{
    struct tls_files files = {
        .certificate = tls->certificate_file, .key = tls->key_file, .authorities = tls->ca_file};
    struct tls_material material = {0};
    *client = (struct tls_client){0};
    sluice_status status = tls_load(&files, &material, error);
    if (status != SLUICE_OK)
        return status;
    if (material.remark[0] != '\0')
        log_warning("%s", material.remark);
    if (!tls->insecure)
        status = tls_trust_new(tls->ca_file != NULL ? buffer_text(&material.authorities) : NULL, &client->trust, error);
    tls_material_done(&material);
    if (status == SLUICE_OK)
        status = make_context(client, tls, address, error);
    if (status != SLUICE_OK)
        tls_client_done(client);
    return status;
}

void tls_client_done(struct tls_client *client)
{
    SSL_CTX_free(client->context);
    client->trust = tls_trust_free(client->trust);
    client->context = NULL;
}

/* The certificates that the server has sent, its own first. */
static BIO *write_chain(X509_STORE_CTX *check)
{
    BIO *chain = BIO_new(BIO_s_mem());
    X509 *own = X509_STORE_CTX_get0_cert(check);
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(check);
    if (chain == NULL || own == NULL)
        return chain;
    PEM_write_bio_X509(chain, own);
    for (int i = 0; i < sk_X509_num(sent); i++)
        if (sk_X509_value(sent, i) != own)
            PEM_write_bio_X509(chain, sk_X509_value(sent, i));
    return chain;
}

void tls_describe_refusal(const struct tls_client *client, X509_STORE_CTX *check, const char *host, char *text)
{
    BIO *chain = write_chain(check);
    snprintf(text, TLS_SENTENCE_MAX, "the gateway's certificate is not accepted: %s",
             X509_verify_cert_error_string(X509_STORE_CTX_get_error(check)));
    if (chain != NULL && BIO_write(chain, "", 1) == 1) {
        char *pem = NULL;
        BIO_get_mem_data(chain, &pem);
        char words[TLS_SENTENCE_MAX];
        if (client->trust != NULL && !tls_trust_check(client->trust, pem, host, words))
            snprintf(text, TLS_SENTENCE_MAX, "%s", words);
    }
    BIO_free(chain);
}
