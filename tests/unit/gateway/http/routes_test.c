/* routes_test.c - what each path, method and content type is answered. */
#include "tests/unit/gateway/http/fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <zlib.h>

static struct fixture fixture;

static const char json[] = "Content-Type: application/json\r\n";

static void start(void)
{
    fixture_start(&fixture);
}

static struct answer ask(const char *method, const char *path, const char *fields, const char *body)
{
    return client_do(fixture.port, method, path, fields, body);
}

static void check(struct answer *answer, int status, const char *text)
{
    const char *body = answer->body != NULL ? answer->body : "(no body)";
    ck_assert_msg(answer->status == status, "%d, %d expected: %.400s", answer->status, status, body);
    ck_assert_msg(text == NULL || strstr(body, text) != NULL, "no %s in %.400s", text, body);
}

static void expect(struct answer answer, int status, const char *text)
{
    check(&answer, status, text);
    answer_done(&answer);
}

static void expect_field(struct answer answer, int status, const char *name, const char *value)
{
    check(&answer, status, NULL);
    const char *found = answer_field(&answer, name);
    if (value == NULL)
        ck_assert_msg(found == NULL, "%s: %s, none expected", name, found);
    else
        ck_assert_msg(found != NULL && strcmp(found, value) == 0, "%s: %s, %s expected", name,
                      found != NULL ? found : "(none)", value);
    answer_done(&answer);
}

static void setup(void)
{
    fixture_prepare(&fixture);
}

static void teardown(void)
{
    fixture_done(&fixture);
}

/* ---- paths and methods ---- */

START_TEST(test_not_found)
{
    start();
    expect(ask("POST", "/none", json, "{}"), 404, "{\"detail\":\"Not Found\"}");
    expect(ask("GET", "/Status", "", ""), 404, "Not Found");
    expect(ask("GET", "//status", "", ""), 404, "Not Found");
    expect(ask("GET", "/status%00", "", ""), 404, "Not Found");
    expect(ask("GET", "/graphql", "", ""), 404, "Not Found");
    expect(ask("GET", "/metrics", "", ""), 404, "Not Found");
}
END_TEST

START_TEST(test_not_allowed)
{
    start();
    expect_field(ask("GET", "/post", "", ""), 405, "allow", "POST");
    expect_field(ask("HEAD", "/", "", ""), 405, "allow", "GET");
    expect_field(ask("POST", "/update", json, "{}"), 405, "allow", "PUT");
    expect_field(ask("GET", "/delete", "", ""), 405, "allow", "DELETE");
    expect_field(ask("OPTIONS", "/post", "Origin: http://a\r\nAccess-Control-Request-Method: POST\r\n", ""), 405,
                 "allow", "POST");
    expect(ask("TRACE", "/post", "", ""), 405, "{\"detail\":\"Method Not Allowed\"}");
    expect(ask("post", "/post", json, "{}"), 405, "Method Not Allowed");
}
END_TEST

START_TEST(test_redirect)
{
    start();
    expect_field(ask("POST", "/post/", json, "{}"), 307, "location", "http://test/post");
    expect_field(ask("GET", "/status//?a=1&b&c=x+%20y", "", ""), 307, "location", "http://test/status?a=1&b&c=x+%20y");
    expect_field(ask("POST", "/post/", json, "{}"), 307, "content-type", NULL);
    expect(ask("POST", "/none/", json, "{}"), 404, NULL);
}
END_TEST

START_TEST(test_info)
{
    start();
    struct answer answer = ask("GET", "/", "", "");
    check(&answer, 200, NULL);
    ck_assert_str_eq(answer.body, "{}");
    ck_assert_str_eq(answer_field(&answer, "content-type"), "application/json");
    ck_assert_ptr_nonnull(answer_field(&answer, "date"));
    answer_done(&answer);
    expect(ask("GET", "/?x=/post", "", ""), 200, "{}");
    expect(ask("GET", "/%73tatus", "", ""), 200, "{\"jina\":{\"jina\":\"sluice ");
    expect(ask("GET", "/status", "", ""), 200, "},\"envs\":{\"JINA_DEFAULT_HOST\":\"");
}
END_TEST

