#include "common/net/tls.h"

#include "common/foundation/file.h"
#include "common/net/tls_pem.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

static sluice_status read_pem(const char *path, struct buffer *text, sluice_error *error)
{
    buffer_init(text, TLS_FILE_MAX);
    if (path == NULL)
        return SLUICE_OK;
    sluice_status status = file_read_path(path, text, error);
    if (status != SLUICE_OK)
        return status;
    if (buffer_text(text) == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, path, "no memory to read it");
    return SLUICE_OK;
}

/* What a file holds that has no block of the wanted kind. */
static sluice_status no_block(const char *path, const struct buffer *text, const char *wanted, sluice_error *error)
{
    const char *pem = buffer_text(text);
    if (text->size == 0)
        return sluice_fail(error, SLUICE_INVALID, path, "the file is empty; it should hold %s in PEM", wanted);
    if (text->data[0] == 0x30)
        return sluice_fail(
            error, SLUICE_INVALID, path,
            "this is DER, not PEM; `openssl x509 -inform DER` and `openssl pkey -inform DER` convert it");
    if (strstr(pem, "PRIVATE KEY-----") != NULL)
        return sluice_fail(error, SLUICE_INVALID, path, "the file holds a private key; it should hold %s", wanted);
    if (strstr(pem, "-----BEGIN CERTIFICATE-----") != NULL)
        return sluice_fail(error, SLUICE_INVALID, path, "the file holds a certificate; it should hold %s", wanted);
    return sluice_fail(error, SLUICE_INVALID, path,
                       "this is not PEM; the file should hold %s between -----BEGIN … and "
                       "-----END … lines",
                       wanted);
}

static sluice_status parse_certificates(const char *path, const struct buffer *text, STACK_OF(X509) * *ret_certificates,
                                        sluice_error *error)
{
    STACK_OF(X509) *certificates = NULL;
    size_t broken = 0;
    if (!tls_pem_certificates(buffer_text(text), text->size, &certificates, &broken))
        return sluice_fail(error, SLUICE_NO_MEMORY, path, "no memory to read it");
    sluice_status status = SLUICE_OK;
    if (broken > 0)
        status = sluice_fail(error, SLUICE_INVALID, path, "certificate %zu in the file is damaged", broken);
    else if (sk_X509_num(certificates) == 0)
        status = no_block(path, text, "a certificate", error);
    if (status == SLUICE_OK)
        *ret_certificates = certificates;
    else
        sk_X509_pop_free(certificates, X509_free);
    return status;
}

/* ---- the key ---- */

/* Called when a key is encrypted: there is nobody to ask. */
static int no_passphrase(char *text, int size, int writing, void *asked)
{
    (void)text;
    (void)size;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

static sluice_status parse_key(const char *path, const struct buffer *text, EVP_PKEY **ret_key, sluice_error *error)
{
    BIO *source = BIO_new_mem_buf(text->data, (int)text->size);
    if (source == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, path, "no memory to read it");
    bool encrypted = false;
    EVP_PKEY *key = text->size > 0 ? PEM_read_bio_PrivateKey(source, NULL, no_passphrase, &encrypted) : NULL;
    BIO_free(source);
    ERR_clear_error();
    if (key != NULL) {
        *ret_key = key;
        return SLUICE_OK;
    }
    if (encrypted)
        return sluice_fail(error, SLUICE_INVALID, path,
                           "the key is encrypted and nobody can be asked for its passphrase; `openssl pkey -in %s -out "
                           "NEW` writes it without",
                           path);
    if (text->size > 0 && strstr(buffer_text(text), "PRIVATE KEY-----") != NULL)
        return sluice_fail(error, SLUICE_INVALID, path, "the private key in the file is damaged");
    return no_block(path, text, "a private key", error);
}

static sluice_status check_pair(const struct tls_files *files, const STACK_OF(X509) * certificates, EVP_PKEY *key,
                                sluice_error *error)
{
    for (int i = 0; i < sk_X509_num(certificates); i++) {
        bool fits = X509_check_private_key(sk_X509_value(certificates, i), key) == 1;
        ERR_clear_error();
        if (fits && i == 0)
            return SLUICE_OK;
        if (fits)
            return sluice_fail(
                error, SLUICE_INVALID, files->certificate,
                "the key %s is that of certificate %d in the file; the own certificate must be the first, "
                "those of its authorities follow",
                files->key, i + 1);
    }
    return sluice_fail(error, SLUICE_INVALID, files->key, "the key does not belong to the certificate in %s",
                       files->certificate);
}

static void remark_on(const char *path, const X509 *certificate, char *remark)
{
    char date[TLS_DATE_MAX];
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        tls_pem_date(X509_get0_notAfter(certificate), date);
        snprintf(remark, TLS_SENTENCE_MAX, "the certificate in %s expired on %s; nobody should accept it", path, date);
    } else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        tls_pem_date(X509_get0_notBefore(certificate), date);
        snprintf(remark, TLS_SENTENCE_MAX,
                 "the certificate in %s is valid from %s on only; nobody should accept it yet", path, date);
    }
}

static sluice_status check_own(const struct tls_files *files, struct tls_material *material, sluice_error *error)
{
    STACK_OF(X509) *certificates = NULL;
    EVP_PKEY *key = NULL;
    sluice_status status = parse_certificates(files->certificate, &material->certificate, &certificates, error);
    if (status == SLUICE_OK)
        status = parse_key(files->key, &material->key, &key, error);
    if (status == SLUICE_OK)
        status = check_pair(files, certificates, key, error);
    if (status == SLUICE_OK)
        remark_on(files->certificate, sk_X509_value(certificates, 0), material->remark);
    sk_X509_pop_free(certificates, X509_free);
    EVP_PKEY_free(key);
    return status;
}

static sluice_status check_authorities(const char *path, const struct buffer *text, sluice_error *error)
{
    STACK_OF(X509) *certificates = NULL;
    sluice_status status = parse_certificates(path, text, &certificates, error);
    sk_X509_pop_free(certificates, X509_free);
    return status;
}

sluice_status tls_load(const struct tls_files *files, struct tls_material *ret_material, sluice_error *error)
{
    struct tls_material material = {0};
    if ((files->certificate == NULL) != (files->key == NULL))
        return sluice_fail(error, SLUICE_INVALID, files->certificate != NULL ? files->certificate : files->key,
                           "a certificate and its key are needed, and one of them is not given");
    sluice_status status = read_pem(files->certificate, &material.certificate, error);
    if (status == SLUICE_OK)
        status = read_pem(files->key, &material.key, error);
    if (status == SLUICE_OK)
        status = read_pem(files->authorities, &material.authorities, error);
    if (status == SLUICE_OK && files->certificate != NULL)
        status = check_own(files, &material, error);
    if (status == SLUICE_OK && files->authorities != NULL)
        status = check_authorities(files->authorities, &material.authorities, error);
    if (status == SLUICE_OK)
        *ret_material = material;
    else
        tls_material_done(&material);
    return status;
}

void tls_material_done(struct tls_material *material)
{
    if (material->key.data != NULL)
        OPENSSL_cleanse(material->key.data, material->key.capacity);
    buffer_done(&material->certificate);
    buffer_done(&material->key);
    buffer_done(&material->authorities);
}
