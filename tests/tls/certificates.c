#include "tests/tls/certificates.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DAY = 24 * 60 * 60, RSA_BITS = 2048 };

#define LOCAL_NAMES "DNS:localhost,IP:127.0.0.1,IP:::1"

struct identity {
    X509 *certificate;
    EVP_PKEY *key;
};

static const char *folder;
static bool failed;

static void complain(const char *what)
{
    if (!failed) {
        fprintf(stderr, "certificates: %s\n", what);
        ERR_print_errors_fp(stderr);
    }
    failed = true;
}

static void require(bool good, const char *what)
{
    if (!good)
        complain(what);
}

/* ---- making ---- */

static void extend(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    require(extension != NULL && X509_add_ext(certificate, extension, -1) == 1, value);
    X509_EXTENSION_free(extension);
}

/* What a certificate says. */
struct wanted {
    const char *name, *names; /* subject; NULL: no alternative names */
    const char *purpose;      /* of the extended key usage; NULL: none */
    long from_days, to_days;  /* from now */
    bool authority, rsa;
    const struct identity *issuer; /* NULL: itself */
};

static struct identity make(struct wanted wanted)
{
    static long serial = 1;
    struct identity identity = {.certificate = X509_new(),
                                .key = wanted.rsa ? EVP_RSA_gen(RSA_BITS) : EVP_EC_gen("P-256")};
    X509 *certificate = identity.certificate;
    const struct identity *issuer = wanted.issuer != NULL ? wanted.issuer : &identity;
    if (certificate == NULL || identity.key == NULL) {
        complain("no key");
        return identity;
    }
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), wanted.from_days * DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), wanted.to_days * DAY);
    X509_set_pubkey(certificate, identity.key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               (const unsigned char *)wanted.name, -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate));
    extend(certificate, issuer->certificate, NID_basic_constraints, wanted.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (wanted.authority)
        extend(certificate, issuer->certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    if (wanted.names != NULL)
        extend(certificate, issuer->certificate, NID_subject_alt_name, wanted.names);
    if (wanted.purpose != NULL)
        extend(certificate, issuer->certificate, NID_ext_key_usage, wanted.purpose);
    extend(certificate, issuer->certificate, NID_subject_key_identifier, "hash");
    require(X509_sign(certificate, issuer->key, EVP_sha256()) > 0, "signing");
    return identity;
}

static void drop(struct identity *identity)
{
    X509_free(identity->certificate);
    EVP_PKEY_free(identity->key);
}

/* ---- writing ---- */

static FILE *open_file(const char *name)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    require(file != NULL, path);
    return file;
}

static void close_file(FILE *file)
{
    require(file != NULL && fclose(file) == 0, "writing");
}

static void write_certificates(const char *name, X509 *first, X509 *second)
{
    FILE *file = open_file(name);
    require(file != NULL && PEM_write_X509(file, first) == 1 && (second == NULL || PEM_write_X509(file, second) == 1),
            name);
    close_file(file);
}

static void write_key(const char *name, EVP_PKEY *key, const char *passphrase)
{
    FILE *file = open_file(name);
    int size = passphrase != NULL ? (int)strlen(passphrase) : 0;
    require(file != NULL && PEM_write_PrivateKey(file, key, passphrase != NULL ? EVP_aes_128_cbc() : NULL,
                                                 (const unsigned char *)passphrase, size, NULL, NULL) == 1,
            name);
    close_file(file);
}

static void write_text(const char *name, const char *text)
{
    FILE *file = open_file(name);
    require(file != NULL && fputs(text, file) >= 0, name);
    close_file(file);
}

static void write_der(const char *name, X509 *certificate)
{
    FILE *file = open_file(name);
    require(file != NULL && i2d_X509_fp(file, certificate) == 1, name);
    close_file(file);
}

/* NAME.pem and NAME.key */
static void write_identity(const char *name, const struct identity *identity)
{
    char file[100];
    snprintf(file, sizeof file, "%s.pem", name);
    write_certificates(file, identity->certificate, NULL);
    snprintf(file, sizeof file, "%s.key", name);
    write_key(file, identity->key, NULL);
}

static void make_leaf(const char *file, struct wanted wanted)
{
    struct identity identity = make(wanted);
    write_identity(file, &identity);
    drop(&identity);
}

static void make_servers(const struct identity *ca, const struct identity *other_ca)
{
    const char *purpose = "serverAuth";
    make_leaf("rsa", (struct wanted){"localhost", LOCAL_NAMES, purpose, -1, 30, false, true, ca});
    make_leaf("expired", (struct wanted){"localhost", LOCAL_NAMES, purpose, -30, -1, false, false, ca});
    make_leaf("future", (struct wanted){"localhost", LOCAL_NAMES, purpose, 1, 30, false, false, ca});
    make_leaf("name", (struct wanted){"elsewhere", "DNS:elsewhere.example", purpose, -1, 30, false, false, ca});
    make_leaf("self", (struct wanted){"localhost", LOCAL_NAMES, purpose, -1, 30, false, false, NULL});
    make_leaf("other", (struct wanted){"localhost", LOCAL_NAMES, purpose, -1, 30, false, false, other_ca});
    make_leaf("client-only", (struct wanted){"localhost", LOCAL_NAMES, "clientAuth", -1, 30, false, false, ca});
    struct identity server = make((struct wanted){"localhost", LOCAL_NAMES, purpose, -1, 30, false, false, ca});
    write_identity("server", &server);
    write_key("locked.key", server.key, "secret");
    write_der("der.pem", server.certificate);
    drop(&server);
}

static void make_chain(const struct identity *ca)
{
    struct identity between = make((struct wanted){"In between", NULL, NULL, -1, 30, true, false, ca});
    struct identity server =
        make((struct wanted){"localhost", LOCAL_NAMES, "serverAuth", -1, 30, false, false, &between});
    write_certificates("chain.pem", server.certificate, between.certificate);
    write_certificates("turned.pem", between.certificate, server.certificate);
    write_key("chain.key", server.key, NULL);
    write_identity("short", &server);
    drop(&server);
    drop(&between);
}

bool certificates_make(const char *target)
{
    folder = target;
    failed = false;
    struct identity ca = make((struct wanted){"Sluice test authority", NULL, NULL, -1, 30, true, false, NULL});
    struct identity other_ca = make((struct wanted){"Another authority", NULL, NULL, -1, 30, true, false, NULL});
    write_certificates("ca.pem", ca.certificate, NULL);
    write_certificates("other-ca.pem", other_ca.certificate, NULL);
    make_servers(&ca, &other_ca);
    make_chain(&ca);
    make_leaf("client", (struct wanted){"A client", NULL, "clientAuth", -1, 30, false, false, &ca});
    make_leaf("client-other", (struct wanted){"A client", NULL, "clientAuth", -1, 30, false, false, &other_ca});
    make_leaf("client-expired", (struct wanted){"A client", NULL, "clientAuth", -30, -1, false, false, &ca});
    write_text("empty.pem", "");
    write_text("text.pem", "not a certificate\n");
    write_text("damaged.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    write_text("damaged.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    drop(&ca);
    drop(&other_ca);
    return !failed;
}
