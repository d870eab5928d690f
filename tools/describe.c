#include "tools/describe.h"
#include "common/flow/description.h"
#include "common/foundation/buffer.h"
#include "common/foundation/clock.h"
#include "common/foundation/file.h"
#include "common/foundation/spawn.h"
#include "tools/logline.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DESCRIBE_TIMEOUT_NS (10ull * CLOCK_NS_PER_SECOND)
enum { OUTPUT_MAX = 1 << 20, ERRORS_MAX = 64 * 1024 };

/* One plugin; its child runs while pid > 0. */
struct question {
    struct question *next;
    char *path;
    pid_t pid;
    int pidfd;                /* -1: the child has ended */
    int output_fd, errors_fd; /* not blocking; -1: at its end */
    struct buffer output, errors;
    uint64_t deadline_ns;
    sluice_value *description;
    sluice_error error; /* status SLUICE_OK until something failed */
    bool answered;
};

struct describer {
    struct question *questions;
};

struct describer *describer_new(void)
{
    return calloc(1, sizeof(struct describer));
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* End the child, if it runs, and what the plugin has started from it; gives its wait status. */
static int end_child(struct question *question)
{
    int wait_status = 0;
    if (question->pid > 0) {
        kill(-question->pid, SIGKILL); /* before it is reaped, so that the group is still this one */
        while (waitpid(question->pid, &wait_status, 0) < 0 && errno == EINTR)
            continue;
        question->pid = -1;
    }
    close_fd(&question->pidfd);
    return wait_status;
}

static void forget_child(struct question *question)
{
    end_child(question);
    close_fd(&question->output_fd);
    close_fd(&question->errors_fd);
}

struct describer *describer_free(struct describer *describer)
{
    while (describer != NULL && describer->questions != NULL) {
        struct question *question = describer->questions;
        describer->questions = question->next;
        forget_child(question);
        buffer_done(&question->output);
        buffer_done(&question->errors);
        sluice_value_free(question->description);
        free(question->path);
        free(question);
    }
    free(describer);
    return NULL;
}

static sluice_status start_child(struct question *question)
{
    char program[4096];
    if (!file_installed((const void *)describer_new, "bin/sluice-executor", program, sizeof program))
        return sluice_fail(&question->error, SLUICE_NOT_FOUND, "sluice-executor",
                           "sluice-executor is not installed beside this program, so plugins cannot be looked at");
    int output[2], errors[2];
    if (pipe2(output, O_CLOEXEC) != 0)
        return sluice_fail(&question->error, SLUICE_SYSTEM, "pipe", "%s", strerror(errno));
    if (pipe2(errors, O_CLOEXEC) != 0) {
        int failed = errno;
        close(output[0]);
        close(output[1]);
        return sluice_fail(&question->error, SLUICE_SYSTEM, "pipe", "%s", strerror(failed));
    }
    struct spawn spawn = {
        .program = program,
        .arguments = (const char *const[]){"sluice-executor", "--describe", question->path, NULL},
        .output = output[1],
        .errors = errors[1],
        .own_group = true,
    };
    sluice_status status = spawn_process(&spawn, &question->pid, &question->pidfd, &question->error);
    close(output[1]);
    close(errors[1]);
    question->output_fd = output[0];
    question->errors_fd = errors[0];
    question->deadline_ns = clock_monotonic_ns() + DESCRIBE_TIMEOUT_NS;
    if (status == SLUICE_OK && (!file_set_nonblocking(output[0], true) || !file_set_nonblocking(errors[0], true)))
        status = sluice_fail(&question->error, SLUICE_SYSTEM, "pipe", "%s", strerror(errno));
    return status;
}

static struct question *find(struct describer *describer, const char *path)
{
    for (struct question *question = describer->questions; question != NULL; question = question->next)
        if (strcmp(question->path, path) == 0)
            return question;
    return NULL;
}

void describer_start(struct describer *describer, const char *path)
{
    if (find(describer, path) != NULL)
        return;
    struct question *question = calloc(1, sizeof *question);
    char *copy = strdup(path);
    if (question == NULL || copy == NULL) {
        free(question);
        free(copy);
        return; /* describer_wait() tries again and reports */
    }
    question->path = copy;
    question->pid = -1;
    question->pidfd = question->output_fd = question->errors_fd = -1;
    buffer_init(&question->output, OUTPUT_MAX);
    buffer_init(&question->errors, ERRORS_MAX);
    question->next = describer->questions;
    describer->questions = question;
    if (start_child(question) != SLUICE_OK) {
        forget_child(question);
        question->answered = true;
    }
}

/* Read what one of the pipes has now; closes it at its end. False: it has no more for now. */
static bool take(int *fd, struct buffer *buffer)
{
    uint8_t chunk[4096];
    ssize_t got = *fd >= 0 ? read(*fd, chunk, sizeof chunk) : 0;
    if (got > 0)
        buffer_append(buffer, chunk, (size_t)got);
    else if (got == 0 || (errno != EINTR && errno != EAGAIN))
        close_fd(fd);
    return got > 0 || (got < 0 && *fd >= 0 && errno == EINTR);
}

/* Wait until the child has ended, and take what it writes. Its pipes may end before it or, when it has children of its
 * own, never. False: the time is up. */
static bool wait_for_end(struct question *question)
{
    while (clock_monotonic_ns() < question->deadline_ns) {
        struct pollfd fds[3] = {
            {.fd = question->output_fd, .events = POLLIN},
            {.fd = question->errors_fd, .events = POLLIN},
            {.fd = question->pidfd,     .events = POLLIN}
        };
        if (poll(fds, 3, clock_poll_timeout(question->deadline_ns)) <= 0)
            continue;
        if (fds[0].revents != 0)
            take(&question->output_fd, &question->output);
        if (fds[1].revents != 0)
            take(&question->errors_fd, &question->errors);
        if (fds[2].revents != 0)
            return true;
    }
    return false;
}

/* What the child has written and nobody has taken yet: at most a pipe full. */
static void take_rest(struct question *question)
{
    while (clock_monotonic_ns() < question->deadline_ns && take(&question->output_fd, &question->output))
        continue;
    while (clock_monotonic_ns() < question->deadline_ns && take(&question->errors_fd, &question->errors))
        continue;
}

/* The last line on stderr, which is what the child died of, without the names of the program and of the plugin. */
static const char *last_words(struct question *question)
{
    char *text = (char *)question->errors.data;
    if (text == NULL)
        return "";
    for (size_t size = strlen(text); size > 0 && text[size - 1] == '\n'; size--)
        text[size - 1] = '\0';
    char *line = strrchr(text, '\n');
    const char *words = logline_message(line != NULL ? line + 1 : text);
    static const char name[] = "sluice-executor: ";
    if (strncmp(words, name, sizeof name - 1) == 0)
        words += sizeof name - 1;
    size_t path_size = strlen(question->path);
    if (strncmp(words, question->path, path_size) == 0 && strncmp(words + path_size, ": ", 2) == 0)
        words += path_size + 2;
    return words;
}

static sluice_status understand(struct question *question, int wait_status)
{
    sluice_error *error = &question->error;
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
        char end[128];
        spawn_describe_end(wait_status, end, sizeof end);
        const char *words = last_words(question);
        if (WIFEXITED(wait_status) && words[0] != '\0')
            return sluice_fail(error, SLUICE_INVALID, question->path, "%s", words);
        return sluice_fail(error, SLUICE_INVALID, question->path, "the process that opened this plugin %s%s%s", end,
                           words[0] != '\0' ? ": " : "", words);
    }
    if (question->output.failed != SLUICE_OK)
        return sluice_fail(error, question->output.failed, question->path, "its description is too long");
    sluice_error cause;
    if (description_from_text(buffer_text(&question->output), question->output.size, &question->description, &cause) !=
        SLUICE_OK)
        return sluice_fail(error, SLUICE_INVALID, question->path, "its description cannot be read: %s", cause.text);
    return SLUICE_OK;
}

static void finish(struct question *question)
{
    if (wait_for_end(question)) {
        int wait_status = end_child(question);
        take_rest(question);
        understand(question, wait_status);
    } else {
        sluice_fail(&question->error, SLUICE_TIMEOUT, question->path, "opening this plugin took longer than %llu s",
                    DESCRIBE_TIMEOUT_NS / CLOCK_NS_PER_SECOND);
    }
    forget_child(question);
}

sluice_status describer_wait(struct describer *describer, const char *path, const sluice_value **ret_description,
                             sluice_error *error)
{
    describer_start(describer, path);
    struct question *question = find(describer, path);
    if (question == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, path, "out of memory");
    if (!question->answered) {
        finish(question);
        question->answered = true;
        buffer_done(&question->output);
        buffer_init(&question->output, OUTPUT_MAX);
    }
    if (question->error.status != SLUICE_OK) {
        if (error != NULL)
            *error = question->error;
        return question->error.status;
    }
    *ret_description = question->description;
    return SLUICE_OK;
}
