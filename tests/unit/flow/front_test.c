/* The keys of the fronts: protocols and ports, TLS, HTTP and its exposed endpoints. */
#include "tests/unit/flow/kit.h"

#include <stdio.h>
#include <string.h>

#define SECOND 1000000000ull
#define FLOW "jtype: Flow\ngateway:\n"

START_TEST(protocols_and_ports_are_lists)
{
    static const struct {
        const char *gateway;
        size_t count;
        struct flow_front fronts[3];
    } rows[] = {
        {"  protocol: http\n",                                      1, {{FLOW_HTTP, 0}}                                     },
        {"  protocol: WebSocket\n  port: 51000\n",                  1, {{FLOW_WEBSOCKET, 51000}}                            },
        {"  protocols: [grpc, http, websocket]\n",                  3, {{FLOW_GRPC, 0}, {FLOW_HTTP, 0}, {FLOW_WEBSOCKET, 0}}},
        {"  protocol: [grpc, http]\n  port: 0\n",                   2, {{FLOW_GRPC, 0}, {FLOW_HTTP, 0}}                     },
        {"  protocol: [grpc, http]\n  port: []\n",                  2, {{FLOW_GRPC, 0}, {FLOW_HTTP, 0}}                     },
        {"  protocol: [http, grpc]\n  port: [0, 51000]\n",          2, {{FLOW_HTTP, 0}, {FLOW_GRPC, 51000}}                 },
        {"  protocol: [http, http]\n  ports: ['51001', '51000']\n", 2, {{FLOW_HTTP, 51001}, {FLOW_HTTP, 51000}}             },
        {"  protocol: [http]\n  port: 51000\n",                     1, {{FLOW_HTTP, 51000}}                                 },
        {"  port: [51000]\n",                                       1, {{FLOW_GRPC, 51000}}                                 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, FLOW "%s", rows[i].gateway);
        struct kit kit = {0};
        kit_load(&kit, text);
        ck_assert_msg(kit.report.count == 0, "%s: %s", text, kit_lines(&kit));
        const struct flow_gateway *gateway = &kit.flow->gateway;
        ck_assert_uint_eq(gateway->front_count, rows[i].count);
        for (size_t k = 0; k < rows[i].count; k++) {
            ck_assert_int_eq(gateway->fronts[k].protocol, rows[i].fronts[k].protocol);
            ck_assert_uint_eq(gateway->fronts[k].port, rows[i].fronts[k].port);
        }
        kit_expect_round_trip(kit.flow);
        kit_done(&kit);
    }
}
END_TEST