START_TEST(test_switches)
{
    fixture.flow.gateway.http.no_debug_endpoints = true;
    fixture.flow.gateway.http.no_crud_endpoints = true;
    start();
    expect(ask("GET", "/", "", ""), 200, "{}");
    expect(ask("GET", "/status", "", ""), 404, NULL);
    expect(ask("GET", "/dry_run", "", ""), 404, NULL);
    expect(ask("POST", "/post", json, "{}"), 404, NULL);
    expect(ask("POST", "/index", json, "{}"), 404, NULL);
    expect(ask("POST", "/search", json, "{}"), 404, NULL);
    expect(ask("DELETE", "/delete", json, "{}"), 404, NULL);
    expect(ask("PUT", "/update", json, "{}"), 404, NULL);
}
END_TEST

/* ---- CORS ---- */

START_TEST(test_preflight)
{
    fixture.flow.gateway.http.cors = true;
    start();
    static const char fields[] = "Origin: http://shop\r\nAccess-Control-Request-Method: POST\r\n"
                                 "Access-Control-Request-Headers: x-own\r\n";
    struct answer answer = ask("OPTIONS", "/anywhere", fields, "");
    check(&answer, 200, "OK");
    ck_assert_str_eq(answer_field(&answer, "access-control-allow-origin"), "http://shop");
    ck_assert_str_eq(answer_field(&answer, "access-control-allow-methods"),
                     "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
    ck_assert_str_eq(answer_field(&answer, "access-control-allow-headers"), "x-own");
    ck_assert_str_eq(answer_field(&answer, "access-control-allow-credentials"), "true");
    ck_assert_str_eq(answer_field(&answer, "access-control-max-age"), "600");
    ck_assert_str_eq(answer_field(&answer, "vary"), "Origin");
    answer_done(&answer);
    expect_field(ask("OPTIONS", "/post", "Origin: http://a\r\nAccess-Control-Request-Method: PUT\r\n", ""), 200,
                 "access-control-allow-headers", NULL);
    expect(ask("OPTIONS", "/post", "Origin: http://a\r\nAccess-Control-Request-Method: BREW\r\n", ""), 400,
           "Disallowed CORS method");
    expect(ask("OPTIONS", "/post", "Origin: http://a\r\n", ""), 405, NULL);
}
END_TEST

START_TEST(test_origin)
{
    fixture.flow.gateway.http.cors = true;
    start();
    expect_field(ask("GET", "/", "Origin: http://a\r\n", ""), 200, "access-control-allow-origin", "*");
    expect_field(ask("GET", "/", "Origin: http://a\r\nCookie: a=b\r\n", ""), 200, "access-control-allow-origin",
                 "http://a");
    expect_field(ask("GET", "/", "Origin: http://a\r\nCookie: a=b\r\n", ""), 200, "vary", "Origin");
    expect_field(ask("GET", "/none", "Origin: http://a\r\n", ""), 404, "access-control-allow-origin", "*");
    expect_field(ask("GET", "/", "", ""), 200, "access-control-allow-origin", NULL);
}
END_TEST

START_TEST(test_no_cors)
{
    start();
    expect_field(ask("GET", "/", "Origin: http://a\r\n", ""), 200, "access-control-allow-origin", NULL);
}
END_TEST

/* ---- refusals ---- */

START_TEST(test_refused)
{
    start();
    fake_set_refusal(fixture.router, SLUICE_LIMIT);
    expect_field(ask("POST", "/post", json, "{}"), 429, "retry-after", "1");
    fake_set_refusal(fixture.router, SLUICE_OK);
    router_drain(fixture.router);
    expect_field(ask("POST", "/post", json, "{}"), 503, "retry-after", "1");
    expect(ask("GET", "/", "", ""), 200, NULL);
}
END_TEST

/* ---- requests ---- */

#define ASK(endpoint) "{\"data\":[{\"text\":\"hello\"}],\"parameters\":{\"a\":1},\"execEndpoint\":\"" endpoint "\"}"

START_TEST(test_post)
{
    start();
    struct answer answer = ask("POST", "/post", json, ASK("now"));
    check(&answer, 200, "\"text\":\"hello\"");
    ck_assert_str_eq(answer_field(&answer, "content-type"), "application/json");
    ck_assert_ptr_nonnull(strstr(answer.body, "{\"header\":{\"requestId\":\""));
    answer_done(&answer);
    expect(ask("POST", "/post?execEndpoint=never", json, ASK("later")), 200, "\"execEndpoint\":\"later\"");
    expect(ask("POST", "/%70ost", json, ASK("now")), 200, NULL);
    expect(ask("POST", "http://test/post", json, ASK("now")), 200, NULL);
    expect(ask("POST", "/post", json, ASK("fail")), 200, "\"status\":{\"code\":1,\"description\":\"no\"");
}
END_TEST

START_TEST(test_crud)
{
    start();
    static const char *const wanted[] = {"/index", "/search", "/delete", "/update"};
    expect(ask("POST", "/index", json, ASK("never")), 200, "\"execEndpoint\":\"/index\"");
    expect(ask("POST", "/search", json, ASK("never")), 200, "\"execEndpoint\":\"/search\"");
    expect(ask("DELETE", "/delete", json, ASK("never")), 200, "\"execEndpoint\":\"/delete\"");
    expect(ask("PUT", "/update", json, ASK("never")), 200, "\"execEndpoint\":\"/update\"");
    for (size_t i = 0; i < 4; i++)
        ck_assert_str_eq(fake_submitted_id(fixture.router, i), wanted[i]);
}
END_TEST

START_TEST(test_exposed)
{
    static const char *const post_only[] = {"POST", NULL}, *const both[] = {"GET", "POST", NULL},
                             *const tags[] = {"Customized", NULL};
    struct flow_exposed_endpoint exposed[] = {
        {.endpoint = "/describe", .path = "/describe", .methods = post_only, .tags = tags},
        {.endpoint = "/result",   .path = "/stats",    .methods = both,      .tags = tags},
    };
    fixture.flow.gateway.http.exposed = exposed;
    fixture.flow.gateway.http.exposed_count = 2;
    start();
    expect(ask("POST", "/describe", json, ASK("never")), 200, "\"execEndpoint\":\"/describe\"");
    expect(ask("GET", "/stats", json, "{}"), 200, "\"execEndpoint\":\"/result\"");
    expect(ask("POST", "/stats", json, "{}"), 200, "\"execEndpoint\":\"/result\"");
    expect(ask("GET", "/stats", "", ""), 422, "field required");
    expect(ask("POST", "/result", json, "{}"), 404, NULL);
    expect_field(ask("PUT", "/stats", json, "{}"), 405, "allow", "GET, POST");
}
END_TEST

START_TEST(test_bodies)
{
    start();
    expect(ask("POST", "/post", json, ""), 422,
           "{\"loc\":[\"body\"],\"msg\":\"field required\",\"type\":\"value_error.missing\"}");
    expect(ask("POST", "/post", json, "{\"data\":"), 422, "value_error.jsondecode");
    expect(ask("POST", "/post", json, "5"), 422, "value is not a valid dict");
    expect(ask("POST", "/post", json, "{\"data\":\"x\"}"), 422, "\"loc\":[\"body\",\"data\"]");
    expect(ask("POST", "/post", json, "{\"data\":[{\"text\":\"\xff\"}]}"), 400,
           "{\"detail\":\"There was an error parsing the body\"}");
}
END_TEST

START_TEST(test_content_types)
{
    static const char *const right[] = {"application/json", "APPLICATION/JSON", "application/json; charset=utf-8",
                                        "application/vnd.x+json", "application/json;charset=iso-8859-1"};
    static const char *const wrong[] = {"text/json",
                                        "text/x+json",
                                        "text/plain",
                                        "application/x-www-form-urlencoded",
                                        ";;;",
                                        "application/octet-stream",
                                        "application/+json2"};
    char field[100];
    start();
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        snprintf(field, sizeof field, "Content-Type: %s\r\n", right[i]);
        expect(ask("POST", "/post", field, ASK("now")), 200, NULL);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(field, sizeof field, "Content-Type: %s\r\n", wrong[i]);
        expect(ask("POST", "/post", field, ASK("now")), 422, "value is not a valid dict");
    }
    expect(ask("POST", "/post", "", ASK("now")), 200, NULL);
}
END_TEST

