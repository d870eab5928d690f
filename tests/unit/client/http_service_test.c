/* Readiness, health, information and GraphQL over HTTP. */
#include "tests/unit/client/http_kit.h"

#include <string.h>

struct canned {
    int status;
    const char *content_type, *body;
};

static bool give(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    const struct canned *canned = context;
    (void)request;
    return http_answer(exchange, canned->status, canned->content_type, canned->body);
}

static const char json[] = "application/json";

/* ---- readiness ---- */

/* clang-format off */
static const struct {
    struct canned answer;
    sluice_status status;
    const char *says;
} ready_rows[] = {
    {{200, json, "{\"code\":0,\"description\":\"\",\"exception\":null}"}, SLUICE_OK, ""},
    {{200, json, "{\"code\":1,\"description\":\"no executor\",\"exception\":{\"name\":\"E\",\"args\":[\"a\"],\"stacks\":[],"
                 "\"executor\":\"x\"}}"}, SLUICE_EXECUTOR, "no executor"},
    {{200, json, "{\"code\":\"0\",\"description\":\"\"}"}, SLUICE_EXECUTOR, "not ready"},
    {{200, json, "{\"description\":\"\"}"}, SLUICE_INVALID, "code"},
    {{200, json, "{}"}, SLUICE_INVALID, "Jina gateway"},
    {{200, json, "[]"}, SLUICE_INVALID, "cannot be read"},
    {{200, json, "not json"}, SLUICE_INVALID, "cannot be read"},
    {{200, json, ""}, SLUICE_INVALID, "empty"},
    {{200, "text/html", "<html>"}, SLUICE_INVALID, "text/html"},
    {{404, json, "{\"detail\":\"Not Found\"}"}, SLUICE_NOT_FOUND, "GET /dry_run: Not Found; is this a gateway of Jina 3.6"},
    {{500, "text/plain", "Internal Server Error"}, SLUICE_INTERNAL, "Internal Server Error (internal error, status 500)"},
    {{503, json, "{\"detail\":\"shutting down\"}"}, SLUICE_UNAVAILABLE, "shutting down"},
};
/* clang-format on */

