/* wss://: whom the client trusts, what it shows, and what it says of a certificate that it does not accept. */
#include "tests/tls/certificates.h"
#include "tests/unit/client/websocket/kit.h"
#include "tests/unit/suite.h"

#include <openssl/ssl.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/sluice-websocket-tls-XXXXXX";
static struct peer *peer;
static sluice_client *client;
static sluice_error error;

static void make_certificates(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert(certificates_make(folder));
}

static void remove_certificates(void)
{
    char command[PATH_MAX];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

/* The path of a file in the folder, in one of eight places that take turns; NULL for NULL. */
static const char *in_folder(const char *name, const char *ending)
{
    static char paths[8][PATH_MAX];
    static int next;
    char *path = paths[next++ % 8];
    if (name == NULL)
        return NULL;
    snprintf(path, PATH_MAX, "%s/%s%s", folder, name, ending);
    return path;
}

static void start(const char *certificate, const char *client_ca, int max_version, peer_serve *serve, void *context)
{
    struct peer_tls tls = {.certificate_file = in_folder(certificate, ".pem"),
                           .key_file = in_folder(certificate, ".key"),
                           .ca_file = in_folder(client_ca, ".pem"),
                           .max_version = max_version};
    peer = peer_start(serve, context, &tls, 0);
}

static sluice_client_options options_of(const char *host, const char *ca)
{
    sluice_client_options options = websocket_options(peer_port(peer));
    options.host = host;
    options.tls = true;
    options.tls_ca_file = in_folder(ca, ".pem");
    return options;
}

static void end(void)
{
    sluice_client_free(client);
    peer_stop(peer);
}

static const struct row {
    const char *certificate, *ca, *host;
    const char *refused; /* a piece of the sentence; NULL: it is accepted */
} rows[] = {
    {"server", "ca", "localhost", NULL},
    {"server", "ca", "127.0.0.1", NULL},
    {"rsa", "ca", "localhost", NULL},
    {"chain", "ca", "localhost", NULL},
    {"server", "other-ca", "localhost", "which is not trusted"},
    {"server", NULL, "localhost", "which is not trusted"}, /* the system's authorities */
    {"short", "ca", "localhost", "\"In between\", which is not trusted"},
    {"other", "ca", "localhost", "\"Another authority\""},
    {"self", "ca", "localhost", "signed by itself"},
    {"expired", "ca", "localhost", "expired on "},
    {"future", "ca", "localhost", "is valid from "},
    {"name", "ca", "localhost", "is for elsewhere.example, not for localhost"},
    {"name", "ca", "127.0.0.1", "is for elsewhere.example, not for 127.0.0.1"},
    {"client-only", "ca", "localhost", "is not accepted"},
};

START_TEST(certificates)
{
    const struct row *row = &rows[_i];
    start(row->certificate, NULL, 0, peer_echo, NULL);
    sluice_client_options options = options_of(row->host, row->ca);
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error,
                     row->refused == NULL ? SLUICE_OK : SLUICE_UNAVAILABLE, row->refused);
    sluice_client_free(client);

    /* Whatever it is, the switch that is named for it takes it. */
    options.tls_ca_file = NULL;
    options.tls_insecure = true;
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_OK, "");
    end();
}
END_TEST

START_TEST(the_systems_authorities)
{
    setenv("SSL_CERT_FILE", in_folder("ca", ".pem"), 1);
    start("server", NULL, 0, peer_echo, NULL);
    sluice_client_options options = options_of("localhost", NULL);
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_OK, "");
    end();
}
END_TEST

/* With TLS 1.3 the server refuses after the client has begun, so there is no more than a connection that ends. */
START_TEST(client_certificates)
{
    static const char *const shown[] = {"client", NULL, "client-other", "client-expired"};
    start("server", "ca", _i < 4 ? 0 : TLS1_2_VERSION, peer_echo, NULL);
    sluice_client_options options = options_of("localhost", "ca");
    options.tls_certificate_file = in_folder(shown[_i % 4], ".pem");
    options.tls_key_file = in_folder(shown[_i % 4], ".key");
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, _i % 4 == 0 ? SLUICE_OK : SLUICE_UNAVAILABLE, "");
    end();
}
END_TEST

