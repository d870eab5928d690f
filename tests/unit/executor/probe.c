/*
 * probe.c - the plugin of the tests that run sluice-executor: one handler per thing that the host promises.
 */
#include <sluice/executor.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS 1000000u

struct probe {
    char *closed; /* a file to make when closed; NULL: none */
    atomic_int inside, most_inside, served;
};

static atomic_int open_workers;

static sluice_status open_probe(const sluice_host *host, const sluice_value *parameters, void **ret_executor,
                                sluice_error *error)
{
    (void)host;
    sluice_text closed = sluice_value_string(sluice_value_get(parameters, "closed"));
    struct probe *probe = calloc(1, sizeof *probe);
    if (probe == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory");
    if (closed.size > 0)
        probe->closed = strndup(closed.data, closed.size);
    *ret_executor = probe;
    return SLUICE_OK;
}

static void close_probe(void *executor)
{
    struct probe *probe = executor;
    if (atomic_load(&probe->inside) != 0 || atomic_load(&open_workers) != 0)
        abort();
    if (probe->closed != NULL) {
        int fd = open(probe->closed, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        if (fd >= 0)
            close(fd);
    }
    free(probe->closed);
    free(probe);
}

static sluice_status open_worker(void *executor, void **ret_worker, sluice_error *error)
{
    (void)executor;
    (void)error;
    pid_t *thread = malloc(sizeof *thread);
    if (thread == NULL)
        return SLUICE_NO_MEMORY;
    *thread = gettid();
    *ret_worker = thread;
    atomic_fetch_add(&open_workers, 1);
    return SLUICE_OK;
}

static void close_worker(void *worker)
{
    if (*(pid_t *)worker != gettid())
        abort();
    free(worker);
    atomic_fetch_sub(&open_workers, 1);
}

static double number_of(sluice_call *call, const char *key, double fallback)
{
    return sluice_value_number(sluice_value_get(sluice_call_parameters(call), key), fallback);
}

static sluice_status pass(sluice_call *call)
{
    (void)call;
    return SLUICE_OK;
}

static sluice_status read_only(sluice_call *call)
{
    sluice_value_set_number(sluice_call_results(call), "documents",
                            (double)sluice_document_array_size(sluice_call_documents(call)));
    return SLUICE_OK;
}

static sluice_status edit(sluice_call *call)
{
    sluice_document_array *documents = sluice_call_documents(call);
    for (size_t i = 0; i < sluice_document_array_size(documents); i++)
        sluice_document_append_text(sluice_document_array_at(documents, i), "!", 1);
    return SLUICE_OK;
}

static sluice_status replace(sluice_call *call)
{
    sluice_document_array *documents = sluice_call_replace_documents(call);
    sluice_document_array_append(documents);
    documents = sluice_call_replace_documents(call);
    for (int i = 0; i < 3; i++)
        sluice_document_set_string(sluice_document_array_append(documents), "new");
    return SLUICE_OK;
}

static sluice_status info(sluice_call *call)
{
    const sluice_host *host = sluice_call_host(call);
    sluice_value *results = sluice_call_results(call);
    sluice_value_set_string(results, "class", host->class_name);
    sluice_value_set_string(results, "deployment", host->deployment);
    sluice_value_set_string(results, "pod", host->pod);
    sluice_value_set_string(results, "workspace", host->workspace);
    sluice_value_set_text(results, sluice_text_of("endpoint"), sluice_call_endpoint(call));
    sluice_value_set_text(results, sluice_text_of("request"), sluice_call_request_id(call));
    sluice_value_set_bool(results, "deadline", sluice_call_deadline_ns(call) != 0);
    sluice_value_set_bool(results, "own_worker", *(pid_t *)sluice_call_worker(call) == gettid());
    sluice_value_set_copy(results, sluice_text_of("parameters"), sluice_call_parameters(call));
    return SLUICE_OK;
}

static sluice_status fail(sluice_call *call)
{
    edit(call);
    sluice_value_set_string(sluice_call_results(call), "lost", "yes");
    return sluice_call_fail(call, "ValueError", "it's %s", "bad");
}

static sluice_status fail_with(sluice_call *call)
{
    sluice_text arguments[] = {sluice_text_of("one"), {"t\xFFwo", 4}};
    return sluice_call_fail_with(call, "KeyError", arguments, 2, NULL);
}

static sluice_status status_only(sluice_call *call)
{
    (void)call;
    return SLUICE_NOT_FOUND;
}

static sluice_status rubbish(sluice_call *call)
{
    (void)call;
    return (sluice_status)4711;
}

/* On stderr, so that a test knows that the handler runs. */
static void say_inside(sluice_call *call)
{
    const sluice_host *host = sluice_call_host(call);
    sluice_text endpoint = sluice_call_endpoint(call);
    host->log(host, SLUICE_LOG_INFO, "inside %.*s", (int)endpoint.size, endpoint.data);
}

/* Until cancelled; then say so. */
static sluice_status wait_for_cancel(sluice_call *call)
{
    say_inside(call);
    bool slept = sluice_call_sleep(call, 20000ull * MS);
    sluice_value_set_bool(sluice_call_results(call), "cancelled", !slept);
    return SLUICE_OK;
}

/* Until so many handlers are inside at once, or for so long. */
static sluice_status overlap(sluice_call *call)
{
    struct probe *probe = sluice_call_executor(call);
    int wanted = (int)number_of(call, "inside", 1), steps = (int)number_of(call, "ms", 5000);
    int inside = atomic_fetch_add(&probe->inside, 1) + 1, most = atomic_load(&probe->most_inside);
    while (inside > most && !atomic_compare_exchange_weak(&probe->most_inside, &most, inside))
        ;
    while (atomic_load(&probe->most_inside) < wanted && steps-- > 0)
        sluice_call_sleep(call, MS);
    atomic_fetch_sub(&probe->inside, 1);
    sluice_value_set_number(sluice_call_results(call), "most", atomic_load(&probe->most_inside));
    return SLUICE_OK;
}

/* ---- deferred calls: each is completed by a thread of its own ---- */

static sluice_status begin_thread(sluice_call *call, void *(*complete)(void *call))
{
    pthread_t thread;
    sluice_status status = sluice_call_defer(call);
    if (status != SLUICE_OK)
        return status;
    if (pthread_create(&thread, NULL, complete, call) != 0)
        abort();
    pthread_detach(thread);
    return SLUICE_NOT_FOUND; /* is not looked at */
}

static void *complete_later(void *context)
{
    sluice_call_complete(context, overlap(context));
    return NULL;
}

/* Edits in the handler, waits in a thread for others, as /overlap does. */
static sluice_status later(sluice_call *call)
{
    edit(call);
    return begin_thread(call, complete_later);
}

static void *complete_when_cancelled(void *context)
{
    sluice_call_complete(context, wait_for_cancel(context));
    return NULL;
}

static sluice_status later_cancelled(sluice_call *call)
{
    return begin_thread(call, complete_when_cancelled);
}

static void *complete_badly(void *context)
{
    sluice_call_complete(context, fail(context));
    return NULL;
}

static sluice_status later_failed(sluice_call *call)
{
    return begin_thread(call, complete_badly);
}

/* Completed before the handler returns. */
static sluice_status at_once(sluice_call *call)
{
    sluice_status status = sluice_call_defer(call);
    if (status == SLUICE_OK)
        sluice_call_complete(call, edit(call));
    return status == SLUICE_OK ? SLUICE_NOT_FOUND : status;
}

static sluice_status look(sluice_call *call)
{
    const sluice_document_array *documents = sluice_call_read_documents(call);
    return sluice_value_set_number(sluice_call_results(call), "documents", (double)sluice_document_array_size(documents));
}

/* The how manieth call of this kind. */
static sluice_status serve_in_turn(sluice_call *call)
{
    struct probe *probe = sluice_call_executor(call);
    sluice_value_set_number(sluice_call_results(call), "turn", atomic_fetch_add(&probe->served, 1));
    return SLUICE_OK;
}

static sluice_status endless(sluice_call *call)
{
    say_inside(call);
    while (call != NULL)
        pause();
    return SLUICE_OK;
}

static sluice_status crash(sluice_call *call)
{
    (void)call;
    int *volatile nowhere = (int *)8; /* volatile, or the compiler sees what is coming */
    *nowhere = 1;
    return SLUICE_OK;
}

static const sluice_handler handlers[] = {
    {"pass", "/pass", pass},
    {"read", "/read", read_only},
    {"edit", "/edit", edit},
    {"replace", "/replace", replace},
    {"info", "/info", info},
    {"fail", "/fail", fail},
    {"fail_with", "/fail_with", fail_with},
    {"status_only", "/status", status_only},
    {"rubbish", "/rubbish", rubbish},
    {"wait", "/wait", wait_for_cancel},
    {"overlap", "/overlap", overlap},
    {"turn", "/turn", serve_in_turn},
    {"endless", "/endless", endless},
    {"later", "/later", later},
    {"later_cancelled", "/later_cancelled", later_cancelled},
    {"later_failed", "/later_failed", later_failed},
    {"at_once", "/at_once", at_once},
    {"look", "/look", look},
    {"crash", "/crash", crash},
    {0}
};

SLUICE_PLUGIN(.name = "Probe", .version = "1.0", .help = "For the tests of the host.", .handlers = handlers,
              .executor_open = open_probe, .executor_close = close_probe, .worker_open = open_worker,
              .worker_close = close_worker)
