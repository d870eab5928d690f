#include "tests/unit/flow/kit.h"
#include "common/foundation/buffer.h"

#include <stdio.h>
#include <string.h>

/* uses_with: {v: WRITTEN} survives writing and reading, bit for bit. */
static void survives(const char *written)
{
    char text[1000];
    snprintf(text, sizeof text, "jtype: Flow\nexecutors:\n  - uses_with:\n      v: %s\n", written);
    struct kit kit = {0};
    kit_load(&kit, text);
    ck_assert_msg(kit.flow != NULL, "%s: %s", written, kit_lines(&kit));
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
}

START_TEST(numbers_survive_bit_for_bit)
{
    static const char *const numbers[] = {"0",
                                          "-0.0",
                                          "1",
                                          "-1",
                                          "0.1",
                                          "1e-320",
                                          "1.7976931348623157e308",
                                          "9007199254740992",
                                          "-9007199254740992",
                                          "9007199254740994.0",
                                          "1e22",
                                          "123456789.125",
                                          ".inf",
                                          "-.inf",
                                          ".nan",
                                          "5e-324",
                                          "1e17"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        survives(numbers[i]);
}
END_TEST

START_TEST(texts_survive_byte_for_byte)
{
    static const char *const texts[] = {"\"a\\0b\"",
                                        "\"\\x01\\x1F\\x7F\"",
                                        "\"\\n\\r\\t\"",
                                        "\"\\N\\_\\L\\P\"",
                                        "\"\\u0080\\u009F\\u00A0\"",
                                        "\"\\uFEFF\\uFFFE\\uFFFF\"",
                                        "\"\\U0001F600\"",
                                        "\"it's \\\"quoted\\\" \\\\\"",
                                        "'#'",
                                        "'a: b'",
                                        "'- x'",
                                        "\"'5'\"",
                                        "\"'true'\"",
                                        "\"' x '\"",
                                        "'${{ c'",
                                        "\"'$HOME'\"",
                                        "|\n        several\n        lines",
                                        "'é ü 漢'",
                                        "\"\\uFBF0\\uFEF0\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        survives(texts[i]);
}
END_TEST

START_TEST(shapes_survive)
{
    static const char *const shapes[] = {"{}",
                                         "[]",
                                         "[[], {}, [{}]]",
                                         "{a: {b: {c: [1, {d: null}]}}}",
                                         "{'': 1, ' ': 2, \"a\\nb\": 3, '? x': 4, 'true': 5}",
                                         "[null, true, false, ~]"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        survives(shapes[i]);
}
END_TEST

START_TEST(long_keys_survive)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "jtype: Flow\nexecutors:\n  - uses_with:\n      ? ");
    for (int i = 0; i < 5000; i++)
        buffer_append_text(&text, "k");
    buffer_append_text(&text, "\n      : 1\n");
    struct kit kit = {0};
    kit_load(&kit, buffer_text(&text));
    ck_assert_str_eq(kit_lines(&kit), "");
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
    buffer_done(&text);
}
END_TEST

/* A resolved Flow is larger and deeper than its sources, which are bounded each. */
START_TEST(the_deepest_value_of_an_executor_file_survives)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "jtype: echo\nwith:\n  v: ");
    for (int i = 0; i < 62; i++)
        buffer_append_text(&text, "[");
    for (int i = 0; i < 62; i++)
        buffer_append_text(&text, "]");
    const struct kit_text files[] = {
        {"/e.yml", buffer_text(&text)},
        {0       }
    };
    const struct kit_text plugins[] = {
        {"echo", "{\"name\": \"echo\", \"handlers\": []}"},
        {0     }
    };
    struct kit kit = {.source = kit_source(), .options = {.file = "/f.yml"}};
    kit_files = files;
    kit_plugins = plugins;
    kit_load(&kit, "jtype: Flow\nexecutors: [{uses: e.yml}]\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
    buffer_done(&text);
}
END_TEST