START_TEST(files_that_cannot_be_used)
{
    start("server", NULL, 0, peer_echo, NULL);
    sluice_client_options options = options_of("localhost", "no-such-file");
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.where, "no-such-file.pem"));
    options = options_of("localhost", "text");
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_INVALID);
    options = options_of("localhost", "ca");
    options.tls_certificate_file = in_folder("client", ".pem");
    options.tls_key_file = in_folder("server", ".key");
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_INVALID);
    ck_assert_msg(strstr(error.text, "does not belong to the certificate") != NULL, "%s", error.text);
    peer_stop(peer);
}
END_TEST

START_TEST(old_versions_are_refused)
{
    start("rsa", NULL, _i == 0 ? TLS1_1_VERSION : TLS1_2_VERSION, peer_echo, NULL);
    sluice_client_options options = options_of("localhost", "ca");
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, _i == 0 ? SLUICE_UNAVAILABLE : SLUICE_OK, "");
    end();
}
END_TEST

START_TEST(tls_to_a_plain_port_and_the_other_way_round)
{
    if (_i == 0)
        peer = peer_start(peer_echo, NULL, NULL, 0);
    else
        start("server", NULL, 0, peer_echo, NULL);
    sluice_client_options options = _i == 0 ? options_of("localhost", "ca") : websocket_options(peer_port(peer));
    options.connect_timeout_ms = 2000;
    client = websocket_client_of(&options);
    websocket_expect(websocket_post(client, NULL, &error), &error, SLUICE_UNAVAILABLE, "");
    end();
}
END_TEST

START_TEST(large_messages_both_ways)
{
    enum { SIZE = 3 << 20, COUNT = 8 };
    sluice_document_array *array = sluice_document_array_new();
    char *blob = malloc(SIZE);
    for (size_t i = 0; i < SIZE; i++)
        blob[i] = (char)(i * 7 + i / 256);
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(sluice_document_set_blob(sluice_document_array_append(array), blob, SIZE), SLUICE_OK);
    start("server", NULL, 0, peer_echo, NULL);
    sluice_client_options options = options_of("localhost", "ca");
    sluice_post_options post = sluice_post_options_default();
    sluice_results *results;
    post.request_size = 1;
    client = websocket_client_of(&options);
    sluice_status status = sluice_client_index(client, sluice_inputs_array(array), &post, &results, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        sluice_text back = sluice_document_blob(sluice_document_array_at(sluice_results_documents(results), i));
        ck_assert_uint_eq(back.size, SIZE);
        ck_assert(memcmp(back.data, blob, SIZE) == 0);
    }
    sluice_results_free(results);
    sluice_document_array_free(array);
    free(blob);
    end();
}
END_TEST

static void answer_questions(struct peer_connection *connection, void *context)
{
    struct peer_message message;
    (void)context;
    if (strncmp(peer_head(connection), "GET /status ", 12) == 0) {
        peer_write_text(connection, "HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n{\"jina\": {}, \"envs\": {}}");
        peer_drain(connection);
        return;
    }
    peer_upgrade(connection, NULL);
    if (peer_read(connection, &message))
        peer_message_done(&message);
    peer_frame(connection, PEER_FIN | PEER_BINARY, "", 0);
    peer_close(connection, 1000, "");
    peer_drain(connection);
}

START_TEST(the_other_questions)
{
    sluice_value *info;
    start("server", NULL, 0, answer_questions, NULL);
    sluice_client_options options = options_of("localhost", "ca");
    client = websocket_client_of(&options);
    websocket_expect(sluice_client_is_flow_ready(client, 30, &error), &error, SLUICE_OK, "");
    sluice_client_free(client);
    options = options_of("localhost", "other-ca");
    client = websocket_client_of(&options);
    websocket_expect(sluice_client_is_flow_ready(client, 30, &error), &error, SLUICE_UNAVAILABLE, "not trusted");
    websocket_expect(sluice_client_info(client, 30, &info, &error), &error, SLUICE_UNAVAILABLE, "not trusted");
    end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client.websocket.tls");
    TCase *test = tcase_create("all");
    tcase_add_unchecked_fixture(test, make_certificates, remove_certificates);
    tcase_set_timeout(test, SUITE_TIMEOUT_SECONDS);
    tcase_add_loop_test(test, certificates, 0, (int)(sizeof rows / sizeof *rows));
    tcase_add_test(test, the_systems_authorities);
    tcase_add_loop_test(test, client_certificates, 0, 8);
    tcase_add_test(test, files_that_cannot_be_used);
    tcase_add_loop_test(test, old_versions_are_refused, 0, 2);
    tcase_add_loop_test(test, tls_to_a_plain_port_and_the_other_way_round, 0, 2);
    tcase_add_test(test, large_messages_both_ways);
    tcase_add_test(test, the_other_questions);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
