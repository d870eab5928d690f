/* What is on stderr: its level, its form, its bounds. */
#include "common/foundation/log.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int captured = -1, kept = -1;
static struct buffer lines;

/* stderr goes to a pipe from here on, which has room for all that a test says. */
static void capture(const char *level, const char *format)
{
    if (level != NULL)
        setenv("SLUICE_LOG_LEVEL", level, 1);
    else
        unsetenv("SLUICE_LOG_LEVEL");
    if (format != NULL)
        setenv("SLUICE_LOG_FORMAT", format, 1);
    else
        unsetenv("SLUICE_LOG_FORMAT");
    log_init("unit/rep-0");
    buffer_init(&lines, BUFFER_NO_LIMIT);
    kept = dup(STDERR_FILENO);
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_gt(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20), 0);
    captured = ends[0];
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
}

/* What was written since capture(). */
static const char *written(void)
{
    dup2(kept, STDERR_FILENO);
    ck_assert_int_eq(file_read_all(captured, "stderr", &lines, NULL), SLUICE_OK);
    return buffer_text(&lines);
}

static void teardown(void)
{
    if (kept < 0)
        return;
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(captured);
    buffer_done(&lines);
    kept = -1;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

START_TEST(a_line_has_time_level_component_and_message)
{
    unsigned year, month, day, hour, minute, second, ms;
    char level[16], component[32], message[32], end;
    capture(NULL, NULL);
    log_warning("%d of %d", 1, 2);
    const char *line = written();
    int fields = sscanf(line, "%4u-%2u-%2uT%2u:%2u:%2u.%3uZ %15s %31s %31[^\n]%c", &year, &month, &day, &hour, &minute, &second,
                        &ms, level, component, message, &end);
    ck_assert_msg(fields == 11, "%d fields in %s", fields, line);
    ck_assert_str_eq(level, "warning");
    ck_assert_str_eq(component, "unit/rep-0:");
    ck_assert_str_eq(message, "1 of 2");
    ck_assert_uint_eq(count_of(line, "\n"), 1);
    ck_assert_str_eq(log_component(), "unit/rep-0");
}
END_TEST

static void all_levels(void)
{
    log_debug("a debug");
    log_info("an info");
    log_warning("a warning");
    log_error("an error");
}

START_TEST(the_level_is_the_environments)
{
    static const struct {
        const char *level;
        size_t lines;
    } cases[] = {{NULL, 3}, {"debug", 4}, {"INFO", 3}, {"Warning", 2}, {"error", 1}, {"none", 0}, {"loud", 3}, {"", 3}};
    capture(cases[_i].level, NULL);
    all_levels();
    ck_assert_uint_eq(count_of(written(), "\n"), cases[_i].lines);
}
END_TEST

START_TEST(jinas_variable_counts_when_ours_is_not_set)
{
    setenv("JINA_LOG_LEVEL", "ERROR", 1);
    capture(NULL, NULL);
    all_levels();
    ck_assert_uint_eq(count_of(written(), "\n"), 1);
    teardown();
    capture("debug", NULL);
    all_levels();
    ck_assert_uint_eq(count_of(written(), "\n"), 4);
    unsetenv("JINA_LOG_LEVEL");
}
END_TEST

START_TEST(json_has_the_same_fields)
{
    capture("info", "json");
    log_info("say \"%s\"\n", "x");
    const char *line = written();
    ck_assert_ptr_nonnull(strstr(line, "\"level\":\"info\",\"component\":\"unit/rep-0\",\"message\":\"say \\\"x\\\"\\n\"}\n"));
    ck_assert_uint_eq(count_of(line, "\n"), 1);
}
END_TEST

START_TEST(a_message_stays_one_line)
{
    capture(NULL, NULL);
    log_info("%s", "first\nsecond\r\x1b[2J");
    const char *line = written();
    ck_assert_ptr_nonnull(strstr(line, "first second \\x1b[2J"));
    ck_assert_uint_eq(count_of(line, "\n"), 1);
}
END_TEST

START_TEST(a_long_message_is_cut_between_characters)
{
    static char text[8001];
    for (size_t i = 0; i < sizeof text - 1; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    capture(NULL, NULL);
    log_info("x%s", text);
    const char *line = written(), *begin = strchr(line, 'x');
    ck_assert_ptr_nonnull(begin);
    ck_assert_uint_lt(strlen(begin), 4096 + 1);
    ck_assert_uint_gt(strlen(begin), 4090);
    ck_assert_uint_eq((strlen(begin) - 2) % 2, 0); /* without x and the newline whole characters */
}
END_TEST

START_TEST(an_error_with_and_without_a_place)
{
    sluice_error error;
    capture(NULL, NULL);
    sluice_fail(&error, SLUICE_INVALID, "flow.yml:1:2", "is wrong");
    log_error_of(&error);
    sluice_fail(&error, SLUICE_INVALID, NULL, "is wrong too");
    log_error_of(&error);
    const char *line = written();
    ck_assert_ptr_nonnull(strstr(line, "unit/rep-0: flow.yml:1:2: is wrong\n"));
    ck_assert_ptr_nonnull(strstr(line, "unit/rep-0: is wrong too\n"));
}
END_TEST

START_TEST(what_repeats_is_held_back_and_counted)
{
    struct log_limit limit = {0};
    capture(NULL, NULL);
    for (int i = 0; i < 5; i++)
        log_limited(&limit, LOG_LEVEL_WARNING, "again %d", i);
    log_limited(&limit, LOG_LEVEL_DEBUG, "not at this level");
    atomic_store(&limit.next_ns, 0); /* the second is over */
    log_limited(&limit, LOG_LEVEL_WARNING, "once more");
    const char *line = written();
    ck_assert_uint_eq(count_of(line, "\n"), 2);
    ck_assert_ptr_nonnull(strstr(line, "again 0\n"));
    ck_assert_ptr_nonnull(strstr(line, "once more (and 4 more of these)\n"));
}
END_TEST

START_TEST(text_from_outside_is_quoted_and_cut)
{
    char long_text[300];
    memset(long_text, 'a', sizeof long_text);
    ck_assert_str_eq(log_quoted("it's\n\0", 6), "\"it's\\n\\x00\"");
    const char *cut = log_quoted(long_text, 201);
    ck_assert_uint_eq(strlen(cut), 200 + 2 + strlen("…"));
    ck_assert_ptr_null(strstr(log_quoted(long_text, 200), "…"));
    char control[200];
    memset(control, 1, sizeof control);
    ck_assert_uint_eq(strlen(log_quoted(control, sizeof control)), 4 * 200 + 2);
    const char *first = log_quoted("1", 1);
    log_quoted("2", 1), log_quoted("3", 1), log_quoted("4", 1);
    ck_assert_str_eq(first, "'1'"); /* four in one line of the log */
}
END_TEST

static void *many_lines(void *unused)
{
    for (int i = 0; i < 200; i++)
        log_info("%s", "0123456789012345678901234567890123456789");
    return unused;
}

START_TEST(lines_of_threads_do_not_mix)
{
    pthread_t threads[4];
    capture(NULL, NULL);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, many_lines, NULL), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    const char *text = written();
    ck_assert_uint_eq(count_of(text, "\n"), 800);
    ck_assert_uint_eq(count_of(text, " info    unit/rep-0: 0123456789012345678901234567890123456789\n"), 800);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("common.log");
    TCase *group = tcase_create("log");
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, NULL, teardown);
    tcase_add_test(group, a_line_has_time_level_component_and_message);
    tcase_add_loop_test(group, the_level_is_the_environments, 0, 8);
    tcase_add_test(group, jinas_variable_counts_when_ours_is_not_set);
    tcase_add_test(group, json_has_the_same_fields);
    tcase_add_test(group, a_message_stays_one_line);
    tcase_add_test(group, a_long_message_is_cut_between_characters);
    tcase_add_test(group, an_error_with_and_without_a_place);
    tcase_add_test(group, what_repeats_is_held_back_and_counted);
    tcase_add_test(group, text_from_outside_is_quoted_and_cut);
    tcase_add_test(group, lines_of_threads_do_not_mix);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