/* ---- failures on the way ---- */

START_TEST(test_network_failures)
{
    start();
    struct answer answer = ask("POST", "/post", json, ASK("timeout"));
    check(&answer, 504, "\"description\":\"TEXT of timeout\"");
    ck_assert_ptr_nonnull(strstr(answer.body, "\"execEndpoint\":\"\",\"targetExecutor\":\"\""));
    ck_assert_ptr_nonnull(strstr(answer.body, "\"routes\":null"));
    ck_assert_ptr_nonnull(strstr(answer.body, "\"text\":\"hello\""));
    answer_done(&answer);
    expect(ask("POST", "/post", json, ASK("gone")), 503, "\"description\":\"TEXT of gone\"");
    expect(ask("POST", "/post", json, ASK("died")), 503, "\"status\":{\"code\":1");
}
END_TEST

START_TEST(test_dry_run)
{
    start();
    struct answer answer = ask("GET", "/dry_run", "", "");
    check(&answer, 200, NULL);
    ck_assert_str_eq(answer.body, "{\"code\":0,\"description\":\"\",\"exception\":null}");
    answer_done(&answer);
    fake_set_refusal(fixture.router, SLUICE_LIMIT);
    expect(ask("GET", "/dry_run", "", ""), 200,
           "{\"code\":1,\"description\":\"refused by the test\",\"exception\":{\"name\":\"InternalNetworkError\"");
}
END_TEST

