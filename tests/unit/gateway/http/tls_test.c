/* tls_test.c - HTTPS: versions, certificates of clients, broken files, refusals in the middle of a body. */
#include "common/foundation/text.h"
#include "tests/tls/certificates.h"
#include "tests/unit/gateway/http/fixture.h"
#include "tests/unit/suite.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>

static struct fixture fixture;
static char folder[] = "/tmp/sluice-http-tls-XXXXXX";

static const char *file(const char *name)
{
    static char paths[8][200];
    static unsigned next;
    char *path = paths[next++ % 8];
    if (name == NULL)
        return NULL;
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void setup(void)
{
    fixture_prepare(&fixture);
    fixture.flow.gateway.tls = (struct flow_tls){.certfile = file("server.pem"), .keyfile = file("server.key")};
}

static void teardown(void)
{
    fixture_done(&fixture);
}

struct tls_client {
    SSL_CTX *context;
    SSL *ssl;
    int fd;
    bool connected;
};

/* `certificate` NULL: none is shown. `version` 0: any. */
static struct tls_client tls_open(const char *certificate, const char *key, int version)
{
    struct tls_client client = {.context = SSL_CTX_new(TLS_client_method()), .fd = client_open(fixture.port)};
    ck_assert_int_eq(SSL_CTX_load_verify_locations(client.context, file("ca.pem"), NULL), 1);
    SSL_CTX_set_verify(client.context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_security_level(client.context, 0); /* else OpenSSL itself refuses to try TLS 1.1 */
    if (version != 0) {
        SSL_CTX_set_min_proto_version(client.context, version);
        SSL_CTX_set_max_proto_version(client.context, version);
    }
    if (certificate != NULL) {
        ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(client.context, file(certificate)), 1);
        ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(client.context, file(key), SSL_FILETYPE_PEM), 1);
    }
    client.ssl = SSL_new(client.context);
    SSL_set1_host(client.ssl, "localhost");
    SSL_set_fd(client.ssl, client.fd);
    client.connected = SSL_connect(client.ssl) == 1;
    return client;
}

static void tls_close(struct tls_client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->context);
    close(client->fd);
    ERR_clear_error();
}

/* The status of the answer; 0: none came. In TLS 1.3 a client learns only here that its certificate is refused. */
static int tls_ask(struct tls_client *client, const char *request)
{
    char answer[16384];
    size_t size = 0;
    int status = 0, got;

    if (SSL_write(client->ssl, request, (int)strlen(request)) <= 0)
        return 0;
    while (size < sizeof answer - 1 &&
           (got = SSL_read(client->ssl, answer + size, (int)(sizeof answer - 1 - size))) > 0) {
        size += (size_t)got;
        answer[size] = '\0';
        const char *head = strstr(answer, "\r\n\r\n"), *length = strstr(answer, "Content-Length: ");
        if (head == NULL || length == NULL || sscanf(answer, "HTTP/1.1 %d", &status) != 1)
            continue;
        if (size >= (size_t)(head + 4 - answer) + strtoull(length + strlen("Content-Length: "), NULL, 10))
            return status;
    }
    return 0;
}

#define GET_ROOT "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

static int ask_with(const char *certificate, const char *key, int version)
{
    struct tls_client client = tls_open(certificate, key, version);
    int status = client.connected ? tls_ask(&client, GET_ROOT) : 0;
    tls_close(&client);
    return status;
}

START_TEST(test_versions)
{
    fixture_start(&fixture);
    ck_assert_int_eq(ask_with(NULL, NULL, TLS1_2_VERSION), 200);
    ck_assert_int_eq(ask_with(NULL, NULL, TLS1_3_VERSION), 200);
    ck_assert_int_eq(ask_with(NULL, NULL, TLS1_1_VERSION), 0);
    ck_assert_int_eq(ask_with(NULL, NULL, TLS1_VERSION), 0);
    ck_assert_int_eq(ask_with("client.pem", "client.key", 0), 200); /* not asked for, and not minded */
}
END_TEST

