/* Readiness, health, info, profile; and the options of a client. */
#include "tests/unit/client/kit.h"

#include <stdlib.h>
#include <string.h>

static struct server *server;
static sluice_client *client;
static sluice_error error;

static void begin(const struct server_script *script)
{
    server = server_start(script, 0);
    client = kit_client(server);
    memset(&error, 0, sizeof error);
}

static void end(void)
{
    sluice_client_free(client);
    server_stop(server);
}

static void expect_method(const char *method)
{
    char called[96];
    server_method(server, 0, called, sizeof called);
    ck_assert_str_eq(called, method);
}

START_TEST(ready)
{
    begin(&(struct server_script){.plain = "", .plain_size = 0});
    ck_assert_int_eq(sluice_client_is_flow_ready(client, 5, &error), SLUICE_OK);
    expect_method("/jina.JinaGatewayDryRunRPC/dry_run");
    ck_assert(server_has_deadline(server, 0));
    end();
}
END_TEST

START_TEST(not_ready)
{
    static const char status[] = "\x08\x01\x12\x04gone";
    begin(&(struct server_script){.plain = status, .plain_size = sizeof status - 1});
    ck_assert_int_eq(sluice_client_is_flow_ready(client, 0, &error), SLUICE_EXECUTOR);
    ck_assert_ptr_nonnull(strstr(error.text, "gone"));
    end();
}
END_TEST

START_TEST(nobody_there)
{
    begin(&(struct server_script){.fail_calls = 9, .fail_code = 14, .fail_text = "away"});
    sluice_health health;
    sluice_value *info;
    ck_assert_int_eq(sluice_client_is_flow_ready(client, 5, &error), SLUICE_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(error.text, "away"));
    ck_assert_int_eq(sluice_client_health(client, NULL, 5, &health, &error), SLUICE_UNAVAILABLE);
    ck_assert_int_eq(sluice_client_info(client, 5, &info, &error), SLUICE_UNAVAILABLE);
    end();
}
END_TEST

START_TEST(a_silent_server_times_out)
{
    begin(&(struct server_script){.hold = true});
    ck_assert_int_eq(sluice_client_is_flow_ready(client, 0.05, &error), SLUICE_TIMEOUT);
    end();
}
END_TEST

START_TEST(healths)
{
    static const struct {
        const char *bytes;
        size_t size;
        sluice_health health;
    } answers[] = {
        {"",         0, SLUICE_HEALTH_UNKNOWN    },
        {"\x08\x01", 2, SLUICE_HEALTH_SERVING    },
        {"\x08\x02", 2, SLUICE_HEALTH_NOT_SERVING},
        {"\x08\x03", 2, SLUICE_HEALTH_UNKNOWN    },
    };
    uint8_t bytes[32];
    sluice_health health;
    begin(&(struct server_script){.plain = answers[_i].bytes, .plain_size = answers[_i].size});
    ck_assert_int_eq(sluice_client_health(client, "jina.JinaRPC", 5, &health, &error), SLUICE_OK);
    ck_assert_int_eq(health, answers[_i].health);
    expect_method("/grpc.health.v1.Health/Check");
    ck_assert_uint_eq(server_message(server, 0, bytes, sizeof bytes), 14);
    ck_assert_mem_eq(bytes, "\x0a\x0cjina.JinaRPC", 14);
    ck_assert_int_eq(sluice_client_health(client, NULL, 5, &health, &error), SLUICE_OK);
    ck_assert_uint_eq(server_message(server, 1, bytes, sizeof bytes), 0);
    end();
}
END_TEST

START_TEST(unknown_health)
{
    sluice_health health;
    begin(&(struct server_script){.fail_calls = 1, .fail_code = 5});
    ck_assert_int_eq(sluice_client_health(client, "x", 5, &health, &error), SLUICE_NOT_FOUND);
    end();
}
END_TEST

START_TEST(info)
{
    static const char bytes[] = "\x0a\x0e\x0a\x04jina\x12\x06"
                                "3.34.0"
                                "\x12\x06\x0a\x01"
                                "E"
                                "\x12\x01"
                                "v";
    sluice_value *map;
    begin(&(struct server_script){.plain = bytes, .plain_size = sizeof bytes - 1});
    ck_assert_int_eq(sluice_client_info(client, 5, &map, &error), SLUICE_OK);
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(sluice_value_get(map, "jina"), "jina")), "3.34.0"));
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(sluice_value_get(map, "envs"), "E")), "v"));
    expect_method("/jina.JinaInfoRPC/_status");
    sluice_value_free(map);
    end();
}
END_TEST

START_TEST(answers_that_are_none)
{
    sluice_value *map;
    sluice_health health;
    begin(&(struct server_script){.plain = "\xff", .plain_size = 1});
    ck_assert_int_eq(sluice_client_info(client, 5, &map, &error), SLUICE_INVALID);
    ck_assert_int_eq(sluice_client_health(client, NULL, 5, &health, &error), SLUICE_INVALID);
    ck_assert_int_eq(sluice_client_is_flow_ready(client, 5, &error), SLUICE_INVALID);
    end();
}
END_TEST

