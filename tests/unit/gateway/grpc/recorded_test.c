/*
 * Health and reflection, compared with what a gateway of Jina 3.34 was recorded to answer (tests/golden/grpc/services).
 */
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/wire/wire.h"
#include "tests/unit/gateway/grpc/fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>

static const char watch_path[] = "/grpc.health.v1.Health/Watch";
static const char reflection_path[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

static struct buffer golden(const char *name, const char *end)
{
    const char *source = getenv("SLUICE_SOURCE");
    char path[512];
    struct buffer buffer;
    sluice_error error;

    snprintf(path, sizeof path, "%s/tests/golden/grpc/services/%s%s", source != NULL ? source : ".", name, end);
    buffer_init(&buffer, 1 << 20);
    ck_assert_msg(file_read_path(path, &buffer, &error) == SLUICE_OK, "%s", path);
    return buffer;
}

/* ---- health ---- */

START_TEST(health_answers_as_recorded)
{
    static const struct {
        const char *name;
        int status;
    } cases[] = {
        {"empty",                        0},
        {"JinaRPC",                      0},
        {"JinaSingleDataRequestRPC",     0},
        {"ServerReflection",             0},
        {"JinaDataRequestRPC",           0},
        {"JinaGatewayDryRunRPC",         0},
        {"JinaInfoRPC",                  0},
        {"JinaDiscoverEndpointsRPC",     0},
        {"JinaSingleDocumentRequestRPC", 0},
        {"Health",                       5},
        {"JinaExecutorSnapshot",         5},
        {"Service",                      5},
    };
    struct fixture f = fixture_new();
    char name[128];
    uint8_t *answer;
    size_t size;
    char text[8192];
    snprintf(name, sizeof name, "gateway_health_%s", cases[_i].name);
    struct buffer request = golden(name, ".request.pb");
    ck_assert_int_eq(rpc_unary(f.client, check_path, request.data != NULL ? (void *)request.data : "", request.size,
                               &answer, &size, text),
                     cases[_i].status);
    ck_assert_str_eq(text, "");
    ck_assert_int_eq(answer != NULL, cases[_i].status == 0);
    if (answer != NULL) {
        struct buffer response = golden(name, ".response.pb");
        ck_assert_uint_eq(size, response.size);
        ck_assert_mem_eq(answer, response.data, size);
        buffer_done(&response);
    }
    free(answer);
    buffer_done(&request);
    fixture_done(&f);
}
END_TEST

static void expect_health(struct rpc_call *call, uint8_t status)
{
    size_t size;
    uint8_t *answer = rpc_read(call, &size);
    ck_assert_ptr_nonnull(answer);
    ck_assert_uint_eq(size, 2);
    ck_assert_uint_eq(answer[0], 0x08);
    ck_assert_uint_eq(answer[1], status);
    free(answer);
}

START_TEST(a_watcher_is_told_of_the_drain)
{
    struct fixture f = fixture_new();
    struct rpc_call *known = rpc_open(f.client, watch_path, NULL, 0);
    struct rpc_call *unknown = rpc_open(f.client, watch_path, NULL, 0);
    struct rpc_call *cancelled = rpc_open(f.client, watch_path, NULL, 0);
    uint8_t *answer;
    size_t size;
    rpc_send(known, "\x0A\x0Cjina.JinaRPC", 14);
    rpc_half_close(known);
    expect_health(known, 1);
    rpc_send(unknown, "\x0A\x01x", 3);
    rpc_half_close(unknown);
    expect_health(unknown, 3);
    rpc_send(cancelled, "", 0);
    expect_health(cancelled, 1);
    rpc_close(cancelled);

    router_drain(f.router);
    grpc_front_drain(f.front);
    expect_health(known, 2);
    ck_assert_int_eq(rpc_unary(f.client, check_path, "", 0, &answer, &size, NULL), GRPC_STATUS_OK);
    ck_assert_mem_eq(answer, "\x08\x02", 2);
    free(answer);
    ck_assert(grpc_front_wait(f.front, 0)); /* nobody waits for watchers */
    f.front = grpc_front_free(f.front);
    expect_end(known, GRPC_STATUS_UNAVAILABLE);
    expect_end(unknown, GRPC_STATUS_UNAVAILABLE);
    rpc_close(known);
    rpc_close(unknown);
    fixture_done(&f);
}
END_TEST

/* ---- reflection ---- */

/* Asks one recorded question and ends the stream. */
static uint8_t *ask(struct fixture *f, const char *name, size_t *ret_size)
{
    struct buffer request = golden(name, ".request.pb");
    struct rpc_call *call = rpc_open(f->client, reflection_path, NULL, 0);
    ck_assert(rpc_send(call, request.data, request.size));
    uint8_t *answer = rpc_read(call, ret_size);
    ck_assert_ptr_nonnull(answer);
    rpc_half_close(call);
    expect_end(call, GRPC_STATUS_OK);
    rpc_close(call);
    buffer_done(&request);
    return answer;
}

START_TEST(an_unknown_symbol_is_answered_as_recorded)
{
    struct fixture f = fixture_new();
    size_t size;
    uint8_t *answer = ask(&f, "gateway_reflection_symbol_unknown", &size);
    struct buffer response = golden("gateway_reflection_symbol_unknown", ".response.pb");
    ck_assert_uint_eq(size, response.size);
    ck_assert_mem_eq(answer, response.data, size);
    free(answer);
    buffer_done(&response);
    fixture_done(&f);
}
END_TEST

/* The recorded gateway lists services that it does not serve; ours names those that answer. */
START_TEST(the_list_names_what_is_served)
{
    static const char *const names[] = {"gateway_reflection_list", "gateway_reflection_host_list"};
    static const char *const expected[] = {"grpc.reflection.v1alpha.ServerReflection",
                                           "jina.JinaDiscoverEndpointsRPC",
                                           "jina.JinaGatewayDryRunRPC",
                                           "jina.JinaInfoRPC",
                                           "jina.JinaRPC",
                                           "jina.JinaSingleDataRequestRPC"};
    struct fixture f = fixture_new();
    size_t size, count = 0;
    uint8_t *answer = ask(&f, names[_i], &size);
    struct buffer request = golden(names[_i], ".request.pb");
    struct wire_reader reader = wire_read(answer, size);
    struct wire_field field, service, name;
    while (wire_next(&reader, &field)) {
        if (field.number == 2)
            ck_assert(field.size == request.size && memcmp(field.data, request.data, field.size) == 0);
        struct wire_reader list = wire_read(field.data, field.size);
        while (field.number == 6 && wire_next(&list, &service)) {
            struct wire_reader one = wire_read(service.data, service.size);
            ck_assert(wire_next(&one, &name));
            ck_assert_uint_lt(count, 6);
            ck_assert_uint_eq(name.size, strlen(expected[count]));
            ck_assert_mem_eq(name.data, expected[count], name.size);
            count++;
        }
    }
    ck_assert_uint_eq(count, 6);
    buffer_done(&request);
    free(answer);
    fixture_done(&f);
}
END_TEST

/* The names of the files in a reflection answer, joined by spaces. */
static void file_names(const uint8_t *answer, size_t size, char names[1024])
{
    struct wire_reader reader = wire_read(answer, size);
    struct wire_field field, file, part;
    names[0] = '\0';
    while (wire_next(&reader, &field)) {
        struct wire_reader files = wire_read(field.data, field.size);
        while (field.number == 4 && wire_next(&files, &file)) {
            struct wire_reader parts = wire_read(file.data, file.size);
            ck_assert(wire_next(&parts, &part) && part.number == 1);
            size_t length = strlen(names);
            snprintf(names + length, 1024 - length, "%.*s ", (int)part.size, (const char *)part.data);
        }
    }
}

START_TEST(files_and_symbols_are_described_as_recorded)
{
    static const char *const cases[] = {"gateway_reflection_file_jina", "gateway_reflection_file_docarray",
                                        "gateway_reflection_symbol_JinaRPC", "gateway_reflection_symbol_DocumentProto"};
    struct fixture f = fixture_new();
    size_t size;
    char ours[1024], recorded[1024];
    uint8_t *answer = ask(&f, cases[_i], &size);
    struct buffer response = golden(cases[_i], ".response.pb");
    file_names(answer, size, ours);
    file_names(response.data, response.size, recorded);
    ck_assert_str_eq(ours, recorded);
    ck_assert_uint_gt(strlen(ours), 10);
    buffer_done(&response);
    free(answer);
    fixture_done(&f);
}
END_TEST

START_TEST(every_kind_of_symbol_is_found)
{
    static const struct {
        const char *symbol;
        const char *file; /* NULL: not found */
    } cases[] = {
        {"jina.JinaRPC.Call",                    "jina.proto "                  },
        {"jina.StatusProto.ExceptionProto",      "jina.proto "                  },
        {"jina.StatusProto.ExceptionProto.args", "jina.proto "                  },
        {"jina.StatusProto.StatusCode",          "jina.proto "                  },
        {"grpc.health.v1.Health",                "health.proto "                },
        {"google.protobuf.NullValue",            "google/protobuf/struct.proto "},
        {"jina.JinaRPC.Cal",                     NULL                           },
        {"jina",                                 NULL                           },
        {"",                                     NULL                           },
    };
    struct fixture f = fixture_new();
    struct buffer question;
    buffer_init(&question, 1024);
    wire_append_text(&question, 4, cases[_i].symbol);
    struct rpc_call *call = rpc_open(f.client, reflection_path, NULL, 0);
    size_t size;
    char names[1024];
    rpc_send(call, question.data, question.size);
    uint8_t *answer = rpc_read(call, &size);
    file_names(answer, size, names);
    if (cases[_i].file != NULL)
        ck_assert_int_eq(strncmp(names, cases[_i].file, strlen(cases[_i].file)), 0);
    else
        ck_assert_str_eq(names, "");
    free(answer);
    buffer_done(&question);
    rpc_close(call);
    fixture_done(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway.grpc.recorded");
    TCase *facts = tcase_create("recorded");
    tcase_set_timeout(facts, 90);
    tcase_add_loop_test(facts, health_answers_as_recorded, 0, 12);
    tcase_add_test(facts, a_watcher_is_told_of_the_drain);
    tcase_add_test(facts, an_unknown_symbol_is_answered_as_recorded);
    tcase_add_loop_test(facts, the_list_names_what_is_served, 0, 2);
    tcase_add_loop_test(facts, files_and_symbols_are_described_as_recorded, 0, 4);
    tcase_add_loop_test(facts, every_kind_of_symbol_is_found, 0, 9);
    suite_add_tcase(suite, facts);
    return suite_run(suite);
}
