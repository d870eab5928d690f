/* Start, drain, death of the parent, crash. */
#include "peer.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

static struct program program;
static struct peer peer;
static struct peer_answer answer;

START_TEST(a_plugin_that_does_not_fit_is_refused_with_its_reason)
{
    static const struct {
        const char *plugin, *words;
    } rows[] = {{"bad_magic", "not a plugin"},
                {"bad_open", "the model is not there; run tools/get-model first"},
                {"bad_worker_open", "no stream left on the device; use fewer workers"},
                {"bad_no_entry", "sluice_plugin_entry"},
                {"no_such_plugin", "no_such_plugin.so"}};
    program_start(&program, rows[_i].plugin, NULL, false, rows[_i].words);
    program_expect_exit(&program, 1);
}
END_TEST

START_TEST(drain_answers_what_is_inside_and_says_goodbye)
{
    program_start(&program, "probe", NULL, true, NULL);
    peer_connect(&peer, &program);
    peer_send(&peer, &(struct peer_request){.id = 1, .endpoint = "/overlap", .text = "a", .parameter = "inside",
                                            .number = 2}); /* waits for a second one, in vain, up to 5 s */
    peer_send(&peer, &(struct peer_request){.id = 2, .endpoint = "/edit", .text = "a"});
    peer_send(&peer, &(struct peer_request){.id = 3, .endpoint = "/pass", .text = "a"});
    peer_cancel(&peer, 3);
    peer_answer(&peer, &answer); /* everything above has been read */
    ck_assert_uint_eq(answer.message.id, 3);
    peer_answer_done(&answer);
    ck_assert_int_eq(CONTROL_SEND(program.control, "drain"), SLUICE_OK);
    struct frame_message message;
    ck_assert(peer_receive(&peer, &message));
    ck_assert_int_eq(message.type, FRAME_GOODBYE);
    frame_message_done(&message);
    peer_cancel(&peer, 1); /* ends its wait: it is answered all the same */
    for (uint64_t id = 1; id <= 2; id++) {
        peer_answer(&peer, &answer);
        ck_assert_uint_eq(answer.message.id, id);
        peer_answer_done(&answer);
    }
    ck_assert(!peer_receive(&peer, &message));
    peer_close(&peer);
    program_expect_exit(&program, 0);
}
END_TEST

START_TEST(sigterm_drains_and_closes_the_executor)
{
    char yaml[160], closed[96];
    /* The folder is known after the start, so the file goes beside it. */
    snprintf(closed, sizeof closed, "/tmp/sluice-closed-%d", (int)getpid());
    snprintf(yaml, sizeof yaml, "    uses_with: {closed: %s}\n    workers: 3\n", closed);
    unlink(closed);
    program_start(&program, "probe", yaml, true, NULL);
    peer_connect(&peer, &program);
    peer_send(&peer, &(struct peer_request){.id = 1, .endpoint = "/pass", .text = "a"});
    peer_answer(&peer, &answer);
    peer_answer_done(&answer);
    kill(program.pid, SIGTERM);
    struct frame_message message;
    ck_assert(peer_receive(&peer, &message));
    ck_assert_int_eq(message.type, FRAME_GOODBYE);
    frame_message_done(&message);
    peer_close(&peer);
    program_expect_exit(&program, 0);
    ck_assert_int_eq(access(closed, F_OK), 0);
    unlink(closed);
}
END_TEST

START_TEST(sigint_is_left_to_the_supervisor)
{
    program_start(&program, "probe", NULL, true, NULL);
    kill(program.pid, SIGINT);
    peer_connect(&peer, &program);
    peer_send(&peer, &(struct peer_request){.id = 1, .endpoint = "/pass", .text = "a"});
    peer_answer(&peer, &answer);
    peer_answer_done(&answer);
    peer_close(&peer);
    close(program.control);
    program.control = -1;
    program_expect_exit(&program, 1);
}
END_TEST

START_TEST(the_death_of_the_parent_ends_an_idle_process)
{
    program_start(&program, "probe", NULL, true, NULL);
    close(program.control);
    program.control = -1;
    program_expect_exit(&program, 1);
}
END_TEST

START_TEST(the_death_of_the_parent_ends_handlers_that_look_and_those_that_do_not)
{
    program_start(&program, "probe", "    workers: 2\n", true, NULL);
    peer_connect(&peer, &program);
    peer_send(&peer, &(struct peer_request){.id = 1, .endpoint = "/wait", .text = "a"});
    if (_i == 1)
        peer_send(&peer, &(struct peer_request){.id = 2, .endpoint = "/endless", .text = "a"});
    program_expect(&program, "inside /wait");
    if (_i == 1)
        program_expect(&program, "inside /endless");
    close(program.control);
    program.control = -1;
    program_expect_exit(&program, 1);
    peer_close(&peer);
}
END_TEST

START_TEST(a_crash_is_one_line_and_the_signal_is_seen)
{
    program_start(&program, "probe", NULL, true, NULL);
    peer_connect(&peer, &program);
    peer_send(&peer, &(struct peer_request){.id = 5, .endpoint = "/crash", .text = "a"});
    struct frame_message message;
    ck_assert(!peer_receive(&peer, &message));
    peer_close(&peer);
    int status = program_wait(&program);
    const char *errors = program_errors(&program);
    if (SANITIZED) { /* the sanitizer's own report */
        ck_assert(!WIFEXITED(status) || WEXITSTATUS(status) != 0);
        return;
    }
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    const char *line = strstr(errors, "crash: SIGSEGV in ");
    ck_assert_msg(line != NULL, "%s", errors);
    ck_assert_msg(strstr(line, "tests/plugins/probe.so (probe/rep-0), endpoint \"/crash\", request \"request-5\"\n") != NULL,
                  "%s", errors);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("executor.lifetime");
    TCase *tcase = tcase_create("lifetime");
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    tcase_add_loop_test(tcase, a_plugin_that_does_not_fit_is_refused_with_its_reason, 0, 5);
    tcase_add_test(tcase, drain_answers_what_is_inside_and_says_goodbye);
    tcase_add_test(tcase, sigterm_drains_and_closes_the_executor);
    tcase_add_test(tcase, sigint_is_left_to_the_supervisor);
    tcase_add_test(tcase, the_death_of_the_parent_ends_an_idle_process);
    tcase_add_loop_test(tcase, the_death_of_the_parent_ends_handlers_that_look_and_those_that_do_not, 0, 2);
    tcase_add_test(tcase, a_crash_is_one_line_and_the_signal_is_seen);
    return suite_run(suite);
}
