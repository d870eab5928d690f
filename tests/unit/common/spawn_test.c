/* Children get what is said and nothing else. */
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/foundation/spawn.h"
#include "tests/unit/suite.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000 };

/* Run a shell's script and give what it printed; its wait status in *ret_status. */
static const char *run(struct spawn spawn, const char *script, struct buffer *output, int *ret_status)
{
    int ends[2], pidfd = -1;
    pid_t pid = -1;
    sluice_error error;
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    const char *const arguments[] = {"sh", "-c", script, NULL};
    spawn.program = "/bin/sh";
    spawn.arguments = arguments;
    spawn.output = spawn.errors = ends[1];
    ck_assert_msg(spawn_process(&spawn, &pid, &pidfd, &error) == SLUICE_OK, "%s", error.text);
    close(ends[1]);
    buffer_init(output, BUFFER_NO_LIMIT);
    ck_assert_int_eq(file_read_all(ends[0], "the child", output, NULL), SLUICE_OK);
    ck_assert_int_eq(poll(&(struct pollfd){.fd = pidfd, .events = POLLIN}, 1, PATIENCE_MS), 1);
    ck_assert_int_eq(waitpid(pid, ret_status, 0), pid);
    close(pidfd);
    close(ends[0]);
    return buffer_text(output);
}

static void prints(struct spawn spawn, const char *script, const char *expected)
{
    struct buffer output;
    int status = -1;
    ck_assert_str_eq(run(spawn, script, &output, &status), expected);
    ck_assert_int_eq(status, 0);
    buffer_done(&output);
}

START_TEST(output_and_errors_and_no_input)
{
    prints((struct spawn){0}, "cat; echo out; echo err >&2", "out\nerr\n");
}
END_TEST

START_TEST(descriptors_become_three_and_four)
{
    int first = file_memory("first", "one\n", 4), second = file_memory("second", "two\n", 4);
    ck_assert_int_ge(first, 0);
    ck_assert_int_ge(second, 0);
    /* Given in the order that a dup2() one after the other would mix up. */
    prints((struct spawn){.descriptors = {second, first}, .descriptor_count = 2}, "cat <&3; cat <&4", "two\none\n");
    close(first);
    close(second);
}
END_TEST

START_TEST(every_other_descriptor_is_closed)
{
    int open_one = file_memory("open", "x", 1);
    ck_assert_int_ge(open_one, 0);
    int high = fcntl(open_one, F_DUPFD, 7);
    ck_assert_int_ge(high, 7);
    prints((struct spawn){0}, "for fd in 3 4 5 6 7 8 9; do if eval \"true <&$fd\" 2>/dev/null; then echo $fd; fi; done", "");
    close(open_one);
    close(high);
}
END_TEST

START_TEST(the_environment_is_what_is_given)
{
    static const char *const variables[] = {"A=1", "B=two words", NULL};
    prints((struct spawn){.environment = variables}, "echo \"$A|$B|$HOME\"", "1|two words|\n");
    setenv("SLUICE_SPAWN_TEST", "ours", 1);
    prints((struct spawn){0}, "echo $SLUICE_SPAWN_TEST", "ours\n");
}
END_TEST

START_TEST(signals_are_as_at_the_start_of_a_program)
{
    sigset_t usr1;
    struct buffer output;
    int status = -1;
    char text[64];
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &usr1, NULL), 0);
    signal(SIGTERM, SIG_IGN);
    run((struct spawn){.own_group = true}, "kill -USR1 $$; echo not reached", &output, &status);
    ck_assert_uint_eq(output.size, 0);
    spawn_describe_end(status, text, sizeof text);
    ck_assert_str_eq(text, "was killed by signal 10 (User defined signal 1)");
    buffer_done(&output);
    run((struct spawn){0}, "kill -TERM $$; echo not reached", &output, &status);
    ck_assert_uint_eq(output.size, 0);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    buffer_done(&output);
}
END_TEST

START_TEST(an_own_group_is_its_own)
{
    struct buffer output;
    int status = -1;
    prints((struct spawn){.own_group = true}, "set -- $(cat /proc/$$/stat); [ \"$5\" = $$ ] && echo own", "own\n");
    run((struct spawn){0}, "set -- $(cat /proc/$$/stat); echo $5", &output, &status);
    ck_assert_int_eq(atoi(buffer_text(&output)), getpgrp());
    buffer_done(&output);
}
END_TEST

START_TEST(no_output_is_thrown_away)
{
    static const char *const arguments[] = {"sh", "-c", "echo lost; echo lost >&2; exit 3", NULL};
    struct spawn spawn = {.program = "/bin/sh", .arguments = arguments, .output = -1, .errors = -1};
    pid_t pid = -1;
    int status = -1;
    char text[64];
    ck_assert_int_eq(spawn_process(&spawn, &pid, NULL, NULL), SLUICE_OK);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    spawn_describe_end(status, text, sizeof text);
    ck_assert_str_eq(text, "ended with exit code 3");
}
END_TEST

START_TEST(what_cannot_be_started_is_named)
{
    static const char *const arguments[] = {"x", NULL};
    struct spawn spawn = {.program = "/nowhere/program", .arguments = arguments, .output = -1, .errors = -1};
    pid_t pid = -7;
    sluice_error error;
    ck_assert_int_eq(spawn_process(&spawn, &pid, NULL, &error), SLUICE_SYSTEM);
    ck_assert_str_eq(error.where, "/nowhere/program");
    ck_assert_ptr_nonnull(strstr(error.text, "No such file"));
    ck_assert_int_eq(pid, -7);
    spawn = (struct spawn){.program = "/bin/sh", .arguments = arguments, .output = -1, .errors = -1,
                           .descriptors = {9999}, .descriptor_count = 1};
    ck_assert_int_eq(spawn_process(&spawn, &pid, NULL, &error), SLUICE_SYSTEM);
}
END_TEST

START_TEST(variables_are_laid_over_one_another)
{
    static const char *const base[] = {"A=1", "AB=2", "C=3", NULL};
    static const char *const first[] = {"A", "one", "D", "4", NULL}, *const second[] = {"D", "four", "A", "", NULL};
    const char *const *const overrides[] = {first, NULL, second};
    static const char *const expected[] = {"A=", "AB=2", "C=3", "D=four", NULL};
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    const char *const *list = spawn_environment(arena, base, overrides, 3);
    ck_assert_ptr_nonnull(list);
    for (size_t i = 0; expected[i] != NULL; i++)
        ck_assert_str_eq(list[i], expected[i]);
    ck_assert_ptr_null(list[4]);
    list = spawn_environment(arena, NULL, NULL, 0);
    ck_assert(list != NULL && list[0] == NULL);
    arena_free(arena);
}
END_TEST

SUITE_MAIN("common.spawn", output_and_errors_and_no_input, descriptors_become_three_and_four,
           every_other_descriptor_is_closed, the_environment_is_what_is_given, signals_are_as_at_the_start_of_a_program,
           an_own_group_is_its_own, no_output_is_thrown_away, what_cannot_be_started_is_named,
           variables_are_laid_over_one_another)
