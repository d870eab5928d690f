/* Good and bad certificates: what is said of the files, and of what a server shows. */
#include "common/net/tls.h"
#include "common/foundation/file.h"
#include "tests/tls/certificates.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[] = "/tmp/sluice-tls-XXXXXX";

static const char *in_folder(const char *name)
{
    static char paths[4][PATH_MAX];
    static unsigned next;
    if (name == NULL)
        return NULL;
    char *path = paths[next++ % 4];
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

static struct tls_files files_of(const char *certificate, const char *key, const char *authorities)
{
    return (struct tls_files){in_folder(certificate), in_folder(key), in_folder(authorities)};
}

START_TEST(good_files_are_read)
{
    static const char *const names[][3] = {
        {"server.pem", "server.key", NULL    },
        {"rsa.pem",    "rsa.key",    "ca.pem"},
        {"chain.pem",  "chain.key",  NULL    },
        {NULL,         NULL,         "ca.pem"},
        {NULL,         NULL,         NULL    },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct tls_files files = files_of(names[i][0], names[i][1], names[i][2]);
        struct tls_material material;
        sluice_error error;
        ck_assert_msg(tls_load(&files, &material, &error) == SLUICE_OK, "%s: %s", error.where, error.text);
        ck_assert_str_eq(material.remark, "");
        ck_assert_int_eq(material.certificate.size > 0, names[i][0] != NULL);
        ck_assert_int_eq(material.key.size > 0, names[i][1] != NULL);
        ck_assert_int_eq(material.authorities.size > 0, names[i][2] != NULL);
        if (names[i][0] != NULL)
            ck_assert_ptr_nonnull(strstr(buffer_text(&material.certificate), "-----BEGIN CERTIFICATE-----"));
        tls_material_done(&material);
    }
}
END_TEST

START_TEST(bad_files_are_told)
{
    static const struct {
        const char *certificate, *key, *authorities, *where, *text;
    } rows[] = {
        {"none.pem",    "server.key",  NULL,        "none.pem",    "No such file"                                     },
        {"server.pem",  "none.key",    NULL,        "none.key",    "No such file"                                     },
        {"server.pem",  "server.key",  "none.pem",  "none.pem",    "No such file"                                     },
        {"server.pem",  NULL,          NULL,        "server.pem",  "a certificate and its key are needed"             },
        {NULL,          "server.key",  NULL,        "server.key",  "a certificate and its key are needed"             },
        {"empty.pem",   "server.key",  NULL,        "empty.pem",   "the file is empty"                                },
        {"text.pem",    "server.key",  NULL,        "text.pem",    "this is not PEM"                                  },
        {"der.pem",     "server.key",  NULL,        "der.pem",     "this is DER, not PEM"                             },
        {"damaged.pem", "server.key",  NULL,        "damaged.pem", "certificate 1 in the file is damaged"             },
        {"server.key",  "server.key",  NULL,        "server.key",  "holds a private key; it should hold a certificate"},
        {"server.pem",  "server.pem",  NULL,        "server.pem",  "holds a certificate; it should hold a private key"},
        {"server.pem",  "empty.pem",   NULL,        "empty.pem",   "the file is empty"                                },
        {"server.pem",  "damaged.key", NULL,        "damaged.key", "the private key in the file is damaged"           },
        {"server.pem",  "locked.key",  NULL,        "locked.key",  "the key is encrypted"                             },
        {"server.pem",  "rsa.key",     NULL,        "rsa.key",     "the key does not belong to the certificate in"    },
        {"server.pem",  "other.key",   NULL,        "other.key",   "the key does not belong to the certificate in"    },
        {"turned.pem",  "chain.key",   NULL,        "turned.pem",  "is that of certificate 2 in the file"             },
        {"server.pem",  "server.key",  "text.pem",  "text.pem",    "this is not PEM"                                  },
        {NULL,          NULL,          "empty.pem", "empty.pem",   "the file is empty"                                },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tls_files files = files_of(rows[i].certificate, rows[i].key, rows[i].authorities);
        struct tls_material material;
        sluice_error error;
        ck_assert_int_ne(tls_load(&files, &material, &error), SLUICE_OK);
        ck_assert_msg(strstr(error.where, rows[i].where) != NULL, "row %zu: %s", i, error.where);
        ck_assert_msg(strstr(error.text, rows[i].text) != NULL, "row %zu: %s", i, error.text);
    }
}
END_TEST

START_TEST(a_file_has_a_limit)
{
    FILE *file = fopen(in_folder("large.pem"), "w");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i <= TLS_FILE_MAX / 64; i++)
        ck_assert_int_ge(fprintf(file, "%063d\n", 0), 0);
    ck_assert_int_eq(fclose(file), 0);
    struct tls_files files = files_of(NULL, NULL, "large.pem");
    struct tls_material material;
    sluice_error error;
    ck_assert_int_eq(tls_load(&files, &material, &error), SLUICE_TOO_LARGE);
}
END_TEST

