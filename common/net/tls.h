/*
 * tls.h - certificates and keys from files, checked once in one place before any protocol's library gets them, and the
 * check of a server's certificate with a sentence that says what is wrong with it.
 *
 * Each of our protocols has a TLS library below it that says "handshake failed" about most mistakes. So the files are
 * read and looked at here (OpenSSL's libcrypto), and handed on as PEM texts. A target of its own, sluice_tls: only
 * modules that speak TLS link it. Any thread; a struct tls_trust may be used by several at once.
 */
#ifndef SLUICE_NET_TLS_H
#define SLUICE_NET_TLS_H

#include "common/foundation/buffer.h"

#include <stdbool.h>

#define TLS_FILE_MAX                                                                                                   \
    ((size_t)4 << 20) /* bytes of one file; the system's bundle of authorities has a quarter of a MiB */

enum { TLS_SENTENCE_MAX = 400 }; /* bytes of a sentence below, its NUL included */

/* Paths of PEM files; NULL: none. `certificate` and `key` come together. */
struct tls_files {
    const char *certificate; /* the own certificate first, then the chain to its authority */
    const char *key;         /* of the own certificate, not encrypted */
    const char *authorities; /* one or more, to trust */
};

/* Their contents, each with a NUL behind (buffer_text()); empty: there was no file. */
struct tls_material {
    struct buffer certificate, key, authorities;
    char remark[TLS_SENTENCE_MAX]; /* to be logged as a warning: the certificate has expired or is not valid yet; or ""
                                    */
};

/*
 * Read and check: each file holds what it should, every certificate in it can be read, the key is that of the first
 * certificate. SLUICE_OK: tls_material_done() is due. Otherwise (SLUICE_NOT_FOUND, SLUICE_SYSTEM, SLUICE_TOO_LARGE,
 * SLUICE_INVALID, SLUICE_NO_MEMORY) the error names the file and the remedy.
 */
sluice_status tls_load(const struct tls_files *files, struct tls_material *ret_material, sluice_error *error);

/* Wipes the key. A zeroed struct is fine. */
void tls_material_done(struct tls_material *material);

/* ---- whom a client trusts ---- */

struct tls_trust;

/* `authorities` as tls_load() gave them; NULL: those of the system (SSL_CERT_FILE and SSL_CERT_DIR are obeyed). */
sluice_status tls_trust_new(const char *authorities, struct tls_trust **ret_trust, sluice_error *error);
struct tls_trust *tls_trust_free(struct tls_trust *trust); /* NULL is fine; returns NULL */

/*
 * Is `chain` (PEM, the server's certificate first) what a server of the name or address `host` may show? Otherwise
 * `why` says why not: expired, of an authority that is not trusted, for other names, … `why` has TLS_SENTENCE_MAX
 * bytes.
 */
bool tls_trust_check(const struct tls_trust *trust, const char *chain, const char *host, char *why);

#endif
