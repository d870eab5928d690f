/* The documents that `sluice post` sends: their order, their ends, and what is said of bad ones. */
#include "tests/unit/suite.h"
#include "tools/post_inputs.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char file[64];
static struct post_inputs inputs;
static sluice_error error;

static void set_up(void)
{
    snprintf(file, sizeof file, "/tmp/sluice-inputs-XXXXXX");
    close(mkstemp(file));
}

static void tear_down(void)
{
    post_inputs_done(&inputs);
    unlink(file);
}

static void write_file(const void *bytes, size_t size)
{
    FILE *stream = fopen(file, "w");
    ck_assert_uint_eq(fwrite(bytes, 1, size, stream), size);
    fclose(stream);
}

/* The next document's text; NULL at the end. */
static const char *next(void)
{
    static char text[256];
    const sluice_document *document;
    ck_assert_msg(post_inputs_next(&inputs, &document, &error) == SLUICE_OK, "%s: %s", error.where, error.text);
    if (document == NULL)
        return NULL;
    sluice_text got = sluice_document_text(document);
    snprintf(text, sizeof text, "%.*s", (int)got.size, got.data);
    return text;
}

static void fails(sluice_status status, const char *words)
{
    const sluice_document *document;
    ck_assert_int_eq(post_inputs_next(&inputs, &document, &error), status);
    char whole[1200];
    snprintf(whole, sizeof whole, "%s: %s", error.where, error.text);
    ck_assert_msg(strstr(whole, words) != NULL, "\"%s\" is not in \"%s\"", words, whole);
}

START_TEST(all_kinds_in_order_and_again)
{
    write_file("one\r\n\nlast", 10);
    struct post_input items[] = {
        {POST_TEXT,      "first"},
        {POST_LINES,     file   },
        {POST_TEXT_FILE, file   }
    };
    post_inputs_init(&inputs, items, 3, 2);
    for (int round = 0; round < 2; round++) {
        ck_assert_str_eq(next(), "first");
        ck_assert_str_eq(next(), "one\r");
        ck_assert_str_eq(next(), "");
        ck_assert_str_eq(next(), "last");
        ck_assert_str_eq(next(), "one\r\n\nlast");
    }
    ck_assert_ptr_null(next());
    ck_assert_ptr_null(next());
    ck_assert_uint_eq(inputs.documents, 10);
    ck_assert_uint_eq(inputs.bytes, 2 * (5 + 4 + 4 + 10));
    ck_assert_uint_eq(inputs.consumed, 2 * (5 + 10 + 10)); /* with the ends of lines */
    struct post_totals totals = post_inputs_totals(items, 3, 2);
    ck_assert_uint_eq(totals.bytes, inputs.consumed);
    ck_assert_uint_eq(totals.documents, 0); /* lines are not counted beforehand */
}
END_TEST

START_TEST(totals_are_known_or_not)
{
    write_file("0123456789", 10);
    struct post_input items[] = {
        {POST_TEXT,      "abc"},
        {POST_BLOB_FILE, file },
        {POST_TEXT_FILE, "/none"}
    };
    struct post_totals totals = post_inputs_totals(items, 2, 3);
    ck_assert_uint_eq(totals.documents, 6);
    ck_assert_uint_eq(totals.bytes, 39);
    totals = post_inputs_totals(items, 3, 3); /* what is not there has no size; sending it says so */
    ck_assert_uint_eq(totals.documents, 9);
    ck_assert_uint_eq(totals.bytes, 0);
    int pipe_fds[2], before = dup(STDIN_FILENO);
    ck_assert_int_eq(pipe(pipe_fds), 0);
    dup2(pipe_fds[0], STDIN_FILENO);
    items[1] = (struct post_input){POST_LINES, "-"};
    totals = post_inputs_totals(items, 2, 1);
    ck_assert_uint_eq(totals.documents, 0);
    ck_assert_uint_eq(totals.bytes, 0);
    dup2(before, STDIN_FILENO);
    close(before);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
}
END_TEST

START_TEST(bytes_and_nul_stay)
{
    write_file("a\0b\xff", 4);
    struct post_input items[] = {
        {POST_BLOB_FILE, file}
    };
    post_inputs_init(&inputs, items, 1, 1);
    const sluice_document *document;
    ck_assert_int_eq(post_inputs_next(&inputs, &document, &error), SLUICE_OK);
    sluice_text blob = sluice_document_blob(document);
    ck_assert_uint_eq(blob.size, 4);
    ck_assert_mem_eq(blob.data, "a\0b\xff", 4);
    ck_assert_uint_eq(sluice_document_id(document).size, 32);
}
END_TEST

