#include "client/websocket/loop.h"

#include "common/foundation/clock.h"
#include "common/foundation/log.h"

#include <pthread.h>
#include <signal.h>

/* A request's headers and what is read at once from a connection go through one buffer of this size. */
enum { SERVICE_BUFFER = 64 << 10 };
/* The headers of a handshake's answer, and how many handshakes may be read at a time (more wait their turn). */
enum { ANSWER_HEADERS_MAX = 16 << 10, HANDSHAKES_MAX = 1024 };
#define TIMER_MAX_US ((uint64_t)600 * 1000000) /* a timer further away looks again then */

static struct {
    pthread_mutex_t users_lock; /* users, and so the thread's life */
    unsigned users;
    pthread_t thread;
    struct lws_context *context;

    pthread_mutex_t lock;
    struct loop_task *first, *last;
    bool stopping;
} loop = {.users_lock = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER};

/* On the loop's thread while it runs tasks: then nobody must wake it. (Within lws_service() it must be woken even by
 * itself, because timers run before the wait.) */
static _Thread_local bool running_tasks;

static void library_log(int level, const char *line)
{
    size_t size = strlen(line);
    (void)level;
    log_debug("libwebsockets: %.*s", (int)(size > 0 && line[size - 1] == '\n' ? size - 1 : size), line);
}

static struct lws_context *make_context(void)
{
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS | LWS_SERVER_OPTION_NO_LWS_SYSTEM_STATES,
        .gid = -1,
        .uid = -1,
        .pt_serv_buf_size = SERVICE_BUFFER,
        .max_http_header_data2 = ANSWER_HEADERS_MAX,
        .max_http_header_pool2 = HANDSHAKES_MAX,
    };
    lws_set_log_level(log_enabled(LOG_LEVEL_DEBUG) ? LLL_ERR | LLL_WARN : 0, library_log);
    return lws_create_context(&info);
}

static struct loop_task *take_tasks(bool *ret_stopping)
{
    pthread_mutex_lock(&loop.lock);
    struct loop_task *first = loop.first;
    loop.first = loop.last = NULL;
    *ret_stopping = loop.stopping;
    pthread_mutex_unlock(&loop.lock);
    return first;
}

/* Until there are none. True: the loop shall end. */
static bool run_tasks(void)
{
    bool stopping;
    struct loop_task *task = take_tasks(&stopping);
    running_tasks = true;
    while (task != NULL) {
        while (task != NULL) {
            struct loop_task *next = task->next;
            task->run(task);
            task = next;
        }
        task = take_tasks(&stopping);
    }
    running_tasks = false;
    return stopping;
}

static void *serve(void *context)
{
    (void)context;
    while (!run_tasks() && lws_service(loop.context, 0) >= 0)
        ;
    lws_context_destroy(loop.context);
    return NULL;
}

/* Signals stay with the program's own threads; SIGPIPE of a write to a closed socket is blocked with them. */
static bool start_thread(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&loop.thread, NULL, serve, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static sluice_status start(sluice_error *error)
{
    loop.stopping = false;
    loop.context = make_context();
    if (loop.context == NULL)
        return sluice_fail(error, SLUICE_SYSTEM, "libwebsockets", "the library cannot be set up in this process");
    if (start_thread())
        return SLUICE_OK;
    lws_context_destroy(loop.context);
    return sluice_fail(error, SLUICE_SYSTEM, NULL, "no thread for the WebSockets can be started");
}

sluice_status loop_ref(sluice_error *error)
{
    pthread_mutex_lock(&loop.users_lock);
    sluice_status status = loop.users == 0 ? start(error) : SLUICE_OK;
    if (status == SLUICE_OK)
        loop.users++;
    pthread_mutex_unlock(&loop.users_lock);
    return status;
}

void loop_unref(void)
{
    pthread_mutex_lock(&loop.users_lock);
    if (--loop.users == 0) {
        pthread_mutex_lock(&loop.lock);
        loop.stopping = true;
        lws_cancel_service(loop.context); /* under the lock: once the thread sees `stopping`, the context is gone */
        pthread_mutex_unlock(&loop.lock);
        pthread_join(loop.thread, NULL);
    }
    pthread_mutex_unlock(&loop.users_lock);
}

void loop_post(struct loop_task *task)
{
    task->next = NULL;
    pthread_mutex_lock(&loop.lock);
    bool wake = loop.first == NULL && !running_tasks;
    if (loop.last != NULL)
        loop.last->next = task;
    else
        loop.first = task;
    loop.last = task;
    if (wake)
        lws_cancel_service(loop.context); /* under the lock: the task may be what ends the last use of the loop */
    pthread_mutex_unlock(&loop.lock);
}

struct lws_context *loop_context(void)
{
    return loop.context;
}

void loop_schedule(lws_sorted_usec_list_t *timer, sul_cb_t due, uint64_t due_ns)
{
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t us = due_ns > now_ns ? (due_ns - now_ns) / 1000 + 1 : 1;
    lws_sul_schedule(loop.context, 0, timer, due, (lws_usec_t)(us < TIMER_MAX_US ? us : TIMER_MAX_US));
}
