/* What one request meets in the host: documents, parameters, results, failures. */
#include "common/foundation/clock.h"
#include "peer.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct program program;
static struct peer peer;
static struct peer_answer answer;

static void set_up(void)
{
    program_start(&program, "probe", "    uses_with: {a: 1}\n", true, NULL);
    peer_connect(&peer, &program);
}

static void tear_down(void)
{
    ck_assert_int_eq(CONTROL_SEND(program.control, "drain"), SLUICE_OK);
    peer_close(&peer);
    program_expect_exit(&program, 0);
}

static void post(const struct peer_request *request, uint8_t flags)
{
    peer_send(&peer, request);
    peer_answer(&peer, &answer);
    ck_assert_uint_eq(answer.message.id, request->id);
    ck_assert_uint_eq(answer.message.flags, flags | FRAME_LAST);
}

static void check_text(size_t index, const char *expected)
{
    sluice_document *document = sluice_document_array_at(answer.documents, index);
    ck_assert_ptr_nonnull(document);
    sluice_text text = sluice_document_text(document);
    ck_assert_msg(sluice_text_is(text, expected), "%.*s", (int)text.size, text.data);
}

static void check_result(const char *key, const char *expected)
{
    sluice_text text = sluice_value_string(sluice_value_get(answer.results, key));
    ck_assert_msg(sluice_text_is(text, expected), "%s: %.*s", key, (int)text.size, text.data);
}

START_TEST(an_untouching_handler_passes_the_documents_on_unread)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/pass", .text = "hello"}, FRAME_UNCHANGED);
    ck_assert_uint_eq(answer.message.body.size, 0);
    ck_assert(answer.view.fixed.has_endpoint);
    ck_assert(!answer.view.fixed.has_results);
    peer_answer_done(&answer);
    post(&(struct peer_request){.id = 2, .endpoint = "/pass", .body = "no protobuf", .body_size = 11}, FRAME_UNCHANGED);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(an_edit_is_answered)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/edit", .text = "hello"}, FRAME_HAS_DATA);
    ck_assert_uint_eq(sluice_document_array_size(answer.documents), 1);
    check_text(0, "hello!");
    ck_assert_uint_eq(sluice_document_id(sluice_document_array_at(answer.documents, 0)).size, 0);
    ck_assert(answer.view.fixed.run_ns > 0);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(opened_documents_without_data_become_an_empty_array)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/read"}, FRAME_HAS_DATA);
    ck_assert_uint_eq(answer.message.body.size, 2);
    ck_assert_mem_eq(answer.message.body.slices[0].data, "\x0a\x00", 2);
    ck_assert(sluice_value_number(sluice_value_get(answer.results, "documents"), -1) == 0);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(replaced_documents_are_the_answer)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/replace", .text = "old"}, FRAME_HAS_DATA);
    ck_assert_uint_eq(sluice_document_array_size(answer.documents), 3);
    check_text(2, "new");
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_handler_sees_who_it_is_and_what_was_asked)
{
    sluice_value *parameters = sluice_value_new_map();
    sluice_value_set_number(parameters, "x", 1);
    sluice_value_set_number(parameters, "y", 2);
    sluice_value_set_number(sluice_value_set_map(parameters, "Probe"), "x", 3);
    post(&(struct peer_request){.id = 7, .endpoint = "/info", .text = "a", .parameters = parameters,
                                .deadline_ns = clock_monotonic_ns() + 60 * (uint64_t)CLOCK_NS_PER_SECOND},
         FRAME_UNCHANGED);
    check_result("class", "Probe");
    check_result("deployment", "probe");
    check_result("pod", "probe/rep-0");
    check_result("endpoint", "/info");
    check_result("request", "request-7");
    ck_assert(sluice_value_bool(sluice_value_get(answer.results, "deadline"), false));
    ck_assert(sluice_value_bool(sluice_value_get(answer.results, "own_worker"), false));
    sluice_text workspace = sluice_value_string(sluice_value_get(answer.results, "workspace"));
    ck_assert(workspace.size > 8 && memcmp(workspace.data + workspace.size - 8, "/Probe/0", 8) == 0);
    /* the map under the executor's class name went on top, and stays */
    const sluice_value *seen = sluice_value_get(answer.results, "parameters");
    ck_assert(sluice_value_number(sluice_value_get(seen, "x"), 0) == 3);
    ck_assert(sluice_value_number(sluice_value_get(seen, "y"), 0) == 2);
    ck_assert_int_eq(sluice_value_kind_of(sluice_value_get(seen, "Probe")), SLUICE_VALUE_MAP);
    peer_answer_done(&answer);
    sluice_value_free(parameters);
}
END_TEST

static void check_failure(const char *field, unsigned number, const char *expected)
{
    sluice_text text = peer_failure(&answer, field, number);
    ck_assert_msg(sluice_text_is(text, expected), "%s: %.*s", field, (int)text.size, text.data);
}