START_TEST(readiness)
{
    struct canned answer = ready_rows[_i].answer;
    struct http_server *server = http_server_start(&(struct http_script){.handler = give, .context = &answer});
    sluice_client *client = http_client(server);
    sluice_error error = {0};
    sluice_status status = sluice_client_is_flow_ready(client, 20, &error);
    ck_assert_msg(status == ready_rows[_i].status, "%s: %s", sluice_status_name(status), error.text);
    assert_says(error.text, ready_rows[_i].says);
    ck_assert_uint_eq(http_server_count(server, "GET", "/dry_run"), 1);
    ck_assert_uint_eq(http_server_count(server, NULL, NULL), 1);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- health, information ---- */

START_TEST(health)
{
    struct canned answer = {200, json, "{}"};
    struct http_server *server = http_server_start(&(struct http_script){.handler = give, .context = &answer});
    sluice_client *client = http_client(server);
    sluice_health found = SLUICE_HEALTH_UNKNOWN;
    sluice_error error = {0};
    ck_assert_int_eq(sluice_client_health(client, NULL, 20, &found, &error), SLUICE_OK);
    ck_assert_int_eq(found, SLUICE_HEALTH_SERVING);
    ck_assert_uint_eq(http_server_count(server, "GET", "/"), 1);
    answer.status = 503;
    ck_assert_int_eq(sluice_client_health(client, "", 20, &found, &error), SLUICE_OK);
    ck_assert_int_eq(found, SLUICE_HEALTH_NOT_SERVING);
    answer.status = 404;
    ck_assert_int_eq(sluice_client_health(client, "", 20, &found, &error), SLUICE_NOT_FOUND);
    ck_assert_int_eq(sluice_client_health(client, "jina.JinaRPC", 20, &found, &error), SLUICE_UNIMPLEMENTED);
    assert_says(error.text, "single services");
    ck_assert_uint_eq(http_server_connections(server), 1);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

static void assert_text(const sluice_value *value, const char *expected)
{
    sluice_text text = sluice_value_string(value);
    ck_assert_msg(text.size == strlen(expected) && memcmp(text.data, expected, text.size) == 0,
                  "\"%.*s\" is not \"%s\"", (int)text.size, text.data, expected);
}

START_TEST(information)
{
    struct canned answer = {200, json,
                            "{\"jina\":{\"jina\":\"3.34.0\",\"uid\":12345678901234},\"envs\":{\"JINA_X\":"
                            "\"(unset)\"},\"usedMemory\":\"1\"}"};
    struct http_server *server = http_server_start(&(struct http_script){.handler = give, .context = &answer});
    sluice_client *client = http_client(server);
    sluice_value *info = NULL;
    sluice_error error = {0};
    ck_assert_msg(sluice_client_info(client, 20, &info, &error) == SLUICE_OK, "%s", error.text);
    const sluice_value *jina = sluice_value_get(info, "jina");
    assert_text(sluice_value_get(jina, "jina"), "3.34.0");
    assert_text(sluice_value_get(jina, "uid"), "12345678901234");
    assert_text(sluice_value_get(sluice_value_get(info, "envs"), "JINA_X"), "(unset)");
    ck_assert_uint_eq(http_server_count(server, "GET", "/status"), 1);
    sluice_value_free(info);
    answer.body = "{\"other\":1}";
    ck_assert_int_eq(sluice_client_info(client, 20, &info, &error), SLUICE_INVALID);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* ---- mutate ---- */

static const char data[] = "{\"data\": {\"docs\": [{\"id\": \"a\"}]}}";

static bool give_graphql(struct http_exchange *exchange, const struct http_request *request, void *context)
{
    (void)request;
    (void)context;
    http_send_text(exchange, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nX-One:  first \r\nx-empty:\r\n"
                             "content-length: 33\r\n\r\n");
    http_send_text(exchange, data);
    return true;
}

/* A client of any protocol mutates over HTTP at the same host and port. */
START_TEST(mutate)
{
    static const char *const protocols[] = {"http", "grpc"};
    struct http_server *server = http_server_start(&(struct http_script){.handler = give_graphql});
    sluice_client_options client_options = sluice_client_options_default();
    client_options.host = "127.0.0.1";
    client_options.port = http_server_port(server);
    client_options.protocol = protocols[_i];
    sluice_client *client = http_client_with(&client_options);
    sluice_mutate_options options = sluice_mutate_options_default();
    sluice_metadata headers[] = {
        {"authorization", "Bearer x", 0},
        {"X-Empty",       "",         0}
    };
    sluice_mutation *answer = NULL;
    sluice_error error = {0};
    char value[128];

    options.variables_json = "{\"d\": [1, 2.50, \"\\u00fc\"]}";
    options.operation_name = "Op";
    options.headers = headers;
    options.header_count = 2;
    options.timeout_seconds = 20;
    ck_assert_msg(sluice_client_mutate(client, "mutation Op { docs(data: \"\xc3\xbc\\n\") { id } }", &options, &answer,
                                       &error) == SLUICE_OK,
                  "%s", error.text);
    ck_assert_str_eq(sluice_mutation_json(answer).data, data);
    ck_assert_uint_eq(sluice_mutation_json(answer).size, strlen(data));
    ck_assert_uint_eq(sluice_mutation_header_count(answer), 4);
    ck_assert_int_eq(strncmp(sluice_mutation_header(answer, "x-ONE").data, "first", 5), 0);
    ck_assert_uint_eq(sluice_mutation_header(answer, "x-one").size, 5);
    ck_assert_uint_eq(sluice_mutation_header(answer, "x-empty").size, 0);
    ck_assert_uint_eq(sluice_mutation_header(answer, "x-none").size, 0);
    ck_assert_uint_eq(sluice_mutation_header_at(answer, 3).name.size, strlen("content-length"));
    ck_assert_uint_eq(sluice_mutation_header_at(answer, 4).name.size, 0);
    sluice_mutation_free(answer);

    const struct http_request *request = http_server_request(server, "POST", "/graphql", 0);
    ck_assert_str_eq(request->body, "{\"query\": \"mutation Op { docs(data: \\\"\xc3\xbc\\\\n\\\") { id } }\", "
                                    "\"variables\": {\"d\": [1, 2.50, \"\\u00fc\"]}, \"operationName\": \"Op\"}");
    ck_assert_str_eq(http_header(request, "authorization", value, sizeof value), "Bearer x");
    ck_assert_str_eq(http_header(request, "content-type", value, sizeof value), "application/json; charset=utf-8");
    ck_assert_str_eq(http_header(request, "accept", value, sizeof value), "application/json; charset=utf-8");
    ck_assert_ptr_nonnull(strstr(request->head, "X-Empty:"));

    /* Without anything; nobody wants the answer. */
    ck_assert_int_eq(sluice_client_mutate(client, "{ docs { id } }", NULL, NULL, &error), SLUICE_OK);
    ck_assert_str_eq(http_server_request(server, "POST", "/graphql", 1)->body,
                     "{\"query\": \"{ docs { id } }\", \"variables\": null, \"operationName\": null}");
    ck_assert_uint_eq(http_server_connections(server), 1);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

/* clang-format off */
static const struct {
    struct canned answer;
    sluice_status status;
    bool answered;
    const char *says;
} mutate_rows[] = {
    {{200, json, "{\"data\":null,\"errors\":[{\"message\":\"one\",\"path\":[\"docs\"]},{\"message\":\"two\"}]}"},
     SLUICE_EXECUTOR, true, "one; two"},
    {{200, json, "{\"data\":null,\"errors\":[{\"message\":\"no such field\",\"locations\":[{\"line\":1,\"column\":3}]}]}"},
     SLUICE_INVALID, true, "no such field"},
    {{200, json, "{\"errors\":[{}]}"}, SLUICE_INVALID, true, "an error"},
    {{200, json, "{\"data\":{},\"errors\":[]}"}, SLUICE_OK, true, ""},
    {{200, json, "{\"data\":{},\"errors\":null}"}, SLUICE_OK, true, ""},
    {{200, "text/plain", "{\"data\":{}}"}, SLUICE_OK, true, ""},
    {{200, json, "{}"}, SLUICE_INVALID, true, "neither data nor errors"},
    {{200, json, "nothing"}, SLUICE_INVALID, true, "cannot be read"},
    {{404, json, "{\"detail\":\"Not Found\"}"}, SLUICE_NOT_FOUND, false, "expose_graphql_endpoint"},
    {{400, "text/plain", "No GraphQL query found in the request"}, SLUICE_INVALID, false, "No GraphQL query found"},
    {{400, json, "{\"data\":null,\"errors\":[{\"message\":\"three\"},{\"message\":\"four\"}]}"}, SLUICE_INVALID, false,
     "three; four"},
    {{415, "text/plain", "Unsupported Media Type"}, SLUICE_INVALID, false, "Unsupported Media Type"},
    {{500, "text/plain", "Internal Server Error"}, SLUICE_INTERNAL, false, "status 500"},
};
/* clang-format on */

START_TEST(mutate_errors)
{
    struct canned given = mutate_rows[_i].answer;
    struct http_server *server = http_server_start(&(struct http_script){.handler = give, .context = &given});
    sluice_client *client = http_client(server);
    sluice_mutation *answer = NULL;
    sluice_error error = {0};
    sluice_status status = sluice_client_mutate(client, "{ docs { id } }", NULL, &answer, &error);
    ck_assert_msg(status == mutate_rows[_i].status, "%s: %s", sluice_status_name(status), error.text);
    assert_says(error.text, mutate_rows[_i].says);
    ck_assert_int_eq(answer != NULL, mutate_rows[_i].answered);
    if (answer != NULL)
        ck_assert_str_eq(sluice_mutation_json(answer).data, given.body);
    sluice_mutation_free(answer);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

START_TEST(mutate_refuses)
{
    struct http_server *server = http_server_start(&(struct http_script){.handler = give_graphql});
    sluice_client *client = http_client(server);
    sluice_value *map = sluice_value_new_map();
    sluice_mutation *answer = NULL;
    sluice_error error = {0};
    sluice_mutate_options options = sluice_mutate_options_default();

    ck_assert_int_eq(sluice_client_mutate(client, NULL, NULL, &answer, &error), SLUICE_INVALID);
    ck_assert_int_eq(sluice_client_mutate(client, " \n", NULL, &answer, &error), SLUICE_INVALID);
    assert_says(error.text, "empty");
    ck_assert_int_eq(sluice_client_mutate(client, "\xff", NULL, &answer, &error), SLUICE_INVALID);
    assert_says(error.text, "UTF-8");
    options.variables_json = "[1]";
    ck_assert_int_eq(sluice_client_mutate(client, "{a}", &options, &answer, &error), SLUICE_INVALID);
    assert_says(error.text, "no JSON object");
    options.variables_json = "{\"a\": 1";
    ck_assert_int_eq(sluice_client_mutate(client, "{a}", &options, &answer, &error), SLUICE_INVALID);
    options.variables_json = "{}";
    options.variables = map;
    ck_assert_int_eq(sluice_client_mutate(client, "{a}", &options, &answer, &error), SLUICE_INVALID);
    assert_says(error.text, "not both");
    options.variables_json = NULL;
    options.timeout_seconds = -1;
    ck_assert_int_eq(sluice_client_mutate(client, "{a}", &options, &answer, &error), SLUICE_INVALID);
    options.timeout_seconds = 0;
    options.headers = &(sluice_metadata){"content-length", "7", 0};
    options.header_count = 1;
    ck_assert_int_eq(sluice_client_mutate(client, "{a}", &options, &answer, &error), SLUICE_INVALID);
    assert_says(error.text, "sets this header itself");
    options.headers = NULL;
    options.header_count = 0;
    options.struct_size = sizeof options + 1;
    ck_assert_int_eq(sluice_client_mutate(client, "{a}", &options, &answer, &error), SLUICE_INVALID);
    options.struct_size = sizeof options;
    ck_assert_uint_eq(http_server_count(server, NULL, NULL), 0);

    sluice_value_set_number(map, "n", 2);
    ck_assert_int_eq(sluice_client_mutate(client, "{a}", &options, NULL, &error), SLUICE_OK);
    assert_says(http_server_request(server, "POST", "/graphql", 0)->body, "\"variables\": {\"n\":2.0}");
    sluice_value_free(map);
    sluice_client_free(client);
    http_server_stop(server);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, readiness, 0, sizeof ready_rows / sizeof *ready_rows);
    tcase_add_test(test, health);
    tcase_add_test(test, information);
    tcase_add_loop_test(test, mutate, 0, 2);
    tcase_add_loop_test(test, mutate_errors, 0, sizeof mutate_rows / sizeof *mutate_rows);
    tcase_add_test(test, mutate_refuses);
}

int main(void)
{
    return http_kit_run("client.http_service", add);
}