START_TEST(test_chain_and_rsa)
{
    static const char *const names[] = {"chain", "rsa"};
    for (int i = 0; i < 2; i++) {
        char certificate[32], key[32];
        snprintf(certificate, sizeof certificate, "%s.pem", names[i]);
        snprintf(key, sizeof key, "%s.key", names[i]);
        fixture.flow.gateway.tls = (struct flow_tls){.certfile = file(certificate), .keyfile = file(key)};
        fixture_start(&fixture);
        ck_assert_msg(ask_with(NULL, NULL, 0) == 200, "%s", names[i]);
        if (i == 0) {
            http_front_free(fixture.front);
            fixture.front = NULL;
        }
    }
}
END_TEST

START_TEST(test_client_certificates)
{
    fixture.flow.gateway.tls.ca_certs = file("ca.pem");
    fixture_start(&fixture);
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(ask_with("client.pem", "client.key", versions[i]), 200);
        ck_assert_int_eq(ask_with(NULL, NULL, versions[i]), 0);
        ck_assert_int_eq(ask_with("client-other.pem", "client-other.key", versions[i]), 0);
        ck_assert_int_eq(ask_with("client-expired.pem", "client-expired.key", versions[i]), 0);
    }
}
END_TEST

START_TEST(test_requests)
{
    fixture_start(&fixture);
    struct tls_client client = tls_open(NULL, NULL, 0);
    ck_assert(client.connected);
    static const char post[] =
        "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 26\r\n\r\n{\"execEndpoint\":\"later\"}  ";
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(tls_ask(&client, post), 200);
    tls_close(&client);
    client = tls_open(NULL, NULL, 0);
    ck_assert(client.connected);
    ck_assert_int_eq(tls_ask(&client, "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"), 413);
    tls_close(&client);
    client = tls_open(NULL, NULL, 0);
    static const char never[] =
        "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 24\r\n\r\n{\"execEndpoint\":\"never\"}";
    ck_assert_int_gt(SSL_write(client.ssl, never, sizeof never - 1), 0);
    fake_wait_submitted(fixture.router, 21);
    tls_close(&client);
    fake_wait_live(fixture.router, 0);
}
END_TEST

static const char half_a_greeting[] = "\x16\x03\x01\x02\x00\x01";

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * FIXTURE_SECOND + (uint64_t)time.tv_nsec;
}

/* libmicrohttpd by itself would ask it again and again. */
START_TEST(test_half_a_handshake_keeps_no_processor_busy)
{
    fixture.flow.gateway.http.head_timeout_ns = 2 * FIXTURE_SECOND;
    fixture_start(&fixture);
    int half[4];
    for (int i = 0; i < 4; i++) {
        half[i] = client_open(fixture.port);
        client_send(half[i], half_a_greeting, sizeof half_a_greeting - 1);
    }
    uint64_t began_ns = clock_ns(CLOCK_MONOTONIC), used_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < 4; i++) {
        ck_assert(client_sees_end(half[i]));
        close(half[i]);
    }
    uint64_t took_ns = clock_ns(CLOCK_MONOTONIC) - began_ns;
    ck_assert_uint_gt(took_ns, FIXTURE_SECOND);
    ck_assert_uint_lt(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - used_ns, took_ns / 4);
}
END_TEST

START_TEST(test_a_handshake_goes_on_byte_by_byte_and_beside_others)
{
    fixture_start(&fixture);
    BIO *front, *client;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(context);
    int fd = client_open(fixture.port);
    ck_assert_int_eq(BIO_new_bio_pair(&client, 0, &front, 0), 1);
    SSL_set_bio(ssl, client, client);
    while (SSL_connect(ssl) != 1) {
        char byte;
        if (BIO_pending(front) > 0)
            while (BIO_read(front, &byte, 1) == 1)
                client_send(fd, &byte, 1);
        else
            ck_assert_int_eq(recv(fd, &byte, 1, 0) == 1 && BIO_write(front, &byte, 1) == 1, true);
        if (BIO_pending(front) > 0)
            ck_assert_int_eq(ask_with(NULL, NULL, 0), 200);
    }
    SSL_free(ssl);
    BIO_free(front);
    SSL_CTX_free(context);
    close(fd);
}
END_TEST

