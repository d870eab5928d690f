/* routes_test.c - what each path, method and content type is answered. */
#include "tests/unit/gateway/http/fixture.h"
#include "tests/unit/suite.h"

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
    ck_assert_msg(answer->status == status, "%d, %d expected: %s", answer->status, status, body);
    ck_assert_msg(text == NULL || strstr(body, text) != NULL, "no %s in %s", text, body);
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
    expect(ask("GET", "/status", "", ""), 200, "},\"envs\":{\"JINA_LOG_LEVEL\":\"");
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
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