START_TEST(a_failure_has_name_argument_and_executor_and_no_documents)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/fail", .text = "a"}, FRAME_FAILED);
    check_failure("description", 0, "ValueError(\"it's bad\")");
    check_failure("name", 0, "ValueError");
    check_failure("args", 0, "it's bad");
    check_failure("executor", 0, "Probe");
    ck_assert_uint_eq(answer.view.failure[0], 0x08); /* code */
    ck_assert_uint_eq(answer.view.failure[1], 1);    /* ERROR */
    ck_assert_uint_eq(answer.message.body.size, 0);
    ck_assert(!answer.view.fixed.has_results);
    peer_answer_done(&answer);
    post(&(struct peer_request){.id = 2, .endpoint = "/edit", .text = "a"}, FRAME_HAS_DATA);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_failure_with_arguments_stays_readable)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/fail_with", .text = "a"}, FRAME_FAILED);
    check_failure("description", 0, "KeyError('one', 't\\xffwo')");
    check_failure("args", 0, "one");
    check_failure("args", 1, "t\xEF\xBF\xBDwo");
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_bare_status_is_a_runtime_error)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/status", .text = "a"}, FRAME_FAILED);
    check_failure("name", 0, "RuntimeError");
    check_failure("args", 0, "the handler status_only returned the status \"not found\" without sluice_call_fail()");
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_rubbish_status_is_a_runtime_error)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/rubbish", .text = "a"}, FRAME_FAILED);
    check_failure("args", 0, "the handler rubbish returned 4711, which is no status");
    peer_answer_done(&answer);
}
END_TEST

START_TEST(unreadable_documents_are_a_decode_error)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/edit", .body = "\x0a\x05zz", .body_size = 4}, FRAME_FAILED);
    check_failure("name", 0, "DecodeError");
    check_failure("executor", 0, "Probe");
    peer_answer_done(&answer);
    /* docs_bytes: passed on, and a failure only when somebody looks */
    post(&(struct peer_request){.id = 2, .endpoint = "/edit", .body = "\x12\x03xyz", .body_size = 5}, FRAME_FAILED);
    check_failure("name", 0, "DecodeError");
    peer_answer_done(&answer);
    post(&(struct peer_request){.id = 3, .endpoint = "/pass", .body = "\x12\x03xyz", .body_size = 5}, FRAME_UNCHANGED);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(an_unbound_endpoint_passes_documents_on)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/nobody", .text = "a"}, FRAME_UNCHANGED);
    ck_assert(!answer.view.fixed.has_endpoint);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(the_dry_run_is_answered_by_the_host)
{
    post(&(struct peer_request){.id = 1, .endpoint = "_jina_dry_run_", .text = "a"}, FRAME_UNCHANGED);
    ck_assert(answer.view.fixed.has_endpoint);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_past_deadline_is_not_run)
{
    post(&(struct peer_request){.id = 1, .endpoint = "/edit", .text = "a", .deadline_ns = 1}, FRAME_CANCELLED);
    ck_assert_uint_eq(answer.view.fixed.run_ns, 0);
    peer_answer_done(&answer);
}
END_TEST

START_TEST(a_hundred_mebibytes_go_through)
{
    size_t size = (size_t)100 << 20;
    char *text = malloc(size + 1);
    memset(text, 'x', size);
    text[size] = '\0';
    post(&(struct peer_request){.id = 1, .endpoint = "/edit", .text = text}, FRAME_HAS_DATA);
    sluice_text changed = sluice_document_text(sluice_document_array_at(answer.documents, 0));
    ck_assert_uint_eq(changed.size, size + 1);
    ck_assert_mem_eq(changed.data, text, size);
    ck_assert_int_eq(changed.data[size], '!');
    peer_answer_done(&answer);
    free(text);
}
END_TEST

START_TEST(many_requests_at_once_are_all_answered_in_order)
{
    for (uint64_t id = 1; id <= 100; id++)
        peer_send(&peer, &(struct peer_request){.id = id, .endpoint = "/edit", .text = "a"});
    for (uint64_t id = 1; id <= 100; id++) {
        peer_answer(&peer, &answer);
        ck_assert_uint_eq(answer.message.id, id);
        check_text(0, "a!");
        peer_answer_done(&answer);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("executor.calls");
    TCase *tcase = tcase_create("calls");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, an_untouching_handler_passes_the_documents_on_unread);
    tcase_add_test(tcase, an_edit_is_answered);
    tcase_add_test(tcase, opened_documents_without_data_become_an_empty_array);
    tcase_add_test(tcase, replaced_documents_are_the_answer);
    tcase_add_test(tcase, a_handler_sees_who_it_is_and_what_was_asked);
    tcase_add_test(tcase, a_failure_has_name_argument_and_executor_and_no_documents);
    tcase_add_test(tcase, a_failure_with_arguments_stays_readable);
    tcase_add_test(tcase, a_bare_status_is_a_runtime_error);
    tcase_add_test(tcase, a_rubbish_status_is_a_runtime_error);
    tcase_add_test(tcase, unreadable_documents_are_a_decode_error);
    tcase_add_test(tcase, an_unbound_endpoint_passes_documents_on);
    tcase_add_test(tcase, the_dry_run_is_answered_by_the_host);
    tcase_add_test(tcase, a_past_deadline_is_not_run);
    tcase_add_test(tcase, a_hundred_mebibytes_go_through);
    tcase_add_test(tcase, many_requests_at_once_are_all_answered_in_order);
    return suite_run(suite);
}