START_TEST(a_profile)
{
    sluice_profile profile;
    char *text = NULL;
    size_t size = 0;
    begin(&(struct server_script){0});
    sluice_status status = sluice_client_profile(client, NULL, &profile, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    ck_assert_uint_eq(kit_sent_documents(server, 0), 1);
    ck_assert_double_eq_tol(profile.server_ms, 10, 1e-6);
    ck_assert_uint_eq(profile.executor_count, 1);
    ck_assert_str_eq(profile.executors[0].name, "encoder");
    ck_assert_double_eq_tol(profile.executors[0].ms, 7, 1e-6);
    ck_assert_double_eq_tol(profile.gateway_executors_network_ms, 3, 1e-6);
    ck_assert_double_eq_tol(profile.client_server_network_ms, profile.roundtrip_ms - 10, 1e-6);
    profile.roundtrip_ms = 20;
    profile.client_server_network_ms = 10;
    FILE *file = open_memstream(&text, &size);
    sluice_profile_print(&profile, file);
    fclose(file);
    ck_assert_str_eq(text, "Roundtrip  20.0 ms  100%\n"
                           "├── Client-server network  10.0 ms  50%\n"
                           "└── Server  10.0 ms  50%\n"
                           "    ├── Gateway-executors network  3.0 ms  30%\n"
                           "    └── encoder  7.0 ms  70%\n");
    free(text);
    profile.server_ms = profile.roundtrip_ms = 0; /* no division by zero */
    file = open_memstream(&text, &size);
    sluice_profile_print(&profile, file);
    fclose(file);
    ck_assert_ptr_null(strstr(text, "nan"));
    ck_assert_ptr_null(strstr(text, "inf"));
    free(text);
    sluice_profile_done(&profile);
    end();
}
END_TEST

START_TEST(routes_as_a_table)
{
    char *text = NULL;
    size_t size = 0;
    sluice_results *results;
    sluice_post_options options = sluice_post_options_default();
    options.return_responses = true;
    begin(&(struct server_script){0});
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), &options, &results, &error), SLUICE_OK);
    FILE *file = open_memstream(&text, &size);
    sluice_response_print_routes(sluice_results_response(results, 0), file);
    fclose(file);
    ck_assert_str_eq(text, "  executor                   start ms    took ms\n"
                           "+ gateway                         0.0       10.0\n"
                           "+ encoder                         2.0        7.0\n");
    free(text);
    sluice_results_free(results);
    end();
}
END_TEST

START_TEST(client_options)
{
    sluice_client_options options;
    memset(&options, 0, sizeof options); /* zeroed is default */
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_OK);
    sluice_address address = sluice_client_address(client);
    ck_assert_str_eq(address.protocol, "grpc");
    ck_assert_str_eq(address.host, "0.0.0.0");
    ck_assert_int_eq(address.port, 80);
    ck_assert(!address.tls);
    sluice_client_free(client);
    ck_assert_int_eq(sluice_client_new(NULL, &client, &error), SLUICE_OK);
    sluice_client_free(client);
    sluice_client_free(NULL);

    options.host = "grpc://h:1";
    options.port_given = true;
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "port");
    ck_assert_int_eq(sluice_client_open("http://h", &client, &error), SLUICE_OK);
    ck_assert_str_eq(sluice_client_address(client).protocol, "http");
    sluice_client_free(client);
    ck_assert_int_eq(sluice_client_open("ws://h", &client, &error), SLUICE_OK);
    ck_assert_str_eq(sluice_client_address(client).protocol, "websocket");
    sluice_client_free(client);
    ck_assert_int_eq(sluice_client_open("grpcs://h", &client, &error), SLUICE_OK);
    ck_assert(sluice_client_address(client).tls);
    sluice_client_free(client);
    options = sluice_client_options_default();
    options.reconnect_backoff_ms = -1;
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_INVALID);
    options = sluice_client_options_default();
    options.max_connections = -1;
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "max_connections");
    options = sluice_client_options_default();
    options.struct_size = sizeof options + 8;
    ck_assert_int_eq(sluice_client_new(&options, &client, &error), SLUICE_INVALID);
}
END_TEST

START_TEST(options_of_tls)
{
    static const struct {
        sluice_client_options options;
        const char *where;
    } rows[] = {
        {{.host = "h", .tls_ca_file = "ca.pem"},                                      "tls_ca_file"         },
        {{.host = "grpc://h", .tls_insecure = true},                                  "tls_insecure"        },
        {{.host = "h", .tls_certificate_file = "c.pem", .tls_key_file = "c.key"},     "tls_certificate_file"},
        {{.host = "h", .tls_key_file = "c.key"},                                      "tls_key_file"        },
        {{.host = "grpcs://h", .tls_key_file = "c.key"},                              "tls_key_file"        },
        {{.host = "grpcs://h", .tls_certificate_file = "c.pem"},                      "tls_certificate_file"},
        {{.host = "grpcs://h", .tls_insecure = true, .tls_ca_file = "ca.pem"},        "tls_insecure"        },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ck_assert_int_eq(sluice_client_new(&rows[i].options, &client, &error), SLUICE_INVALID);
        ck_assert_str_eq(error.where, rows[i].where);
    }
    sluice_client_options missing = {.host = "grpcs://h", .tls_ca_file = "/none/ca.pem"};
    ck_assert_int_eq(sluice_client_new(&missing, &client, &error), SLUICE_NOT_FOUND);
    ck_assert_str_eq(error.where, "/none/ca.pem");
    sluice_client_options trial = {.host = "h", .tls = true, .tls_insecure = true};
    ck_assert_int_eq(sluice_client_new(&trial, &client, &error), SLUICE_OK);
    ck_assert_int_eq(sluice_client_address(client).port, 443);
    sluice_client_free(client);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_test(test, ready);
    tcase_add_test(test, not_ready);
    tcase_add_test(test, nobody_there);
    tcase_add_test(test, a_silent_server_times_out);
    tcase_add_loop_test(test, healths, 0, 4);
    tcase_add_test(test, unknown_health);
    tcase_add_test(test, info);
    tcase_add_test(test, answers_that_are_none);
    tcase_add_test(test, a_profile);
    tcase_add_test(test, routes_as_a_table);
    tcase_add_test(test, client_options);
    tcase_add_test(test, options_of_tls);
}

int main(void)
{
    return kit_run("client.service", add);
}
