/* The program sluice-gateway as its supervisor sees it: command line, ready and failed, drain, signals, death. */
#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "common/foundation/file.h"
#include "common/net/control.h"
#include "tests/unit/gateway/grpc/rpc_client.h"
#include "tests/unit/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { FLOW_FD = 3, CONTROL_FD = 4, PATIENCE_MS = 30000 };

struct program {
    pid_t pid;
    int control, errors; /* our ends */
    char folder[64];
};

static const char *program_path(void)
{
    static char path[512];
    const char *build = getenv("SLUICE_BUILD");
    snprintf(path, sizeof path, "%s/bin/sluice-gateway", build != NULL ? build : "build/dev");
    return path;
}

static void spawn(struct program *program, const char *const *arguments, int flow_fd, int control_fd)
{
    posix_spawn_file_actions_t actions;
    int errors[2];
    ck_assert_int_eq(pipe(errors), 0);
    file_set_close_on_exec(errors[0], true);
    posix_spawn_file_actions_init(&actions);
    /* Above the targets first, so that no dup2() hits a descriptor that is still needed. */
    posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
    if (flow_fd >= 0) {
        posix_spawn_file_actions_adddup2(&actions, flow_fd, 20);
        posix_spawn_file_actions_adddup2(&actions, control_fd, 21);
        posix_spawn_file_actions_adddup2(&actions, 20, FLOW_FD);
        posix_spawn_file_actions_adddup2(&actions, 21, CONTROL_FD);
    }
    ck_assert_int_eq(
        posix_spawn(&program->pid, program_path(), &actions, NULL, (char *const *)(uintptr_t)arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(errors[1]);
    program->errors = errors[0];
}

/* Starts a gateway under our control, with this resolved Flow. */
static struct program start(const char *flow)
{
    struct program program = {.folder = "/tmp/sluice-test-XXXXXX"};
    int child;
    ck_assert_ptr_nonnull(mkdtemp(program.folder));
    ck_assert_int_eq(control_pair(&program.control, &child, NULL), SLUICE_OK);
    int flow_fd = file_memory("flow", flow, strlen(flow));
    ck_assert_int_ge(flow_fd, 0);
    const char *const arguments[] = {"sluice-gateway",  "--flow-fd",    "3", "--control-fd", "4",
                                     "--socket-folder", program.folder, NULL};
    spawn(&program, arguments, flow_fd, child);
    close(flow_fd);
    close(child);
    return program;
}

/* The next control message; fails the test when none comes. */
static void receive(const struct program *program, struct control_message *message)
{
    struct pollfd fd = {.fd = program->control, .events = POLLIN};
    ck_assert_int_eq(poll(&fd, 1, PATIENCE_MS), 1);
    ck_assert_int_eq(control_receive(program->control, message), SLUICE_OK);
}

static uint16_t wait_ready(const struct program *program)
{
    struct control_message message;
    receive(program, &message);
    ck_assert_str_eq(message.word, "ready");
    ck_assert_str_eq(control_value(&message, "protocol"), "grpc");
    ck_assert_str_eq(control_value(&message, "host"), "127.0.0.1");
    uint16_t port = (uint16_t)strtoul(control_value(&message, "port"), NULL, 10);
    receive(program, &message);
    ck_assert_str_eq(message.word, "ready");
    ck_assert_ptr_null(control_value(&message, "protocol"));
    ck_assert_uint_gt(port, 0);
    return port;
}

/* What it said on stderr until its end; its exit code, or -signal. */
static int finish(struct program *program, char *said, size_t capacity)
{
    struct buffer text;
    int wait_status;
    buffer_init(&text, 1 << 20);
    file_read_all(program->errors, "stderr", &text, NULL);
    close(program->errors);
    ck_assert_int_eq(waitpid(program->pid, &wait_status, 0), program->pid);
    if (said != NULL)
        snprintf(said, capacity, "%s", buffer_text(&text));
    buffer_done(&text);
    if (program->control > 0)
        close(program->control);
    if (program->folder[0] != '\0')
        rmdir(program->folder);
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -WTERMSIG(wait_status);
}

static const char no_executors[] = "jtype: Flow\n";

/* One request through a gateway without executors comes back. */
static void check_answers(uint16_t port)
{
    struct rpc_client *client = rpc_client_new(port);
    uint8_t *answer;
    size_t size;
    char text[8192];
    int status = rpc_unary(client, "/jina.JinaSingleDataRequestRPC/process_single_data", "\x0A\x04\x0A\x02id", 6,
                           &answer, &size, text);
    ck_assert_msg(status == 0, "%d %s", status, text);
    ck_assert_uint_gt(size, 6);
    ck_assert_ptr_nonnull(memmem(answer, size, "id", 2));
    ck_assert_ptr_nonnull(memmem(answer, size, "gateway", 7));
    free(answer);
    rpc_client_free(client);
}

START_TEST(it_serves_and_drains)
{
    struct program program = start(no_executors);
    check_answers(wait_ready(&program));
    ck_assert_int_eq(CONTROL_SEND(program.control, "drain", NULL), SLUICE_OK);
    ck_assert_int_eq(finish(&program, NULL, 0), 0);
}
END_TEST

START_TEST(it_drains_on_sigterm_with_a_client_connected)
{
    struct program program = start(no_executors);
    struct rpc_client *client = rpc_client_new(wait_ready(&program));
    struct rpc_call *call = rpc_open(client, "/jina.JinaRPC/Call", NULL, 0);
    uint8_t *answer;
    size_t size;
    ck_assert(rpc_send(call, "", 0));
    answer = rpc_read(call, &size);
    ck_assert_ptr_nonnull(answer);
    free(answer);
    kill(program.pid, SIGTERM);
    ck_assert_ptr_null(rpc_read(call, &size));
    ck_assert_int_eq(rpc_status(call), GRPC_STATUS_UNAVAILABLE);
    ck_assert_int_eq(finish(&program, NULL, 0), 0);
    rpc_close(call);
    rpc_client_free(client);
}
END_TEST

START_TEST(sigint_is_the_supervisors_business)
{
    struct program program = start(no_executors);
    uint16_t port = wait_ready(&program);
    kill(program.pid, SIGINT);
    check_answers(port);
    CONTROL_SEND(program.control, "died", "pod", "nobody/rep-0", "signal", "9", "status", "0", "restart", "1");
    CONTROL_SEND(program.control, "up", "pod", "nobody/rep-0");
    CONTROL_SEND(program.control, "unheard-of", NULL);
    check_answers(port);
    CONTROL_SEND(program.control, "drain", NULL);
    ck_assert_int_eq(finish(&program, NULL, 0), 0);
}
END_TEST

START_TEST(it_ends_with_its_supervisor)
{
    struct program program = start(no_executors);
    char said[4096];
    wait_ready(&program);
    close(program.control);
    program.control = -1;
    ck_assert_int_eq(finish(&program, said, sizeof said), 1);
    ck_assert_ptr_nonnull(strstr(said, "the supervisor is gone"));
}
END_TEST

START_TEST(a_port_in_use_fails_the_start)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    char flow[128], place[128];
    struct control_message message;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    getsockname(fd, (struct sockaddr *)&address, &size);
    snprintf(flow, sizeof flow, "jtype: Flow\nwith:\n  port: %u\n", ntohs(address.sin_port));
    snprintf(place, sizeof place, "127.0.0.1:%u: the gRPC port cannot be opened: Address already in use",
             ntohs(address.sin_port));

    struct program program = start(flow);
    receive(&program, &message);
    ck_assert_str_eq(message.word, "failed");
    ck_assert_ptr_nonnull(strstr(control_value(&message, "text"), place));
    ck_assert_int_eq(finish(&program, NULL, 0), 9);
    close(fd);
}
END_TEST

#define FLOW_THAT_WAITS(ms) "jtype: Flow\nwith:\n  timeout_ready: " #ms "\nexecutors:\n  - name: nowhere\n"

START_TEST(an_executor_that_never_comes_is_named)
{
    struct control_message message;
    struct program program = start(FLOW_THAT_WAITS(150));
    receive(&program, &message);
    ck_assert_str_eq(message.word, "failed");
    ck_assert_ptr_nonnull(strstr(control_value(&message, "text"), "nowhere/rep-0"));
    ck_assert_int_eq(finish(&program, NULL, 0), 5);
}
END_TEST

START_TEST(it_can_be_stopped_while_it_waits)
{
    struct program program = start(FLOW_THAT_WAITS(600000));
    if (_i == 0)
        CONTROL_SEND(program.control, "drain", NULL);
    else if (_i == 1)
        kill(program.pid, SIGTERM); /* blocked from its first instruction on; before that it ends the process as well */
    else
        shutdown(program.control, SHUT_RDWR);
    int code = finish(&program, NULL, 0);
    ck_assert_msg(code == (_i == 2 ? 1 : 0) || (_i == 1 && code == -SIGTERM), "exit code %d", code);
}
END_TEST

START_TEST(wrong_command_lines_are_explained)
{
    static const struct {
        const char *arguments[8];
        const char *said;
    } cases[] = {
        {{"g", "--flow", "x", "--socket-foldr", "y", NULL},
         "there is no option --socket-foldr; did you mean --socket-folder?"                                                 },
        {{"g", "--zzzzzzzzzz", NULL},                                       "no option --zzzzzzzzzz; see sluice-gateway --help"},
        {{"g", "--socket-folder", "x", NULL},                               "give either --flow FILE or --flow-fd N"            },
        {{"g", "--socket-folder", "x", "--flow", "x", "--flow-fd=3", NULL}, "give either --flow FILE or --flow-fd N"            },
        {{"g", "--flow", "x", NULL},                                        "--socket-folder FOLDER is missing"                 },
        {{"g", "--threads", "0", NULL},                                     "--threads wants a whole number from 1 to 64, not \"0\""},
        {{"g", "--flow-fd", "3x", NULL},                                    "--flow-fd wants a whole number from 0 to"          },
        {{"g", "--flow", NULL},                                             "--flow needs a value"                              },
    };
    struct program program = {0};
    char said[4096];
    spawn(&program, cases[_i].arguments, -1, -1);
    ck_assert_int_eq(finish(&program, said, sizeof said), 2);
    ck_assert_msg(strstr(said, cases[_i].said) != NULL, "said: %s", said);
}
END_TEST

START_TEST(a_flow_file_with_an_error_names_the_place)
{
    struct program program = {0};
    char path[] = "/tmp/sluice-test-XXXXXX", said[4096], place[64];
    static const char flow[] = "jtype: Flow\nexecutors:\n  - name: a\n    need: b\n";
    int fd = mkstemp(path);
    ck_assert_int_eq(file_write_all(fd, flow, sizeof flow - 1, NULL), SLUICE_OK);
    close(fd);
    const char *const arguments[] = {"g", "--flow", path, "--socket-folder", "/tmp", NULL};
    spawn(&program, arguments, -1, -1);
    ck_assert_int_eq(finish(&program, said, sizeof said), 1);
    snprintf(place, sizeof place, "%s:4:5", path);
    ck_assert_msg(strstr(said, place) != NULL, "said: %s", said);
    unlink(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway.grpc.program");
    TCase *program = tcase_create("program");
    tcase_set_timeout(program, 90);
    tcase_add_test(program, it_serves_and_drains);
    tcase_add_test(program, it_drains_on_sigterm_with_a_client_connected);
    tcase_add_test(program, sigint_is_the_supervisors_business);
    tcase_add_test(program, it_ends_with_its_supervisor);
    tcase_add_test(program, a_port_in_use_fails_the_start);
    tcase_add_test(program, an_executor_that_never_comes_is_named);
    tcase_add_loop_test(program, it_can_be_stopped_while_it_waits, 0, 3);
    tcase_add_loop_test(program, wrong_command_lines_are_explained, 0, 8);
    tcase_add_test(program, a_flow_file_with_an_error_names_the_place);
    suite_add_tcase(suite, program);
    return suite_run(suite);
}