/* What the recorded Flow gateway-section has; the original serves gRPC and HTTP on the gateway's own ports. */
START_TEST(a_list_of_the_gateway_wins_over_with)
{
    struct kit kit = {0};
    kit_load(&kit, "jtype: Flow\nwith: {port: 54992, protocol: http}\n"
                   "gateway: {port: [54149, 54991], protocol: [grpc, http]}\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_uint_eq(kit.flow->gateway.front_count, 2);
    ck_assert_int_eq(kit.flow->gateway.fronts[0].protocol, FLOW_GRPC);
    ck_assert_uint_eq(kit.flow->gateway.fronts[1].port, 54991);
    kit_done(&kit);
}
END_TEST

START_TEST(protocols_and_ports_must_fit)
{
    kit_expect(FLOW "  protocol: [grpc, http]\n  port: 5\n",
               "f.yml:4:9: error: 2 protocols and 1 port; each protocol needs its own port, or give none for free "
               "ones\n");
    kit_expect(FLOW "  port: [5, 6]\n", "f.yml:3:9: error: 1 protocol and 2 ports; each protocol needs its own port, "
                                        "or give none for free ones\n");
    kit_expect(FLOW "  protocol: [grpc, http]\n  port: [5, 5]\n",
               "f.yml:4:13: error: the port 5 is given twice; each protocol needs its own\n");
    kit_expect(FLOW "  protocol: [grpc, htpp]\n",
               "f.yml:3:13: error: gateway: \"protocol\" must be GRPC, HTTP or WEBSOCKET, or a list of these, not a "
               "list\n");
    kit_expect(FLOW "  protocol: [grpc, grpc, grpc, grpc, grpc, grpc, grpc, grpc]\n", "");
    kit_expect(FLOW "  protocol: [grpc, grpc, grpc, grpc, grpc, grpc, grpc, grpc, grpc]\n",
               "f.yml:3:13: error: 9 protocols are too many: at most 8\n");
}
END_TEST

START_TEST(one_key_can_be_changed_from_outside)
{
    const char *const overrides[] = {"gateway.protocol=http", NULL};
    struct kit kit = {.options = {.overrides = overrides}};
    kit_load(&kit, "jtype: Flow\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_int_eq(kit.flow->gateway.fronts[0].protocol, FLOW_HTTP);
    kit_done(&kit);
    const char *const lists[] = {"protocol=[http, websocket]", "port=[51000, 51001]", "cors=true", NULL};
    kit = (struct kit){.options = {.overrides = lists}};
    kit_load(&kit, "jtype: Flow\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_uint_eq(kit.flow->gateway.fronts[1].port, 51001);
    ck_assert(kit.flow->gateway.http.cors);
    kit_done(&kit);
}
END_TEST

START_TEST(http_has_defaults)
{
    struct kit kit = {0};
    kit_load(&kit, "jtype: Flow\nwith: {title: '', description: ~}\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    const struct flow_http *http = &kit.flow->gateway.http;
    ck_assert_str_eq(http->title, "My Jina Service");
    ck_assert_uint_gt(strlen(http->description), 20);
    ck_assert(!http->cors && !http->no_debug_endpoints && !http->no_crud_endpoints && !http->expose_graphql_endpoint);
    ck_assert(!http->compress_answers);
    ck_assert_uint_eq(http->workers, 0);
    ck_assert_uint_eq(http->max_connections, 4096);
    ck_assert_uint_eq(http->max_header_bytes, 12288);
    ck_assert_uint_eq(http->head_timeout_ns, 30 * SECOND);
    ck_assert_uint_eq(http->idle_timeout_ns, 60 * SECOND);
    ck_assert_uint_eq(http->body_timeout_ns, 30 * SECOND);
    ck_assert_uint_eq(http->linger_timeout_ns, 3 * SECOND);
    ck_assert_uint_eq(http->body_rate, 1024);
    ck_assert_uint_eq(http->exposed_count, 0);
    ck_assert_ptr_null(kit.flow->gateway.tls.certfile);
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
}
END_TEST

START_TEST(every_setting_of_http_is_read)
{
    struct kit kit = {0};
    kit_load(&kit, "jtype: Flow\nwith: {title: \"a \\\"b\\\"\\n\", cors: true, no_debug_endpoints: true, "
                   "expose_graphql_endpoint: true}\n"
                   "gateway: {description: 7, no_crud_endpoints: true, compress_answers: true, json_workers: 256}\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    const struct flow_http *http = &kit.flow->gateway.http;
    ck_assert_str_eq(http->title, "a \"b\"\n");
    ck_assert_str_eq(http->description, "7");
    ck_assert(http->cors && http->no_debug_endpoints && http->no_crud_endpoints && http->expose_graphql_endpoint);
    ck_assert(http->compress_answers);
    ck_assert_uint_eq(http->workers, 256);
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
    kit_expect(FLOW "  json_workers: 257\n",
               "f.yml:3:17: error: gateway: \"json_workers\" must be an integer from 0 to 256, not 257\n");
    kit_expect(FLOW "  cors: maybe\n", "f.yml:3:9: error: gateway: \"cors\" must be true or false, not \"maybe\"\n");
}
END_TEST

START_TEST(limits_of_http_are_read_up_to_their_edges)
{
    struct kit kit = {0};
    kit_load(&kit, FLOW "  http_max_connections: 1\n  http_max_header_bytes: 1MiB\n  http_head_timeout: 1\n"
                        "  http_idle_timeout: 2\n  http_body_timeout: 3\n  http_linger_timeout: 2147483647\n"
                        "  http_body_rate: 0\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    const struct flow_http *http = &kit.flow->gateway.http;
    ck_assert_uint_eq(http->max_connections, 1);
    ck_assert_uint_eq(http->max_header_bytes, 1 << 20);
    ck_assert_uint_eq(http->head_timeout_ns, SECOND / 1000);
    ck_assert_uint_eq(http->idle_timeout_ns, 2 * SECOND / 1000);
    ck_assert_uint_eq(http->body_timeout_ns, 3 * SECOND / 1000);
    ck_assert_uint_eq(http->linger_timeout_ns, 2147483647 * (SECOND / 1000));
    ck_assert_uint_eq(http->body_rate, 0);
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);

    static const char *const keys[] = {"http_head_timeout", "http_idle_timeout", "http_body_timeout",
                                       "http_linger_timeout"};
    char text[200], line[300];
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        snprintf(text, sizeof text, FLOW "  %s: 0\n", keys[i]);
        snprintf(line, sizeof line,
                 "f.yml:3:%zu: error: gateway: \"%s\" must be milliseconds, an integer from 1 to 2147483647, not 0\n",
                 strlen(keys[i]) + 5, keys[i]);
        kit_expect(text, line);
    }
    kit_expect(FLOW "  http_max_connections: 0\n",
               "f.yml:3:25: error: gateway: \"http_max_connections\" must be an integer from 1 to 1048576, not 0\n");
    kit_expect(FLOW "  http_max_header_bytes: 1048577\n",
               "f.yml:3:26: error: gateway: \"http_max_header_bytes\" must be a number of bytes (such as 1048576 or "
               "64MiB) from 256 to 1048576, not 1048577\n");
}
END_TEST

static void look_at_exposed(const char *text)
{
    struct kit kit = {0};
    kit_load(&kit, text);
    ck_assert_str_eq(kit_lines(&kit), "");
    const struct flow_http *http = &kit.flow->gateway.http;
    ck_assert_uint_eq(http->exposed_count, 3);
    const struct flow_exposed_endpoint *exposed = http->exposed;
    ck_assert_str_eq(exposed[0].endpoint, "/describe");
    ck_assert_str_eq(exposed[0].path, "/describe");
    ck_assert_str_eq(exposed[0].methods[0], "POST");
    ck_assert_ptr_null(exposed[0].methods[1]);
    ck_assert_str_eq(exposed[0].tags[0], "Customized");
    ck_assert_ptr_null(exposed[0].summary);
    ck_assert_ptr_null(exposed[0].description);
    ck_assert_str_eq(exposed[1].path, "/stats");
    ck_assert_str_eq(exposed[1].endpoint, "/result");
    ck_assert_str_eq(exposed[1].methods[0], "GET");
    ck_assert_str_eq(exposed[1].methods[1], "POST");
    ck_assert_ptr_null(exposed[1].methods[2]);
    ck_assert_str_eq(exposed[2].summary, "Show \"parameters\"");
    ck_assert_str_eq(exposed[2].description, "All");
    ck_assert_str_eq(exposed[2].tags[0], "Own");
    ck_assert_ptr_null(exposed[2].tags[1]);
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
}

START_TEST(endpoints_are_exposed_by_map_or_json)
{
    look_at_exposed(FLOW
                    "  expose_endpoints:\n    /describe: {}\n    /result: {http_path: /stats, methods: [get, POST]}\n"
                    "    /params:\n      summary: Show \"parameters\"\n      description: All\n      tags: Own\n");
    look_at_exposed(FLOW
                    "  expose_endpoints: '{\"/describe\": null, \"/result\": {\"http_path\": \"/stats\", \"methods\": "
                    "[\"GET\", \"POST\"]}, \"/params\": {\"summary\": \"Show \\\"parameters\\\"\", \"description\": "
                    "\"All\", \"tags\": [\"Own\"], \"methods\": \"post\"}}'\n");
    kit_expect(FLOW "  expose_endpoints: ''\n", "");
    kit_expect(FLOW "  expose_endpoints: {}\n", "");
}
END_TEST

START_TEST(exposed_endpoints_are_checked)
{
    static const struct {
        const char *exposed, *lines;
    } rows[] = {
        {"[/a]",
         "f.yml:3:21: error: gateway: \"expose_endpoints\" must be a map, or a text with one as JSON, not a list\n"},
        {"'5 apples'",
         "f.yml:3:21: error: \"expose_endpoints\" must be a map of endpoints, or JSON of one, not a text\n"        },
        {"{/a: 5}",
         "f.yml:3:26: error: expose_endpoints \"/a\" must be a map of settings, which may be empty, not a number\n"},
        {"{/a: {http_path: [/b]}}",
         "f.yml:3:38: error: expose_endpoints \"/a\": \"http_path\" must be a text, not a list\n"                  },
        {"{/a: {methods: [GTE]}}",
         "f.yml:3:36: error: expose_endpoints \"/a\": \"GTE\" is no method of HTTP that can be "
         "exposed, did you mean \"GET\"?\n"                                                                        },
        {"{/a: {methods: []}}",
         "f.yml:3:36: error: expose_endpoints \"/a\": \"methods\" must be one method or more, not a list\n"        },
        {"{/a: {tags: [{}]}}",
         "f.yml:3:34: error: expose_endpoints \"/a\": \"tags\" must be a text or a list of texts, not a map\n"     },
        {"{/a: {status_code: 201, sumary: x}}",
         "f.yml:3:27: warning: expose_endpoints \"/a\": \"status_code\" is ignored\n"
         "f.yml:3:45: warning: expose_endpoints \"/a\": \"sumary\" is ignored, did you mean \"summary\"?\n"        },
        {"{a: {}}",
         "f.yml:3:22: warning: expose_endpoints \"a\": the path \"a\" does not begin with a slash, so no request "
         "reaches it; write \"/a\"\n"                                                                              },
        {"{/a: {http_path: '/b/{id}'}}",
         "f.yml:3:22: error: expose_endpoints \"/a\": the path \"/b/{id}\" has a character that "
         "no path may have: spaces, ?, #, { and }\n"                                                               },
        {"{\"/a?b\": {}}",
         "f.yml:3:22: error: expose_endpoints \"/a?b\": the path \"/a?b\" has a character that no path may "
         "have: spaces, ?, #, { and }\n"                                                                           },
        {"{/a: {}, /b: {http_path: /a}}",
         "f.yml:3:30: error: expose_endpoints \"/b\": POST /a is exposed for \"/a\" already\n"                     },
        {"{/a: {}, /b: {http_path: /a, methods: [GET]}}", ""                                                       },
        {"{/index: {}}",                                  ""                                                       },
        {"{/a: {http_path: /index}}",
         "f.yml:3:22: warning: expose_endpoints \"/a\": POST /index is the gateway's own, so no "
         "request reaches this route\n"                                                                            },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, FLOW "  expose_endpoints: %s\n", rows[i].exposed);
        kit_expect(text, rows[i].lines);
    }
    kit_expect(FLOW "  no_crud_endpoints: true\n  expose_endpoints: {/a: {http_path: /index}}\n", "");
}
END_TEST

START_TEST(bad_json_of_exposed_endpoints_is_an_error)
{
    struct kit kit = {0};
    kit_load(&kit, FLOW "  expose_endpoints: '{\"/a\": {'\n");
    ck_assert_int_eq(kit.status, SLUICE_INVALID);
    ck_assert_uint_eq(kit.report.problems[0].place.line, 3);
    kit_done(&kit);
}
END_TEST

/* ---- TLS ---- */

static sluice_status check_file(void *context, const char *path, sluice_error *error)
{
    (void)context;
    return strstr(path, "missing") == NULL ? SLUICE_OK
                                           : sluice_fail(error, SLUICE_NOT_FOUND, path, "cannot be read: No such file");
}

static void expect_tls(const char *text, const char *lines, const char *certfile, const char *ca_certs)
{
    struct kit kit = {.options = {.file = "/flows/f.yml"}, .source = {.check_file = check_file}};
    kit_load(&kit, text);
    ck_assert_str_eq(kit_lines(&kit), lines);
    if (kit.flow != NULL) {
        ck_assert_pstr_eq(kit.flow->gateway.tls.certfile, certfile);
        ck_assert_pstr_eq(kit.flow->gateway.tls.ca_certs, ca_certs);
        ck_assert_pstr_eq(kit.flow->gateway.tls.keyfile, certfile != NULL ? "/keys/key.pem" : NULL);
        kit_expect_round_trip(kit.flow);
    }
    kit_done(&kit);
}

START_TEST(files_of_tls_are_found_beside_the_flow)
{
    expect_tls(FLOW "  ssl_certfile: tls/cert.pem\n  ssl_keyfile: /keys/key.pem\n", "", "/flows/tls/cert.pem", NULL);
    expect_tls("jtype: Flow\nwith: {ssl_certfile: ./cert.pem, ssl_keyfile: /keys/key.pem, ssl_ca_certs: ca.pem}\n", "",
               "/flows/cert.pem", "/flows/ca.pem");
    expect_tls(FLOW "  uvicorn_kwargs: {ssl_certfile: cert.pem, ssl_keyfile: /keys/key.pem, ssl_ca_certs: ca.pem}\n",
               "", "/flows/cert.pem", "/flows/ca.pem");
    expect_tls(FLOW "  uvicorn_kwargs: {ssl_certfile: cert.pem, loop: asyncio}\n  ssl_keyfile: /keys/key.pem\n",
               "/flows/f.yml:3:44: warning: uvicorn_kwargs: \"loop\" is ignored: about the original's HTTP server\n",
               "/flows/cert.pem", NULL);
    expect_tls(FLOW "  ssl_certfile: ''\n  ssl_keyfile: ~\n", "", NULL, NULL);
}
END_TEST

START_TEST(files_of_tls_are_checked)
{
    expect_tls(FLOW "  ssl_certfile: missing.pem\n  ssl_keyfile: /keys/missing.pem\n  ssl_ca_certs: ca.pem\n",
               "/flows/f.yml:3:17: error: \"ssl_certfile\": the file /flows/missing.pem cannot be read: No such file\n"
               "/flows/f.yml:4:16: error: \"ssl_keyfile\": the file /keys/missing.pem cannot be read: No such file\n",
               NULL, NULL);
    expect_tls(FLOW "  ssl_certfile: cert.pem\n",
               "/flows/f.yml:3:17: error: \"ssl_certfile\" is given and \"ssl_keyfile\" is not; TLS needs both\n", NULL,
               NULL);
    expect_tls(FLOW "  ssl_keyfile: key.pem\n",
               "/flows/f.yml:3:16: error: \"ssl_keyfile\" is given and \"ssl_certfile\" is not; TLS needs both\n", NULL,
               NULL);
    expect_tls(FLOW "  ssl_ca_certs: ca.pem\n",
               "/flows/f.yml:3:17: error: \"ssl_ca_certs\" asks clients for certificates, which needs TLS: give "
               "\"ssl_certfile\" and \"ssl_keyfile\" too\n",
               NULL, NULL);
    expect_tls(FLOW "  ssl_certfile: a.pem\n  ssl_keyfile: b.pem\n  uvicorn_kwargs: {ssl_keyfile: c.pem}\n",
               "/flows/f.yml:5:33: error: \"ssl_keyfile\" stands at the gateway and in \"uvicorn_kwargs\"; give one\n",
               NULL, NULL);
    expect_tls(FLOW "  uvicorn_kwargs: {ssl_certfile: [a]}\n",
               "/flows/f.yml:3:34: error: uvicorn_kwargs: \"ssl_certfile\" must be a text, not a list\n", NULL, NULL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {protocols_and_ports_are_lists,
                                  a_list_of_the_gateway_wins_over_with,
                                  protocols_and_ports_must_fit,
                                  one_key_can_be_changed_from_outside,
                                  http_has_defaults,
                                  every_setting_of_http_is_read,
           limits_of_http_are_read_up_to_their_edges,
                                  endpoints_are_exposed_by_map_or_json,
                                  exposed_endpoints_are_checked,
                                  bad_json_of_exposed_endpoints_is_an_error,
                                  files_of_tls_are_found_beside_the_flow,
                                  files_of_tls_are_checked,
                                  NULL};
    return kit_run("front", tests);
}
