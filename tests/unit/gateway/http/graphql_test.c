/* graphql_test.c - /graphql over a fake router: order of calls, failures, refusals, what HTTP says. */
#include "tests/unit/gateway/http/fixture.h"
#include "tests/unit/suite.h"

#include <pthread.h>
#include <stdio.h>

static struct fixture fixture;

static const char json[] = "Content-Type: application/json\r\n";

static void setup(void)
{
    fixture_prepare(&fixture);
    fixture.flow.gateway.http.expose_graphql_endpoint = true;
    fixture_start(&fixture);
}

static void teardown(void)
{
    fixture_done(&fixture);
}

static void is(struct answer answer, int status, const char *type, const char *body)
{
    const char *text = answer.body != NULL ? answer.body : "(no body)", *found = answer_field(&answer, "content-type");
    ck_assert_msg(answer.status == status, "%d, %d expected: %s", answer.status, status, text);
    ck_assert_msg(strcmp(text, body) == 0, "%s\n%s expected", text, body);
    if (type != NULL)
        ck_assert_msg(found != NULL && strcmp(found, type) == 0, "%s, %s expected", found, type);
    answer_done(&answer);
}

static struct answer post(const char *body)
{
    return client_do(fixture.port, "POST", "/graphql", json, body);
}

static void data_is(const char *query, const char *answer)
{
    char body[2048];
    snprintf(body, sizeof body, "{\"query\": \"%s\", \"variables\": null, \"operationName\": null}", query);
    is(post(body), 200, "application/json", answer);
}

/* The endpoint's name decides what the fake router does (fake_router.h). */
START_TEST(calls_of_a_query_run_side_by_side)
{
    data_is("{ a: docs(data: {id: \\\"x\\\"}, execEndpoint: \\\"now1\\\") { id } b: docs(data: {id: \\\"y\\\"}, "
            "execEndpoint: "
            "\\\"later2\\\") { id } c: docs(data: [], execEndpoint: \\\"now3\\\") { id } __typename }",
            "{\"data\": {\"a\": [{\"id\": \"x\"}], \"b\": [{\"id\": \"y\"}], \"c\": [], \"__typename\": \"Query\"}}");
    ck_assert_uint_eq(fake_submitted(fixture.router), 3);
}
END_TEST

static void *post_two_mutations(void *context)
{
    (void)context;
    data_is(
        "mutation { a: docs(data: {id: \\\"x\\\"}, execEndpoint: \\\"hold1\\\") { id } b: docs(data: {id: \\\"y\\\"}, "
        "execEndpoint: \\\"hold2\\\") { id } }",
        "{\"data\": {\"a\": [{\"id\": \"x\"}], \"b\": [{\"id\": \"y\"}]}}");
    return NULL;
}

START_TEST(calls_of_a_mutation_wait_for_one_another)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, post_two_mutations, NULL), 0);
    fake_wait_submitted(fixture.router, 1);
    ck_assert_str_eq(fake_submitted_id(fixture.router, 0), "hold1");
    fake_release(fixture.router, "hold1");
    fake_wait_submitted(fixture.router, 2);
    ck_assert_str_eq(fake_submitted_id(fixture.router, 1), "hold2");
    fake_release(fixture.router, "hold2");
    pthread_join(thread, NULL);
}
END_TEST

START_TEST(a_mutation_ends_at_its_first_failure)
{
    fake_set_failure_text(fixture.router, "no way");
    data_is("mutation { a: docs(execEndpoint: \\\"now1\\\") { id } b: docs(execEndpoint: \\\"gone2\\\") { id } c: "
            "docs(execEndpoint: \\\"now3\\\") { id } }",
            "{\"data\": null, \"errors\": [{\"message\": \"no way of gone2\", \"locations\": [{\"line\": 1, "
            "\"column\": 49}], "
            "\"path\": [\"b\"]}]}");
    ck_assert_uint_eq(fake_submitted(fixture.router), 2);
}
END_TEST

START_TEST(failures_of_the_network_are_errors)
{
    fake_set_failure_text(fixture.router, "no way");
    data_is("{ docs(execEndpoint: \\\"timeout1\\\") { id } }",
            "{\"data\": null, \"errors\": [{\"message\": \"no way of timeout1\", \"locations\": [{\"line\": 1, "
            "\"column\": 3}], "
            "\"path\": [\"docs\"]}]}");
}
END_TEST

START_TEST(refusals_are_told_by_http)
{
    const char *body = "{\"query\": \"{ docs { id } }\"}";
    fake_set_refusal(fixture.router, SLUICE_LIMIT);
    struct answer answer = post(body);
    ck_assert_int_eq(answer.status, 429);
    answer_done(&answer);
    fake_set_refusal(fixture.router, SLUICE_OK);
    answer = post(body);
    ck_assert_int_eq(answer.status, 200);
    answer_done(&answer);
}
END_TEST

START_TEST(what_needs_no_flow_makes_no_call)
{
    data_is("{ __typename }", "{\"data\": {\"__typename\": \"Query\"}}");
    data_is("{ docs { nope } }",
            "{\"data\": null, \"errors\": [{\"message\": \"Cannot query field \\\"nope\\\" on type "
            "\\\"StrawberryDocument\\\".\", \"locations\": [{\"line\": 1, "
            "\"column\": 10}]}]}");
    ck_assert_uint_eq(fake_submitted(fixture.router), 0);
}
END_TEST

