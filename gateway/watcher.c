#include "gateway/watcher.h"

#include "common/foundation/clock.h"
#include "common/foundation/file.h"
#include "common/foundation/log.h"
#include "common/net/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

struct watcher {
    int control_fd, signal_fd, stop_fd;
    struct upstream_set *upstreams;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t asked;
    unsigned requests; /* to stop */
};

static sigset_t stop_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

void watcher_block_signals(void)
{
    sigset_t set = stop_signals();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static void ask(struct watcher *watcher)
{
    pthread_mutex_lock(&watcher->mutex);
    watcher->requests++;
    pthread_cond_broadcast(&watcher->asked);
    pthread_mutex_unlock(&watcher->mutex);
}

static int number_of(const struct control_message *message, const char *key)
{
    const char *value = control_value(message, key);
    return value != NULL ? (int)strtol(value, NULL, 10) : 0;
}

static void obey(struct watcher *watcher, const struct control_message *message)
{
    const char *pod = control_value(message, "pod");

    if (strcmp(message->word, "drain") == 0) {
        ask(watcher);
    } else if (strcmp(message->word, "died") == 0 && pod != NULL) {
        upstream_set_died(watcher->upstreams, pod, number_of(message, "signal"), number_of(message, "status"),
                          number_of(message, "restart") != 0);
    } else if (strcmp(message->word, "gone") == 0 && pod != NULL) {
        const char *text = control_value(message, "text");
        upstream_set_gone(watcher->upstreams, pod, text != NULL ? text : "the executor was given up");
    } else if (strcmp(message->word, "up") != 0) { /* the new process says HELLO itself */
        log_warning("the supervisor sent %s, which is unknown here", log_quoted(message->word, strlen(message->word)));
    }
}

static void read_control(struct watcher *watcher)
{
    struct control_message message;
    sluice_status status = control_receive(watcher->control_fd, &message);

    if (status == SLUICE_OK) {
        obey(watcher, &message);
    } else if (status == SLUICE_UNAVAILABLE) {
        log_error("the supervisor is gone; ending");
        _exit(1);
    } else if (status != SLUICE_TIMEOUT) {
        log_warning("the supervisor sent something that is no message");
    }
}

static void read_signal(struct watcher *watcher)
{
    struct signalfd_siginfo information;

    if (read(watcher->signal_fd, &information, sizeof information) != (ssize_t)sizeof information)
        return;
    if (information.ssi_signo == SIGINT && watcher->control_fd >= 0)
        return; /* from the terminal: the supervisor has it as well */
    log_info("%s: stopping", strsignal((int)information.ssi_signo));
    ask(watcher);
}

static void *watch(void *context)
{
    struct watcher *watcher = context;
    struct pollfd fds[] = {
        {.fd = watcher->stop_fd,    .events = POLLIN},
        {.fd = watcher->signal_fd,  .events = POLLIN},
        {.fd = watcher->control_fd, .events = POLLIN}
    }; /* poll() passes over -1 */

    pthread_setname_np(pthread_self(), "sluice-watcher");
    for (;;) {
        if (poll(fds, sizeof fds / sizeof fds[0], -1) < 0 && errno != EINTR)
            return NULL;
        if (fds[0].revents != 0)
            return NULL;
        if (fds[1].revents != 0)
            read_signal(watcher);
        if (fds[2].revents != 0)
            read_control(watcher);
    }
}

static void watcher_done(struct watcher *watcher)
{
    if (watcher->signal_fd >= 0)
        close(watcher->signal_fd);
    if (watcher->stop_fd >= 0)
        close(watcher->stop_fd);
    pthread_cond_destroy(&watcher->asked);
    pthread_mutex_destroy(&watcher->mutex);
    free(watcher);
}

sluice_status watcher_new(int control_fd, struct upstream_set *upstreams, struct watcher **ret_watcher,
                          sluice_error *error)
{
    struct watcher *watcher = calloc(1, sizeof *watcher);
    if (watcher == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory to watch the signals");
    sigset_t set = stop_signals();
    watcher->control_fd = control_fd;
    watcher->upstreams = upstreams;
    pthread_mutex_init(&watcher->mutex, NULL);
    clock_condition_init(&watcher->asked);
    watcher->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    watcher->stop_fd = eventfd(0, EFD_CLOEXEC);
    bool usable =
        control_fd < 0 || (file_set_nonblocking(control_fd, true) && file_set_close_on_exec(control_fd, true));
    if (!usable || watcher->signal_fd < 0 || watcher->stop_fd < 0 ||
        pthread_create(&watcher->thread, NULL, watch, watcher) != 0) {
        sluice_fail(error, SLUICE_SYSTEM, "gateway", "cannot watch the signals%s: %s",
                    usable ? "" : " and the descriptor of --control-fd", strerror(errno));
        watcher_done(watcher);
        return SLUICE_SYSTEM;
    }
    *ret_watcher = watcher;
    return SLUICE_OK;
}

struct watcher *watcher_free(struct watcher *watcher)
{
    if (watcher == NULL)
        return NULL;
    eventfd_write(watcher->stop_fd, 1);
    pthread_join(watcher->thread, NULL);
    watcher_done(watcher);
    return NULL;
}

bool watcher_wait(struct watcher *watcher, uint64_t deadline_ns)
{
    bool in_time = true;

    pthread_mutex_lock(&watcher->mutex);
    while (watcher->requests == 0 && in_time)
        in_time = clock_condition_wait(&watcher->asked, &watcher->mutex, deadline_ns);
    bool asked = watcher->requests > 0;
    pthread_mutex_unlock(&watcher->mutex);
    return asked;
}

bool watcher_urgent(struct watcher *watcher)
{
    pthread_mutex_lock(&watcher->mutex);
    bool urgent = watcher->requests > 1;
    pthread_mutex_unlock(&watcher->mutex);
    return urgent;
}
