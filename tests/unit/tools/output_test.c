/* The output of children: whole lines, with names, and nothing lost. */
#include "common/foundation/file.h"
#include "common/foundation/text.h"
#include "tests/unit/suite.h"
#include "tools/logline.h"
#include "tools/supervisor/output.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int in[2], out[2];
static struct output output;

static void set_up(void)
{
    ck_assert_int_eq(pipe2(in, O_NONBLOCK | O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(out, O_NONBLOCK | O_CLOEXEC), 0);
    ck_assert_int_gt(fcntl(out[1], F_SETPIPE_SZ, 1 << 20), 0);
    ck_assert_int_gt(fcntl(in[1], F_SETPIPE_SZ, 1 << 20), 0);
    output_init(&output, "encoder/rep-0", out[1]);
}

static void tear_down(void)
{
    output_done(&output);
    close(in[0]);
    close(out[0]);
    close(out[1]);
}

static void child_writes(const char *text)
{
    ck_assert_int_eq(write(in[1], text, strlen(text)), (ssize_t)strlen(text));
}

static const char *passed_on(void)
{
    static char text[1 << 18];
    ssize_t got = read(out[0], text, sizeof text - 1);
    text[got > 0 ? got : 0] = '\0';
    return text;
}

START_TEST(other_output_gets_the_name_and_log_lines_stay)
{
    child_writes("hello\n2026-11-24T17:46:06.123Z info    encoder/rep-0: ready\n{\"time\":\"x\"}\n\nwor");
    ck_assert(output_take(&output, in[0]));
    ck_assert_str_eq(passed_on(), "encoder/rep-0: hello\n2026-11-24T17:46:06.123Z info    encoder/rep-0: ready\n"
                                  "{\"time\":\"x\"}\nencoder/rep-0: \n");
    child_writes("ld\n");
    ck_assert(output_take(&output, in[0]));
    ck_assert_str_eq(passed_on(), "encoder/rep-0: world\n");
}
END_TEST

START_TEST(the_last_line_comes_out_without_its_newline)
{
    child_writes("dying");
    close(in[1]);
    ck_assert(!output_take(&output, in[0]));
    output_done(&output);
    ck_assert_str_eq(passed_on(), "encoder/rep-0: dying\n");
    output_init(&output, "encoder/rep-0", out[1]);
}
END_TEST

START_TEST(an_endless_line_comes_out_in_pieces)
{
    static char line[OUTPUT_LINE_MAX + 10];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 2] = '\n';
    child_writes(line);
    ck_assert(output_take(&output, in[0]));
    const char *text = passed_on();
    const char *end = strchr(text, '\n');
    ck_assert_int_eq(end - text, OUTPUT_LINE_MAX + (int)strlen("encoder/rep-0: "));
    ck_assert_str_eq(end + 1, "encoder/rep-0: xxxxxxxx\n");
}
END_TEST

START_TEST(json_logs_stay_json)
{
    setenv("SLUICE_LOG_FORMAT", "json", 1);
    child_writes("say \"\xff\x01\xc3\xa4\"\n");
    ck_assert(output_take(&output, in[0]));
    ck_assert_str_eq(passed_on(),
                     "{\"component\":\"encoder/rep-0\",\"message\":\"say \\\"\\ufffd\\u0001\xc3\xa4\\\"\"}\n");
}
END_TEST

START_TEST(log_lines_are_known_by_their_stamp)
{
    const char *line = "2026-11-24T17:46:06.123Z error   sluice-executor: x.so: no entry: really";
    ck_assert(logline_is_log(line, strlen(line)));
    ck_assert_str_eq(logline_message(line), "x.so: no entry: really");
    ck_assert(!logline_is_log("2026-11-24 hello", 16));
    ck_assert(!logline_is_log("", 0));
    ck_assert_str_eq(logline_message("plain: text"), "plain: text");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.output");
    TCase *cases = tcase_create("all");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, other_output_gets_the_name_and_log_lines_stay);
    tcase_add_test(cases, the_last_line_comes_out_without_its_newline);
    tcase_add_test(cases, an_endless_line_comes_out_in_pieces);
    tcase_add_test(cases, json_logs_stay_json);
    tcase_add_test(cases, log_lines_are_known_by_their_stamp);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