START_TEST(test_the_end_in_the_middle_of_handshakes)
{
    fixture_start(&fixture);
    int half = client_open(fixture.port), silent = client_open(fixture.port);
    client_send(half, half_a_greeting, sizeof half_a_greeting - 1);
    for (int i = 0; i < 4; i++) /* in each loop */
        ck_assert_int_eq(ask_with(NULL, NULL, 0), 200);
    http_front_free(fixture.front);
    fixture.front = NULL;
    ck_assert(client_sees_end(half));
    ck_assert(client_sees_end(silent));
    close(half);
    close(silent);
}
END_TEST

/* Plain HTTP at a TLS port, and a handshake that stops half-way. */
START_TEST(test_rude)
{
    fixture.flow.gateway.http.head_timeout_ns = FIXTURE_SECOND;
    fixture_start(&fixture);
    int plain = client_open(fixture.port), half = client_open(fixture.port), silent = client_open(fixture.port);
    client_say(plain, GET_ROOT);
    client_send(half, half_a_greeting, sizeof half_a_greeting - 1);
    ck_assert(client_sees_end(plain));
    ck_assert(client_sees_end(half));
    ck_assert(client_sees_end(silent));
    ck_assert_int_eq(ask_with(NULL, NULL, 0), 200);
    close(plain);
    close(half);
    close(silent);
}
END_TEST

static void expect_refused(const char *certificate, const char *key, const char *authorities, const char *named)
{
    sluice_error error;
    struct http_front *front = NULL;
    fixture.flow.gateway.tls =
        (struct flow_tls){.certfile = file(certificate), .keyfile = file(key), .ca_certs = file(authorities)};
    sluice_status status = http_front_new(&fixture.settings, fixture.router, &front, &error);
    ck_assert_msg(status != SLUICE_OK, "%s and %s are taken", certificate, key);
    ck_assert_msg(strstr(error.where, named) != NULL || strstr(error.text, named) != NULL, "no %s in %s: %s", named,
                  error.where, error.text);
}

START_TEST(test_files)
{
    expect_refused("none.pem", "server.key", NULL, "none.pem");
    expect_refused("server.pem", "none.key", NULL, "none.key");
    expect_refused("server.pem", "rsa.key", NULL, "rsa.key");
    expect_refused("empty.pem", "server.key", NULL, "empty.pem");
    expect_refused("text.pem", "server.key", NULL, "text.pem");
    expect_refused("damaged.pem", "damaged.key", NULL, "damaged");
    expect_refused("server.pem", "locked.key", NULL, "locked.key");
    expect_refused("server.pem", "server.key", "none.pem", "none.pem");
    expect_refused("server.pem", "server.key", "text.pem", "text.pem");
}
END_TEST

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections that the front has closed */
    if (mkdtemp(folder) == NULL || !certificates_make(folder))
        return EXIT_FAILURE;
    Suite *suite = suite_create("gateway.http.tls");
    TCase *group = tcase_create("tls");
    tcase_set_timeout(group, 2 * SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, test_versions);
    tcase_add_test(group, test_chain_and_rsa);
    tcase_add_test(group, test_client_certificates);
    tcase_add_test(group, test_requests);
    tcase_add_test(group, test_rude);
    tcase_add_test(group, test_half_a_handshake_keeps_no_processor_busy);
    tcase_add_test(group, test_a_handshake_goes_on_byte_by_byte_and_beside_others);
    tcase_add_test(group, test_the_end_in_the_middle_of_handshakes);
    tcase_add_test(group, test_files);
    suite_add_tcase(suite, group);
    int result = suite_run(suite);
    nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    return result;
}