START_TEST(dates_are_remarked_on)
{
    struct tls_files expired = files_of("expired.pem", "expired.key", NULL),
                     future = files_of("future.pem", "future.key", NULL);
    struct tls_material material;
    ck_assert_int_eq(tls_load(&expired, &material, NULL), SLUICE_OK);
    ck_assert_msg(strstr(material.remark, "expired.pem expired on ") != NULL, "%s", material.remark);
    tls_material_done(&material);
    ck_assert_int_eq(tls_load(&future, &material, NULL), SLUICE_OK);
    ck_assert_msg(strstr(material.remark, "future.pem is valid from ") != NULL, "%s", material.remark);
    tls_material_done(&material);
}
END_TEST

/* ---- what a server shows ---- */

static char *text_of(const char *name)
{
    struct buffer text;
    buffer_init(&text, TLS_FILE_MAX);
    ck_assert_int_eq(file_read_path(in_folder(name), &text, NULL), SLUICE_OK);
    buffer_append_byte(&text, '\0');
    size_t size;
    return (char *)buffer_take(&text, &size);
}

static void check_shown(const char *authorities, const char *shown, const char *host, const char *reason)
{
    char *trusted = text_of(authorities), *chain = text_of(shown);
    struct tls_trust *trust;
    char why[TLS_SENTENCE_MAX];
    ck_assert_int_eq(tls_trust_new(trusted, &trust, NULL), SLUICE_OK);
    bool good = tls_trust_check(trust, chain, host, why);
    ck_assert_msg(good == (reason == NULL), "%s for %s: %s", shown, host, why);
    if (reason != NULL)
        ck_assert_msg(strstr(why, reason) != NULL, "%s for %s: %s", shown, host, why);
    tls_trust_free(trust);
    free(trusted);
    free(chain);
}

START_TEST(what_a_server_shows_is_checked)
{
    static const struct {
        const char *authorities, *shown, *host, *reason;
    } rows[] = {
        {"ca.pem",       "server.pem",      "localhost",         NULL                                                             },
        {"ca.pem",       "server.pem",      "LOCALHOST",         NULL                                                             },
        {"ca.pem",       "server.pem",      "127.0.0.1",         NULL                                                             },
        {"ca.pem",       "server.pem",      "::1",               NULL                                                             },
        {"ca.pem",       "rsa.pem",         "localhost",         NULL                                                             },
        {"ca.pem",       "chain.pem",       "localhost",         NULL                                                             },
        {"self.pem",     "self.pem",        "localhost",         NULL                                                             },
        {"server.pem",   "server.pem",      "localhost",         NULL                                                             },
        {"ca.pem",       "name.pem",        "elsewhere.example", NULL                                                             },
        {"ca.pem",       "short.pem",       "localhost",         "of the authority \"In between\", which is not trusted"          },
        {"ca.pem",       "other.pem",       "localhost",         "of the authority \"Another authority\""                         },
        {"other-ca.pem", "server.pem",      "localhost",         "of the authority \"Sluice test authority\""                     },
        {"ca.pem",       "self.pem",        "localhost",         "signed by itself"                                               },
        {"ca.pem",       "expired.pem",     "localhost",         "expired on "                                                    },
        {"ca.pem",       "future.pem",      "localhost",         "is valid from "                                                 },
        {"ca.pem",       "name.pem",        "localhost",         "is for elsewhere.example, not for localhost"                    },
        {"ca.pem",       "server.pem",      "127.0.0.2",         "is for localhost, 127.0.0.1, an IPv6 address, not for 127.0.0.2"},
        {"ca.pem",       "server.pem",      "sub.localhost",     "not for sub.localhost"                                          },
        {"ca.pem",       "client-only.pem", "localhost",         "is not accepted: "                                              },
        {"ca.pem",       "client.pem",      "localhost",         "is not accepted: unsuitable"                                    },
        {"ca.pem",       "text.pem",        "localhost",         "cannot be read"                                                 },
        {"ca.pem",       "damaged.pem",     "localhost",         "cannot be read"                                                 },
        {"ca.pem",       "empty.pem",       "localhost",         "cannot be read"                                                 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_shown(rows[i].authorities, rows[i].shown, rows[i].host, rows[i].reason);
}
END_TEST

START_TEST(the_systems_authorities_do_not_know_ours)
{
    char *chain = text_of("server.pem");
    char why[TLS_SENTENCE_MAX];
    struct tls_trust *trust;
    ck_assert_int_eq(tls_trust_new(NULL, &trust, NULL), SLUICE_OK);
    ck_assert(!tls_trust_check(trust, chain, "localhost", why));
    ck_assert_msg(strstr(why, "is not trusted") != NULL, "%s", why);
    tls_trust_free(trust);
    free(chain);
}
END_TEST

static int remove_folder(int result)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) == 0 ? result : 1;
}

int main(void)
{
    if (mkdtemp(folder) == NULL || !certificates_make(folder))
        return 1;
    Suite *suite = suite_create("tls");
    TCase *cases = tcase_create("tls");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, good_files_are_read);
    tcase_add_test(cases, bad_files_are_told);
    tcase_add_test(cases, a_file_has_a_limit);
    tcase_add_test(cases, dates_are_remarked_on);
    tcase_add_test(cases, what_a_server_shows_is_checked);
    tcase_add_test(cases, the_systems_authorities_do_not_know_ours);
    suite_add_tcase(suite, cases);
    return remove_folder(suite_run(suite));
}