START_TEST(bodies_are_read_as_recorded)
{
    static const char text[] = "text/plain; charset=utf-8";
    static const char *const types[] = {"", "Content-Type: text/plain\r\n", "Content-Type: application/graphql\r\n"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        is(client_do(fixture.port, "POST", "/graphql", types[i], "{\"query\": \"{ __typename }\"}"), 415, text,
           "Unsupported Media Type");
    is(client_do(fixture.port, "POST", "/graphql", "Content-Type: Application/JSON; charset=utf-8\r\n",
                 "{\"query\": \"{ __typename }\", \"extensions\": {\"a\": [1]}}"),
       200, "application/json", "{\"data\": {\"__typename\": \"Query\"}}");
    is(post("{"), 400, text, "Unable to parse request body as JSON");
    is(post("{}"), 400, text, "No GraphQL query found in the request");
    is(post("{\"query\": \"\"}"), 400, text, "No GraphQL query found in the request");
    is(post("{\"query\": null}"), 400, text, "No GraphQL query found in the request");
    is(post("[]"), 400, text, "The body is a JSON object with a member \"query\", and no other JSON value");
    is(post("{\"query\": \"{ __typename }\", \"variables\": []}"), 400, text,
       "\"variables\" is a JSON object with a value for each name, or null, and no other JSON value");
    is(post("{\"query\": \"{ __typename }\", \"operationName\": 5}"), 400, text, "\"operationName\" is a text or null");
    is(post("{\"query\": 5}"), 200, "application/json",
       "{\"data\": null, \"errors\": [{\"message\": \"\\\"query\\\" is a text.\"}]}");
}
END_TEST

START_TEST(queries_come_over_get_and_mutations_do_not)
{
    static const char text[] = "text/plain; charset=utf-8";
    is(client_do(fixture.port, "GET",
                 "/graphql?query=query+A($x:String!){docs(execEndpoint:$x){id}}&variables=%7B%22x%22:%22now1%22%7D&"
                 "operationName=A",
                 "", ""),
       200, "application/json", "{\"data\": {\"docs\": []}}");
    is(client_do(fixture.port, "GET", "/graphql?query=mutation%7B__typename%7D", "", ""), 400, text,
       "mutations are not allowed when using GET");
    is(client_do(fixture.port, "GET", "/graphql?query=%7B__typename%7D&variables=x", "", ""), 400, text,
       "Unable to parse request body as JSON");
    is(client_do(fixture.port, "GET", "/graphql?foo=1", "Accept: text/html\r\n", ""), 400, text,
       "No GraphQL query found in the request");
    is(client_do(fixture.port, "GET", "/graphql", "Accept: application/json\r\n", ""), 404, NULL, "");
}
END_TEST

START_TEST(a_browser_gets_a_page_that_loads_nothing_else)
{
    static const char *const accepts[] = {"Accept: text/html,application/xhtml+xml\r\n", "Accept: */*\r\n"};
    for (size_t i = 0; i < sizeof accepts / sizeof accepts[0]; i++) {
        struct answer answer = client_do(fixture.port, "GET", "/graphql", accepts[i], "");
        ck_assert_int_eq(answer.status, 200);
        ck_assert_str_eq(answer_field(&answer, "content-type"), "text/html; charset=utf-8");
        ck_assert_ptr_nonnull(strstr(answer_field(&answer, "content-security-policy"), "default-src 'none'"));
        ck_assert_int_eq(strncmp(answer.body, "<!DOCTYPE html>", 15), 0);
        ck_assert_ptr_null(strstr(answer.body, "http://"));
        ck_assert_ptr_null(strstr(answer.body, "https://"));
        answer_done(&answer);
    }
}
END_TEST

START_TEST(a_client_that_goes_away_leaves_nothing)
{
    char request[512];
    const char *body = "{\"query\": \"{ a: docs(execEndpoint: \\\"never1\\\") { id } b: docs(execEndpoint: "
                       "\\\"never2\\\") { id } }\"}";
    int fd = client_open(fixture.port);
    snprintf(request, sizeof request, "POST /graphql HTTP/1.1\r\nHost: a\r\n%sContent-Length: %zu\r\n\r\n%s", json,
             strlen(body), body);
    client_say(fd, request);
    fake_wait_submitted(fixture.router, 2);
    close(fd);
    fake_wait_live(fixture.router, 0);
    ck_assert_uint_eq(fake_cancelled(fixture.router), 2);
}
END_TEST

int main(void)
{
    static const TTest *const *const tests[] = {&calls_of_a_query_run_side_by_side,
                                                &calls_of_a_mutation_wait_for_one_another,
                                                &a_mutation_ends_at_its_first_failure,
                                                &failures_of_the_network_are_errors,
                                                &refusals_are_told_by_http,
                                                &what_needs_no_flow_makes_no_call,
                                                &bodies_are_read_as_recorded,
                                                &queries_come_over_get_and_mutations_do_not,
                                                &a_browser_gets_a_page_that_loads_nothing_else,
                                                &a_client_that_goes_away_leaves_nothing};
    Suite *suite = suite_create("gateway.http.graphql");
    TCase *group = tcase_create("graphql");
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(group, *tests[i]);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
