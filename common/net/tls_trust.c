#include "common/net/tls.h"

#include "common/net/tls_pem.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls_trust {
    X509_STORE *store;
};

static sluice_status add_authorities(X509_STORE *store, const char *text, sluice_error *error)
{
    STACK_OF(X509) *authorities = NULL;
    size_t broken;
    if (!tls_pem_certificates(text, strlen(text), &authorities, &broken))
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the authorities to trust");
    bool good = true;
    for (int i = 0; i < sk_X509_num(authorities) && good; i++)
        good = X509_STORE_add_cert(store, sk_X509_value(authorities, i)) == 1;
    sk_X509_pop_free(authorities, X509_free);
    return good ? SLUICE_OK : sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the authorities to trust");
}

sluice_status tls_trust_new(const char *authorities, struct tls_trust **ret_trust, sluice_error *error)
{
    struct tls_trust *trust = calloc(1, sizeof *trust);
    if (trust != NULL)
        trust->store = X509_STORE_new();
    if (trust == NULL || trust->store == NULL) {
        free(trust);
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the authorities to trust");
    }
    sluice_status status = SLUICE_OK;
    if (authorities != NULL)
        status = add_authorities(trust->store, authorities, error);
    else if (X509_STORE_set_default_paths(trust->store) != 1)
        status =
            sluice_fail(error, SLUICE_SYSTEM, NULL,
                        "the system's authorities cannot be read (package ca-certificates); name a file of your own");
    /* A certificate in the file is trusted even when it is not at the top of its chain. */
    X509_STORE_set_flags(trust->store, X509_V_FLAG_PARTIAL_CHAIN);
    ERR_clear_error();
    if (status == SLUICE_OK)
        *ret_trust = trust;
    else
        tls_trust_free(trust);
    return status;
}

struct tls_trust *tls_trust_free(struct tls_trust *trust)
{
    if (trust == NULL)
        return NULL;
    X509_STORE_free(trust->store);
    free(trust);
    return NULL;
}

/* ---- what is wrong ---- */

/* The names that a certificate is for: "a.example, 10.0.0.1". */
static void names_of(X509 *certificate, char *text, size_t capacity)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    struct buffer out;
    buffer_init(&out, capacity - 1);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const char *separator = out.size > 0 ? ", " : "";
        if (name->type == GEN_DNS)
            buffer_printf(&out, "%s%.*s", separator, ASN1_STRING_length(name->d.dNSName),
                          (const char *)ASN1_STRING_get0_data(name->d.dNSName));
        else if (name->type == GEN_IPADD && ASN1_STRING_length(name->d.iPAddress) == 4) {
            const unsigned char *ip = ASN1_STRING_get0_data(name->d.iPAddress);
            buffer_printf(&out, "%s%u.%u.%u.%u", separator, ip[0], ip[1], ip[2], ip[3]);
        } else if (name->type == GEN_IPADD)
            buffer_printf(&out, "%san IPv6 address", separator);
    }
    snprintf(text, capacity, "%s", out.size > 0 ? buffer_text(&out) : "no name at all");
    buffer_done(&out);
    GENERAL_NAMES_free(names);
}

static void name_text(const X509_NAME *name, char *text, size_t capacity)
{
    char whole[200];
    int size = X509_NAME_get_text_by_NID((X509_NAME *)name, NID_commonName, whole, sizeof whole);
    snprintf(text, capacity, "%s", size > 0 ? whole : "of no name");
    for (char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20)
            *at = '?';
}

static void explain(int code, X509 *certificate, const char *host, char *why)
{
    char text[200];
    switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        tls_pem_date(X509_get0_notAfter(certificate), text);
        snprintf(why, TLS_SENTENCE_MAX, "the server's certificate expired on %s", text);
        break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        tls_pem_date(X509_get0_notBefore(certificate), text);
        snprintf(why, TLS_SENTENCE_MAX, "the server's certificate is valid from %s on only", text);
        break;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        names_of(certificate, text, sizeof text);
        snprintf(why, TLS_SENTENCE_MAX, "the server's certificate is for %s, not for %s", text, host);
        break;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        snprintf(why, TLS_SENTENCE_MAX, "the server's certificate is signed by itself and not among the trusted ones");
        break;
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        name_text(X509_get_issuer_name(certificate), text, sizeof text);
        snprintf(
            why, TLS_SENTENCE_MAX,
            "the server's certificate is of the authority \"%s\", which is not trusted, or the server does not show "
            "the certificates in between",
            text);
        break;
    default:
        snprintf(why, TLS_SENTENCE_MAX, "the server's certificate is not accepted: %s",
                 X509_verify_cert_error_string(code));
    }
}

static bool is_number(const char *host)
{
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(host);
    ERR_clear_error();
    ASN1_OCTET_STRING_free(ip);
    return ip != NULL;
}

static bool verify(X509_STORE_CTX *context, const char *host, char *why)
{
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool named = is_number(host) ? X509_VERIFY_PARAM_set1_ip_asc(rules, host) == 1
                                 : X509_VERIFY_PARAM_set1_host(rules, host, 0) == 1;
    if (!named || X509_STORE_CTX_set_default(context, "ssl_server") != 1) {
        snprintf(why, TLS_SENTENCE_MAX, "the name %s cannot be checked", host);
        return false;
    }
    if (X509_verify_cert(context) == 1)
        return true;
    X509 *certificate = X509_STORE_CTX_get_current_cert(context);
    explain(X509_STORE_CTX_get_error(context), certificate != NULL ? certificate : X509_STORE_CTX_get0_cert(context),
            host, why);
    return false;
}

bool tls_trust_check(const struct tls_trust *trust, const char *chain, const char *host, char *why)
{
    STACK_OF(X509) *certificates = NULL;
    size_t broken = 0;
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    snprintf(why, TLS_SENTENCE_MAX, "the server's certificate cannot be read");
    bool good = context != NULL && tls_pem_certificates(chain, strlen(chain), &certificates, &broken) && broken == 0 &&
                sk_X509_num(certificates) > 0 &&
                X509_STORE_CTX_init(context, trust->store, sk_X509_value(certificates, 0), certificates) == 1 &&
                verify(context, host, why);
    X509_STORE_CTX_free(context);
    sk_X509_pop_free(certificates, X509_free);
    ERR_clear_error();
    return good;
}