START_TEST(a_value_too_deep_by_override_is_refused)
{
    static const char *const fits[] = {"executors[0].uses_with.a.b.c=[[[[]]]]", NULL};
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "executors[0].uses_with.a.b=");
    for (int i = 0; i < 63; i++)
        buffer_append_text(&text, "[");
    for (int i = 0; i < 63; i++)
        buffer_append_text(&text, "]");
    const char *const deep[] = {buffer_text(&text), NULL};
    struct kit kit = {.options = {.overrides = fits}};
    kit_load(&kit, "jtype: Flow\nexecutors: [{}]\n");
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
    kit.options.overrides = deep;
    kit_load(&kit, "jtype: Flow\nexecutors: [{}]\n");
    ck_assert_int_eq(kit.status, SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(kit_lines(&kit), "nested too deeply: a value has at most 64 levels"));
    kit_done(&kit);
    buffer_done(&text);
}
END_TEST

START_TEST(a_flow_of_escapes_survives_though_larger_than_what_is_read)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "jtype: Flow\nexecutors:\n  - uses_with:\n      v: \"");
    for (int i = 0; i < 1000000; i++)
        buffer_append_text(&text, "\\e");
    for (int i = 0; i < 500000; i++)
        buffer_append_text(&text, "\\\"");
    buffer_append_text(&text, "\"\n");
    struct kit kit = {0};
    kit_load(&kit, buffer_text(&text));
    ck_assert_str_eq(kit_lines(&kit), "");
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);
    buffer_done(&text);
}
END_TEST

START_TEST(every_field_is_written)
{
    kit_expect_with_plugins(
        "jtype: Flow\nwith: {name: n, workspace: /w, on_crash_loop: stop, crash_loop_limit: 7, env: {A: b, C: ''}}\n"
        "gateway: {name: g, host: h, port: 9, prefetch: 8, timeout_send: 7, timeout_ready: 6, drain_timeout: 5, "
        "compatibility: 3.5,\n"
        "  max_message_bytes: 1, max_bytes_in_flight: 2, max_in_flight: 3, max_in_flight_per_client: 4, "
        "max_queue_per_executor: 5,\n"
        "  max_depth: 6, max_header_bytes: 300, threads: 64, env: {G: h}}\n"
        "executors:\n  - {name: e, uses_with: {a: 1}, uses_requests: {/a: b}, uses_metas: {name: m, description: d}, "
        "env: {E: f},\n"
        "     workspace: x, workers: 2, timeout_ready: 3, stuck_timeout: 4, window_requests: 5, window_bytes: 6}\n",
        "");
}
END_TEST

START_TEST(resolved_texts_are_taken_as_they_are)
{
    struct kit kit = {.options = {.resolved = true}, .source = kit_source()};
    kit_load(&kit, "jtype: Flow\nsource: a/b.yml\nexecutors:\n  - {name: a, place: [4, 5], uses: $X, plugin: /p.so, "
                   "class_name: C, uses_with: {t: '$A', n: '5'}}\n");
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_str_eq(kit.flow->file, "a/b.yml");
    ck_assert_str_eq(kit.flow->executors[0].uses, "$X");
    ck_assert_str_eq(kit.flow->executors[0].plugin, "/p.so");
    ck_assert_uint_eq(kit.flow->executors[0].place.line, 4);
    ck_assert_uint_eq(kit.flow->executors[0].place.column, 5);
    ck_assert_str_eq(kit.flow->executors[0].place.file, "a/b.yml");
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(kit.flow->executors[0].uses_with, "n")), "5"));
    kit_done(&kit);
}
END_TEST

START_TEST(a_full_buffer_is_told)
{
    struct kit kit = {0};
    kit_load(&kit, "jtype: Flow\n");
    struct buffer out;
    buffer_init(&out, 100);
    ck_assert_int_eq(flow_write(kit.flow, &out), SLUICE_LIMIT);
    buffer_done(&out);
    kit_done(&kit);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {numbers_survive_bit_for_bit,
                                  texts_survive_byte_for_byte,
                                  shapes_survive,
                                  long_keys_survive,
                                  the_deepest_value_of_an_executor_file_survives,
                                  a_value_too_deep_by_override_is_refused,
                                  a_flow_of_escapes_survives_though_larger_than_what_is_read,
                                  every_field_is_written,
                                  resolved_texts_are_taken_as_they_are,
                                  a_full_buffer_is_told,
                                  NULL};
    return kit_run("write", tests);
}
