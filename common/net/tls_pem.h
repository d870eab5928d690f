/* tls_pem.h - what tls.c and tls_trust.c share: certificates out of PEM text. Internal. Any thread. */
#ifndef SLUICE_NET_TLS_PEM_H
#define SLUICE_NET_TLS_PEM_H

#include <openssl/x509.h>

#include <stdbool.h>
#include <stddef.h>

enum { TLS_DATE_MAX = 64 };

/*
 * All certificates in the text (sk_X509_pop_free()); other blocks are passed over. *ret_broken is the number, from 1,
 * of the first that cannot be read, 0: none. False: no memory.
 */
bool tls_pem_certificates(const char *text, size_t size, STACK_OF(X509) * *ret_certificates, size_t *ret_broken);

/* "Nov 28 09:21:43 2026 GMT"; `text` has TLS_DATE_MAX bytes. */
void tls_pem_date(const ASN1_TIME *time, char *text);

#endif