START_TEST(json_lines_skip_blank_ones_and_keep_ids)
{
    write_file("{\"id\": \"x\", \"text\": \"t\"}\n \t\r\n{\"text\": \"u\"}", 42);
    struct post_input items[] = {
        {POST_JSON_LINES, file}
    };
    post_inputs_init(&inputs, items, 1, 1);
    const sluice_document *document;
    ck_assert_int_eq(post_inputs_next(&inputs, &document, &error), SLUICE_OK);
    ck_assert(sluice_text_is(sluice_document_id(document), "x"));
    ck_assert_str_eq(next(), "u");
    ck_assert_ptr_null(next());
}
END_TEST

START_TEST(bad_ones_are_named_by_file_and_line)
{
    write_file("{\"text\": \"good\"}\n\n{\"text\": }\n", 29);
    struct post_input json[] = {
        {POST_JSON_LINES, file}
    };
    post_inputs_init(&inputs, json, 1, 1);
    ck_assert_str_eq(next(), "good");
    char place[80];
    snprintf(place, sizeof place, "%s:3", file);
    fails(SLUICE_INVALID, place);
    post_inputs_done(&inputs);

    struct post_input none[] = {
        {POST_LINES, "/none"}
    };
    post_inputs_init(&inputs, none, 1, 1);
    fails(SLUICE_NOT_FOUND, "/none: cannot open");
    post_inputs_done(&inputs);

    write_file("\xc3", 1);
    struct post_input latin[] = {
        {POST_LINES, file}
    };
    post_inputs_init(&inputs, latin, 1, 1);
    fails(SLUICE_INVALID, ":1: this line is no UTF-8 text");
}
END_TEST

START_TEST(a_line_has_its_limit)
{
    enum { LIMIT = 10000 }; /* read in several pieces */
    static char text[2 * LIMIT + 2];
    memset(text, 'x', sizeof text);
    text[LIMIT] = '\n';
    struct post_input items[] = {
        {POST_LINES, file}
    };
    write_file(text, sizeof text); /* the second has one byte too many, and no end */
    post_inputs_init(&inputs, items, 1, 1);
    ck_assert_uint_eq(inputs.line.limit, POST_DOCUMENT_MAX);
    inputs.line.limit = LIMIT;
    const sluice_document *document;
    ck_assert_int_eq(post_inputs_next(&inputs, &document, &error), SLUICE_OK);
    ck_assert_uint_eq(sluice_document_text(document).size, LIMIT);
    ck_assert_uint_eq(inputs.consumed, LIMIT + 1);
    fails(SLUICE_TOO_LARGE, ":2: this line is longer than the limit of 10000 bytes");
}
END_TEST

START_TEST(standard_input_is_read_once)
{
    static const struct post_input items[] = {
        {POST_TEXT,      "-"},
        {POST_LINES,     "-"},
        {POST_TEXT_FILE, "-"}
    };
    ck_assert_uint_eq(post_inputs_count_stdin(items, 3), 2);
    ck_assert_int_eq(post_inputs_check(items, 2, 1, &error), SLUICE_OK);
    ck_assert_int_eq(post_inputs_check(items, 1, 2, &error), SLUICE_OK);
    ck_assert_int_eq(post_inputs_check(items, 2, 2, &error), SLUICE_INVALID);
    ck_assert_int_eq(post_inputs_check(items, 3, 1, &error), SLUICE_INVALID);
}
END_TEST

START_TEST(nothing_gives_nothing)
{
    write_file("", 0);
    post_inputs_init(&inputs, NULL, 0, 1);
    ck_assert_ptr_null(next());
    struct post_input items[] = {
        {POST_LINES, file}
    };
    post_inputs_init(&inputs, items, 1, 3);
    ck_assert_ptr_null(next());
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.inputs");
    TCase *cases = tcase_create("all");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, all_kinds_in_order_and_again);
    tcase_add_test(cases, totals_are_known_or_not);
    tcase_add_test(cases, bytes_and_nul_stay);
    tcase_add_test(cases, json_lines_skip_blank_ones_and_keep_ids);
    tcase_add_test(cases, bad_ones_are_named_by_file_and_line);
    tcase_add_test(cases, a_line_has_its_limit);
    tcase_add_test(cases, standard_input_is_read_once);
    tcase_add_test(cases, nothing_gives_nothing);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
