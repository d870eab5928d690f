#include "tests/unit/flow/kit.h"

#include <stdio.h>
#include <string.h>

START_TEST(the_smallest_flow_has_all_defaults)
{
    struct kit kit = {.options = {.file = "/some/flow.yml"}};
    kit_load(&kit, "jtype: Flow\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    const struct flow *flow = kit.flow;
    ck_assert_uint_eq(flow->executor_count, 0);
    ck_assert(flow->graph.chain);
    ck_assert_uint_eq(flow->graph.origin_count, 0);
    ck_assert_ptr_null(flow->name);
    ck_assert_ptr_null(flow->workspace);
    ck_assert_str_eq(flow->file, "/some/flow.yml");
    ck_assert_int_eq(flow->on_crash_loop, FLOW_ON_CRASH_LOOP_KEEP);
    ck_assert_uint_eq(flow->crash_loop_limit, 5);
    const struct flow_gateway *gateway = &flow->gateway;
    ck_assert_str_eq(gateway->name, "gateway");
    ck_assert_str_eq(gateway->host, "127.0.0.1");
    ck_assert_uint_eq(gateway->front_count, 1);
    ck_assert_int_eq(gateway->fronts[0].protocol, FLOW_GRPC);
    ck_assert_uint_eq(gateway->fronts[0].port, 0);
    ck_assert_uint_eq(gateway->prefetch, 1000);
    ck_assert_uint_eq(gateway->timeout_send_ns, 0);
    ck_assert_uint_eq(gateway->timeout_ready_ns, 600000000000);
    ck_assert_uint_eq(gateway->drain_timeout_ns, 10000000000);
    ck_assert(!gateway->compatibility_3_5);
    ck_assert_uint_eq(gateway->limits.max_message_bytes, 1 << 30);
    ck_assert_uint_eq(gateway->limits.max_bytes_in_flight, (uint64_t)2 << 30);
    ck_assert_uint_eq(gateway->limits.max_in_flight, 16384);
    ck_assert_uint_eq(gateway->limits.max_in_flight_per_client, 4096);
    ck_assert_uint_eq(gateway->limits.max_queue_per_executor, 32768);
    ck_assert_uint_eq(gateway->limits.max_depth, SLUICE_DEFAULT_DEPTH);
    ck_assert_uint_eq(gateway->limits.max_header_bytes, 65536);
    ck_assert_uint_eq(gateway->threads, 0);
    ck_assert_ptr_null(gateway->env[0]);
    kit_expect_round_trip(flow);
    kit_done(&kit);
}
END_TEST

START_TEST(an_executor_has_all_defaults)
{
    struct kit kit = {0};
    kit_load(&kit, "jtype: Flow\nexecutors:\n  - {}\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    const struct flow_executor *executor = &kit.flow->executors[0];
    ck_assert_str_eq(executor->name, "executor0");
    ck_assert_ptr_null(executor->uses);
    ck_assert_ptr_null(executor->plugin);
    ck_assert_str_eq(executor->class_name, "BaseExecutor");
    ck_assert_str_eq(executor->metas_name, "BaseExecutor");
    ck_assert_str_eq(executor->description, "");
    ck_assert_ptr_null(executor->workspace);
    ck_assert_uint_eq(sluice_value_size(executor->uses_with), 0);
    ck_assert_uint_eq(sluice_value_size(executor->uses_requests), 0);
    ck_assert_uint_eq(executor->workers, 1);
    ck_assert_uint_eq(executor->replicas, 1);
    ck_assert_uint_eq(executor->timeout_ready_ns, 600000000000);
    ck_assert_uint_eq(executor->stuck_timeout_ns, 5000000000);
    ck_assert_uint_eq(executor->window_bytes, 256 << 20);
    ck_assert_uint_eq(executor->window_requests, 128);
    ck_assert_uint_eq(executor->needs_count, 1);
    ck_assert(executor->needs[0] == FLOW_START);
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
}
END_TEST

START_TEST(every_setting_of_the_gateway_is_read)
{
    struct kit kit = {0};
    kit_load(&kit,
             "jtype: Flow\n"
             "with: {name: demo, on_crash_loop: STOP, crash_loop_limit: 9, env: {A: 1, B: 'true', C: x, D: 007}}\n"
             "gateway:\n"
             "  name: front\n  host: 0.0.0.0\n  port: 51000\n  protocol: grpc\n  prefetch: 0\n  timeout_send: 250\n"
             "  timeout_ready: -1\n  drain_timeout: 0\n  compatibility: 3.5\n  max_message_bytes: 4MiB\n"
             "  max_bytes_in_flight: 8 GiB\n  max_in_flight: 1\n  max_in_flight_per_client: 2\n"
             "  max_queue_per_executor: 3\n  max_depth: 512\n  max_header_bytes: 256\n  threads: 64\n  env: {X: '1.50'}\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    const struct flow_gateway *gateway = &kit.flow->gateway;
    ck_assert_str_eq(kit.flow->name, "demo");
    ck_assert_int_eq(kit.flow->on_crash_loop, FLOW_ON_CRASH_LOOP_STOP);
    ck_assert_uint_eq(kit.flow->crash_loop_limit, 9);
    static const char *const env[] = {"A", "1", "B", "true", "C", "x", "D", "007"};
    for (size_t i = 0; i < 8; i++)
        ck_assert_str_eq(kit.flow->env[i], env[i]);
    ck_assert_ptr_null(kit.flow->env[8]);
    ck_assert_str_eq(gateway->name, "front");
    ck_assert_str_eq(gateway->host, "0.0.0.0");
    ck_assert_uint_eq(gateway->fronts[0].port, 51000);
    ck_assert_uint_eq(gateway->prefetch, 0);
    ck_assert_uint_eq(gateway->timeout_send_ns, 250000000);
    ck_assert_uint_eq(gateway->timeout_ready_ns, 0);
    ck_assert_uint_eq(gateway->drain_timeout_ns, 0);
    ck_assert(gateway->compatibility_3_5);
    ck_assert_uint_eq(gateway->limits.max_message_bytes, 4 << 20);
    ck_assert_uint_eq(gateway->limits.max_bytes_in_flight, (uint64_t)8 << 30);
    ck_assert_uint_eq(gateway->limits.max_in_flight, 1);
    ck_assert_uint_eq(gateway->limits.max_in_flight_per_client, 2);
    ck_assert_uint_eq(gateway->limits.max_queue_per_executor, 3);
    ck_assert_uint_eq(gateway->limits.max_depth, 512);
    ck_assert_uint_eq(gateway->limits.max_header_bytes, 256);
    ck_assert_uint_eq(gateway->threads, 64);
    ck_assert_str_eq(gateway->env[1], "1.50");
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
}
END_TEST

START_TEST(the_gateway_section_wins_over_with)
{
    struct kit kit = {0};
    kit_load(&kit, "jtype: Flow\nwith: {port: 1, prefetch: 7, host: '::1', timeout_send: 5, workers: 3, timeout_ready: "
                   "10, window_requests: 4}\n"
                   "gateway: {ports: 2}\nexecutors: [{name: a}, {name: b, workers: 2, timeout_ready: 0}]\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_uint_eq(kit.flow->gateway.fronts[0].port, 2);
    ck_assert_uint_eq(kit.flow->gateway.prefetch, 7);
    ck_assert_str_eq(kit.flow->gateway.host, "::1");
    ck_assert_uint_eq(kit.flow->gateway.timeout_send_ns, 5000000);
    ck_assert_uint_eq(kit.flow->gateway.timeout_ready_ns, 10000000);
    ck_assert_uint_eq(kit.flow->executors[0].workers, 3);
    ck_assert_uint_eq(kit.flow->executors[0].timeout_ready_ns, 10000000);
    ck_assert_uint_eq(kit.flow->executors[1].workers, 2);
    ck_assert_uint_eq(kit.flow->executors[1].timeout_ready_ns, 0);
    ck_assert_uint_eq(kit.flow->executors[1].window_requests, 4);
    kit_done(&kit);
}
END_TEST

START_TEST(tags_and_jtype_are_the_same)
{
    kit_expect("!Flow\nversion: 1.0\nexecutors:\n  - name: a\n", "");
    kit_expect("jtype: AsyncFlow\nversion: '1'\n", "");
    kit_expect("{\"jtype\": \"Flow\", \"version\": \"1\", \"executors\": []}", "");
    kit_expect("jtype: Flow\ndeployments:\n  - name: a\n", "");
    kit_expect("!Flow {}\n---\nnot: looked at\n", "");
}
END_TEST

START_TEST(compatibility_is_a_version)
{
    static const struct {
        const char *written;
        bool old;
    } rows[] = {{"3.5", true}, {"'3.4'", true}, {"3.0", true}, {"3.6", false}, {"'3.34'", false}, {"3.10", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "jtype: Flow\ngateway: {compatibility: %s}\n", rows[i].written);
        struct kit kit = {0};
        kit_load(&kit, text);
        ck_assert_str_eq(kit_lines(&kit), "");
        ck_assert_msg(kit.flow->gateway.compatibility_3_5 == rows[i].old, "%s", rows[i].written);
        kit_done(&kit);
    }
    kit_expect("jtype: Flow\ngateway: {compatibility: 2.1}\n",
               "f.yml:2:26: error: \"compatibility\" must be a version of Jina 3, such as \"3.5\", not \"2.1\"\n");
}
END_TEST

/* The table "YAML errors" of the recordings: what the original says late or never, and what we say. */
static const struct {
    const char *text, *lines;
} lets_pass[] = {
    {"", "f.yml:1:1: error: the file is empty; a Flow starts with `jtype: Flow`\n"},
    {"# only a comment\n", "f.yml:1:1: error: the file is empty; a Flow starts with `jtype: Flow`\n"},
    {"[1]\n", "f.yml:1:1: error: a Flow is a map that starts with `jtype: Flow`, not a list\n"},
    {"executors: []\n", "f.yml:1:1: error: a Flow starts with `jtype: Flow`\n"},
    {"jtype: Flwo\n",
     "f.yml:1:8: error: \"Flwo\" is no Flow; a Flow starts with `jtype: Flow`, did you mean \"Flow\"?\n"},
    {"jtype: Deployment\n",
     "f.yml:1:8: error: a stand-alone Deployment is known, but not built yet; `jtype: Flow` is\n"},
    {"jtype: Flow\nversion: 2\n", "f.yml:2:10: error: version 2 of the format is not known; 1 is\n"},
    {"jtype: Flow\nversion: x\n", "f.yml:2:10: error: version x of the format is not known; 1 is\n"},
    {"jtype: Flow\nexecuters: []\n",
     "f.yml:2:1: error: the Flow has no key \"executers\", did you mean \"executors\"?\n"},
    {"jtype: Flow\npods: []\n",
     "f.yml:2:1: error: the Flow has no key \"pods\"; executors are listed under \"executors\"\n"},
    {"jtype: Flow\nmetas: {}\n", "f.yml:2:1: warning: the Flow: \"metas\" is ignored: never had an effect here\n"},
    {"jtype: Flow\njcloud: {}\n", "f.yml:2:1: warning: the Flow: \"jcloud\" is ignored: about a cloud\n"},
    {"jtype: Flow\nexecutors: {a: 1}\n", "f.yml:2:12: error: the Flow: \"executors\" must be a list, not a map\n"},
    {"jtype: Flow\nexecutors: []\ndeployments: []\n",
     "f.yml:3:1: error: the Flow: \"executors\" and \"deployments\" are two names of one key; give one\n"},
    {"jtype: Flow\nwith: {prefech: 1}\n",
     "f.yml:2:8: error: with has no key \"prefech\", did you mean \"prefetch\"?\n"},
    {"jtype: Flow\nwith: {needs: a}\n", "f.yml:2:8: error: with has no key \"needs\"; it belongs on an executor\n"},
    {"jtype: Flow\nwith: {py_modules: x.py}\n",
     "f.yml:2:8: error: with: \"py_modules\" has no place here; it belongs on an executor\n"},
    {"jtype: Flow\nwith: {port: text}\n",
     "f.yml:2:14: error: with: \"port\" must be a port or a list of ports, each from 0 to 65535, not \"text\"\n"},
    {"jtype: Flow\ngateway: {port: 65536}\n",
     "f.yml:2:17: error: gateway: \"port\" must be a port or a list of ports, each from 0 to 65535, not 65536\n"},
    {"jtype: Flow\ngateway: {port: -1}\n",
     "f.yml:2:17: error: gateway: \"port\" must be a port or a list of ports, each from 0 to 65535, not -1\n"},
    {"jtype: Flow\ngateway: {protocol: ftp}\n",
     "f.yml:2:21: error: gateway: \"protocol\" must be GRPC, HTTP or WEBSOCKET, or a list of these, not \"ftp\"\n"},
    {"jtype: Flow\ngateway: {protocol: []}\n",
     "f.yml:2:21: error: the gateway has no protocol; leave \"protocol\" out for GRPC\n"},
    {"jtype: Flow\ngateway: {compression: gzip}\n",
     "f.yml:2:11: warning: gateway: \"compression\" is ignored: the local transport does not compress\n"},
    {"jtype: Flow\ngateway: {compression: zip}\n",
     "f.yml:2:24: error: gateway: \"compression\" must be NoCompression, Deflate or Gzip, not \"zip\"\n"},
    {"jtype: Flow\nwith: {compression: NoCompression, quiet: false, monitoring: false, replicas: 1}\n", ""},
    {"jtype: Flow\nwith: {replicas: 3}\n", "f.yml:2:8: error: with: \"replicas\" (identical processes) is known, "
                                           "but not built yet; it would change answers, so this "
                                           "Flow does not run\n"},
    {"jtype: Flow\nwith: {monitoring: true}\n", "f.yml:2:8: error: with: \"monitoring\" (Prometheus metrics) is "
                                                "known, but not built yet; it would change answers, so this "
                                                "Flow does not run\n"},
    {"jtype: Flow\ngateway: {retries: many}\n",
     "f.yml:2:20: error: gateway: \"retries\" must be an integer from -1 to 2147483647, not \"many\"\n"},
    {"jtype: Flow\ngateway: {timeout_send: -1}\n", ""},
    {"jtype: Flow\ngateway: {port: 1, ports: 2}\n",
     "f.yml:2:20: error: gateway: \"port\" and \"ports\" are two names of one key; give one\n"},
    {"jtype: Flow\ngateway: {max_depth: 513}\n",
     "f.yml:2:22: error: gateway: \"max_depth\" must be an integer from 1 to 512, not 513\n"},
    {"jtype: Flow\ngateway: {max_depth: 0}\n",
     "f.yml:2:22: error: gateway: \"max_depth\" must be an integer from 1 to 512, not 0\n"},
    {"jtype: Flow\ngateway: {max_header_bytes: 255}\n",
     "f.yml:2:29: error: gateway: \"max_header_bytes\" must be a number of bytes (such as 1048576 or 64MiB) from "
     "256 to 16777216, not 255\n"},
    {"jtype: Flow\ngateway: {threads: 65}\n",
     "f.yml:2:20: error: gateway: \"threads\" must be an integer from 0 to 64, not 65\n"},
    {"jtype: Flow\nwith: {env: {A: [1]}}\n",
     "f.yml:2:13: error: with: \"env\" must be a map of names to texts, not a map\n"},
    {"jtype: Flow\nwith: {on_crash_loop: maybe}\n",
     "f.yml:2:23: error: with: \"on_crash_loop\" must be keep or stop, not \"maybe\"\n"},
};

START_TEST(what_the_original_lets_pass_is_refused)
{
    for (size_t i = 0; i < sizeof lets_pass / sizeof lets_pass[0]; i++)
        kit_expect(lets_pass[i].text, lets_pass[i].lines);
}
END_TEST

/* Keys of executors that would change answers: each is an error that says so, and none crashes. */
START_TEST(what_is_not_built_says_so)
{
    static const char *const settings[] = {"replicas: 2",
                                           "shards: 2",
                                           "floating: true",
                                           "external: true",
                                           "tls: true",
                                           "when: {text: {$eq: a}}",
                                           "no_reduce: true",
                                           "disable_reduce: true",
                                           "uses_dynamic_batching: {/a: {timeout: 1}}",
                                           "uses_before: x",
                                           "uses_after: x",
                                           "output_array_type: numpy",
                                           "exit_on_exceptions: [E]",
                                           "stateful: true",
                                           "provider: SAGEMAKER",
                                           "monitoring: true",
                                           "tracing: true",
                                           "metrics: true"};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, "jtype: Flow\nexecutors:\n  - {%s}\n", settings[i]);
        struct kit kit = {0};
        kit_load(&kit, text);
        ck_assert_msg(kit.status == SLUICE_INVALID, "%s", settings[i]);
        ck_assert_msg(strstr(kit.report.problems[0].text, "is known, but not built yet") != NULL, "%s: %s", settings[i],
                      kit.report.problems[0].text);
        kit_done(&kit);
    }
}
END_TEST

START_TEST(all_problems_come_at_once_in_order)
{
    kit_expect(
        "jtype: Flow\nversion: 3\nwith: {prefetch: x, quiet: true}\nexecutors:\n  - {name: a-b, worker: 1}\n  - {name: "
        "b, needs: c}\n"
        "gateway: {port: 70000}\n",
        "f.yml:2:10: error: version 3 of the format is not known; 1 is\n"
        "f.yml:3:18: error: with: \"prefetch\" must be an integer from 0 to 2147483647, not \"x\"\n"
        "f.yml:3:21: warning: with: \"quiet\" is ignored: about logs\n"
        "f.yml:5:12: error: the name \"a-b\" is invalid: a name has letters, digits and _ only, and does not start "
        "with a digit\n"
        "f.yml:5:17: error: executor \"a-b\" has no key \"worker\", did you mean \"workers\"?\n"
        "f.yml:6:22: error: executor \"b\" needs \"c\", which is no executor of this Flow\n"
        "f.yml:7:17: error: gateway: \"port\" must be a port or a list of ports, each from 0 to 65535, not 70000\n");
}
END_TEST

START_TEST(null_means_not_given)
{
    kit_expect("jtype: Flow\nwith:\ngateway: {port: null, host: ~}\nexecutors:\n", "");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_smallest_flow_has_all_defaults,
                                  an_executor_has_all_defaults,
                                  every_setting_of_the_gateway_is_read,
                                  the_gateway_section_wins_over_with,
                                  tags_and_jtype_are_the_same,
                                  compatibility_is_a_version,
                                  what_the_original_lets_pass_is_refused,
                                  what_is_not_built_says_so,
                                  all_problems_come_at_once_in_order,
                                  null_means_not_given,
                                  NULL};
    return kit_run("load", tests);
}