/* ---- one connection ---- */

START_TEST(test_many_on_one_connection)
{
    start();
    int fd = client_open(fixture.port);
    for (int i = 0; i < 200; i++) {
        static const char request[] = "POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s";
        const char *body = i % 3 == 0 ? ASK("now") : i % 3 == 1 ? ASK("later") : "nonsense";
        char text[512];
        snprintf(text, sizeof text, request, strlen(body), body);
        client_say(fd, text);
        struct answer answer = client_read(fd, false, false);
        check(&answer, i % 3 == 2 ? 422 : 200, NULL);
        answer_done(&answer);
    }
    close(fd);
}
END_TEST

START_TEST(test_expect)
{
    start();
    int fd = client_open(fixture.port);
    client_say(fd, "POST /post HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    struct answer answer = client_read(fd, true, false);
    check(&answer, 100, NULL);
    answer_done(&answer);
    client_say(fd, "{}");
    answer = client_read(fd, true, false);
    check(&answer, 200, NULL);
    answer_done(&answer);
    client_say(fd, "POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    answer = client_read(fd, true, false);
    check(&answer, 404, NULL); /* at once: the body need not be sent */
    answer_done(&answer);
    close(fd);
}
END_TEST

START_TEST(test_large)
{
    enum { SIZE = 3 << 20 };
    start();
    char *body = malloc(SIZE + 100);
    size_t size = (size_t)sprintf(body, "{\"execEndpoint\":\"later\",\"data\":[{\"text\":\"");
    memset(body + size, 'y', SIZE);
    strcpy(body + size + SIZE, "\"}]}");
    struct answer answer = ask("POST", "/post", json, body);
    check(&answer, 200, NULL);
    ck_assert_uint_gt(answer.body_size, SIZE);
    answer_done(&answer);
    free(body);
}
END_TEST

/* ---- gzip ---- */

static struct answer post_gzip(const void *body, size_t size, const char *fields)
{
    char head[300];
    int fd = client_open(fixture.port);
    snprintf(head, sizeof head,
             "POST /post HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\nContent-Length: %zu\r\n%s\r\n", size, fields);
    client_say(fd, head);
    client_send(fd, body, size);
    struct answer answer = client_read(fd, false, false);
    close(fd);
    return answer;
}

static size_t gzip(const char *text, size_t size, uint8_t *packed, size_t room)
{
    z_stream stream = {
        .next_in = (Bytef *)(uintptr_t)text, .avail_in = (uInt)size, .next_out = packed, .avail_out = (uInt)room};
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return room - stream.avail_out;
}

START_TEST(test_gzip_requests)
{
    uint8_t packed[4096];
    start();
    size_t size = gzip(ASK("later"), strlen(ASK("later")), packed, sizeof packed);
    expect(post_gzip(packed, size, ""), 200, "\"text\":\"hello\"");
    expect(post_gzip(packed, size - 1, ""), 400, "gzip"); /* cut short */
    packed[size] = 0;
    expect(post_gzip(packed, size + 1, ""), 400, "gzip"); /* more behind it */
    expect(post_gzip(packed, 0, ""), 400, "gzip");
    size = gzip("", 0, packed, sizeof packed);
    expect(post_gzip(packed, size, ""), 422, "field required");
    expect(ask("POST", "/post", "Content-Encoding: br\r\n", "{}"), 415, "Content-Encoding");
    expect(ask("POST", "/post", "Content-Encoding: identity\r\n", ASK("now")), 200, NULL);
}
END_TEST

/* The limit holds for what comes out: 1 MiB of blanks is 1 kB of gzip. */
START_TEST(test_gzip_limit)
{
    enum { LIMIT = 1 << 20 };
    static char text[LIMIT + 1];
    static uint8_t packed[8192];
    fixture.flow.gateway.limits.max_message_bytes = LIMIT;
    start();
    memset(text, ' ', sizeof text);
    memcpy(text, "{}", 2);
    expect(post_gzip(packed, gzip(text, LIMIT, packed, sizeof packed), ""), 200, NULL);
    expect(post_gzip(packed, gzip(text, LIMIT + 1, packed, sizeof packed), ""), 413, "max_message_bytes");
}
END_TEST

static const char long_text[] = "{\"execEndpoint\":\"now\",\"data\":[{},{},{},{},{},{}]}";

START_TEST(test_gzip_answers)
{
    fixture.flow.gateway.http.compress_answers = true;
    start();
    struct answer answer = ask("POST", "/post", "Accept-Encoding: deflate, gzip;q=0.5\r\n", long_text);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer_field(&answer, "content-encoding"), "gzip");
    ck_assert_str_eq(answer_field(&answer, "vary"), "Accept-Encoding");
    static char plain[65536];
    z_stream stream = {.next_in = (Bytef *)answer.body,
                       .avail_in = (uInt)answer.body_size,
                       .next_out = (Bytef *)plain,
                       .avail_out = sizeof plain - 1};
    ck_assert_int_eq(inflateInit2(&stream, 31), Z_OK);
    ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    ck_assert_ptr_nonnull(strstr(plain, "\"parent_id\":null"));
    answer_done(&answer);
    expect_field(ask("POST", "/post", "Accept-Encoding: gzip;q=0\r\n", long_text), 200, "content-encoding", NULL);
    expect_field(ask("POST", "/post", "", long_text), 200, "content-encoding", NULL);
    expect_field(ask("GET", "/", "Accept-Encoding: gzip\r\n", ""), 200, "content-encoding", NULL); /* too short */
}
END_TEST

START_TEST(test_no_gzip_answers)
{
    start();
    expect_field(ask("POST", "/post", "Accept-Encoding: gzip\r\n", long_text), 200, "content-encoding", NULL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway.http.routes");
    TCase *group = tcase_create("routes");
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, test_not_found);
    tcase_add_test(group, test_not_allowed);
    tcase_add_test(group, test_redirect);
    tcase_add_test(group, test_info);
    tcase_add_test(group, test_switches);
    tcase_add_test(group, test_preflight);
    tcase_add_test(group, test_origin);
    tcase_add_test(group, test_no_cors);
    tcase_add_test(group, test_refused);
    tcase_add_test(group, test_post);
    tcase_add_test(group, test_crud);
    tcase_add_test(group, test_exposed);
    tcase_add_test(group, test_bodies);
    tcase_add_test(group, test_content_types);
    tcase_add_test(group, test_network_failures);
    tcase_add_test(group, test_dry_run);
    tcase_add_test(group, test_many_on_one_connection);
    tcase_add_test(group, test_expect);
    tcase_add_test(group, test_large);
    tcase_add_test(group, test_gzip_requests);
    tcase_add_test(group, test_gzip_limit);
    tcase_add_test(group, test_gzip_answers);
    tcase_add_test(group, test_no_gzip_answers);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
