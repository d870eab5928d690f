#include "common/net/tls_pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <limits.h>
#include <stdio.h>

bool tls_pem_certificates(const char *text, size_t size, STACK_OF(X509) * *ret_certificates, size_t *ret_broken)
{
    BIO *source = size <= INT_MAX ? BIO_new_mem_buf(text, (int)size) : NULL;
    STACK_OF(X509) *certificates = sk_X509_new_null();
    bool good = source != NULL && certificates != NULL;
    X509 *certificate;
    ERR_clear_error();
    while (good && (certificate = PEM_read_bio_X509(source, NULL, NULL, NULL)) != NULL) {
        good = sk_X509_push(certificates, certificate) > 0;
        if (!good)
            X509_free(certificate);
    }
    /* The last read fails in any case: at the end of the text, or at a certificate that is none. */
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    *ret_broken = good && !at_end ? (size_t)sk_X509_num(certificates) + 1 : 0;
    ERR_clear_error();
    BIO_free(source);
    if (good)
        *ret_certificates = certificates;
    else
        sk_X509_pop_free(certificates, X509_free);
    return good;
}

void tls_pem_date(const ASN1_TIME *time, char *text)
{
    BIO *target = BIO_new(BIO_s_mem());
    int size = target != NULL && ASN1_TIME_print(target, time) == 1 ? BIO_read(target, text, TLS_DATE_MAX - 1) : 0;
    text[size > 0 ? size : 0] = '\0';
    BIO_free(target);
}
