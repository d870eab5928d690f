/*
 * sluice/executor.h - write an executor: the contract between a plugin (.so) and the process that loads it.
 *
 * A plugin exports one function, sluice_plugin_entry(), which returns one table; SLUICE_PLUGIN() writes it. The process
 * (`sluice-executor`) checks magic, versions and size of the table, opens an executor with the parameters from the Flow
 * file, opens one worker per thread, and calls handlers:
 *
 *     static sluice_status shout(sluice_call *call)
 *     {
 *         sluice_document_array *documents = sluice_call_documents(call);
 *         for (size_t i = 0; i < sluice_document_array_size(documents); i++)
 *             sluice_document_append_text(sluice_document_array_at(documents, i), "!", 1);
 *         return SLUICE_OK;
 *     }
 *
 *     static const sluice_handler handlers[] = {{"shout", "/default", shout}, {0}};
 *     SLUICE_PLUGIN(.name = "shout", .version = "1.0", .handlers = handlers)
 *
 * Build: cc -shared -fPIC -o shout.so shout.c (the sluice_ functions come from the process that loads the plugin).
 *
 * Lifetimes: plugin > executor > worker > call. Everything that a call gives is valid until the handler returns, or, after
 * sluice_call_defer(), until sluice_call_complete().
 * Threads: two calls of one worker never overlap; with `workers: 1` (the default) no two handlers of the process do.
 * executor_close() is never called while a handler runs or a deferred call is not completed.
 * Tests of handlers without a Flow: <sluice/testkit.h>.
 *
 * History: 1.0 the first. 1.1: sluice_call_read_documents(), sluice_call_defer(), sluice_call_complete().
 */
#ifndef SLUICE_EXECUTOR_H
#define SLUICE_EXECUTOR_H

#include <sluice/document.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_PLUGIN_MAGIC 0x536C6369u /* "Slci" */
#define SLUICE_PLUGIN_MAJOR 1           /* another major does not load */
#define SLUICE_PLUGIN_MINOR 1           /* a plugin with a higher minor than the host's does not load */

typedef struct sluice_host sluice_host;
typedef struct sluice_call sluice_call;

/* ---- one request in a handler ---- */

/*
 * The documents, to edit in place. Read from the message on first use: a call that never asks passes them on unread. A
 * message that cannot be read ends the call with a DecodeError after the handler returns; the array is then empty.
 * Never NULL.
 */
SLUICE_API sluice_document_array *sluice_call_documents(sluice_call *call);

/* The same to look at only: the documents go back as they came, at no cost (since 1.1). */
SLUICE_API const sluice_document_array *sluice_call_read_documents(sluice_call *call);

/* Replace the documents: an empty array to fill, which becomes the answer. A second call empties it again. NULL: no memory. */
SLUICE_API sluice_document_array *sluice_call_replace_documents(sluice_call *call);

SLUICE_API const sluice_value *sluice_call_parameters(sluice_call *call); /* a map; never NULL */

/* The results map of this call; asking for it makes it part of the answer, under __results__ and the pod's name. */
SLUICE_API sluice_value *sluice_call_results(sluice_call *call); /* NULL: no memory */

SLUICE_API sluice_text sluice_call_endpoint(const sluice_call *call);   /* as requested, such as "/index" */
SLUICE_API sluice_text sluice_call_request_id(const sluice_call *call); /* may be empty, need not be unique */
SLUICE_API uint64_t sluice_call_deadline_ns(const sluice_call *call);   /* CLOCK_MONOTONIC; 0: none */
SLUICE_API bool sluice_call_cancelled(const sluice_call *call); /* nobody wants the answer, or the deadline is past: stop early */

/* Sleep inside a handler. True after the whole time, false as soon as the call is cancelled: then stop and return. */
SLUICE_API bool sluice_call_sleep(const sluice_call *call, uint64_t duration_ns);

SLUICE_API const sluice_host *sluice_call_host(const sluice_call *call);
SLUICE_API void *sluice_call_executor(const sluice_call *call); /* what executor_open() gave */
SLUICE_API void *sluice_call_worker(const sluice_call *call);   /* what worker_open() gave */

/*
 * Fail the call: return what this returns. `name` is the class name of the failure ("ValueError"), the text its one
 * argument. The client sees NAME('text'); the documents go back as this executor received them.
 */
SLUICE_API sluice_status sluice_call_fail(sluice_call *call, const char *name, const char *format, ...) SLUICE_PRINTF(3, 4);

/* The same with any number of arguments. `description` NULL: NAME(argument, …), each quoted as Python's repr() does. */
SLUICE_API sluice_status sluice_call_fail_with(sluice_call *call, const char *name, const sluice_text *arguments, size_t count,
                                               const char *description);

/*
 * Answer later (since 1.1). A handler that has deferred its call returns without an answer, whatever it returns, and its
 * worker runs other requests. The plugin then calls sluice_call_complete() exactly once, from any thread, at any time: before
 * the handler has returned too. Until then everything that the call gave stays valid and belongs to one thread at a time.
 * The host waits with executor_close(), not with worker_close(): a deferred call must not use the worker's state.
 *
 * SLUICE_NO_MEMORY: the call is not deferred; answer it in the handler.
 */
SLUICE_API sluice_status sluice_call_defer(sluice_call *call);

/* The answer of a deferred call: `status` is what its handler would have returned. The call is gone afterwards. */
SLUICE_API void sluice_call_complete(sluice_call *call, sluice_status status);

/* ---- the tables ---- */

/*
 * A handler returns SLUICE_OK, or what sluice_call_fail() returned. Any other status without sluice_call_fail() is
 * answered as a RuntimeError that names the status.
 */
typedef sluice_status sluice_handler_function(sluice_call *call);

/* A row binds `endpoint` to `function`; several rows may give one name. endpoint NULL: bound only by uses_requests. */
typedef struct sluice_handler {
    const char *name;
    const char *endpoint; /* "/index"; "/default" takes every endpoint that is not bound */
    sluice_handler_function *function;
} sluice_handler;

typedef enum sluice_parameter_type {
    SLUICE_PARAMETER_ANY = 0,
    SLUICE_PARAMETER_BOOL,
    SLUICE_PARAMETER_INTEGER,
    SLUICE_PARAMETER_NUMBER,
    SLUICE_PARAMETER_STRING,
    SLUICE_PARAMETER_LIST,
    SLUICE_PARAMETER_MAP
} sluice_parameter_type;

/*
 * One key of uses_with. From this table come checking (an unknown key or a wrong value stops the start with file, line
 * and column), defaults, `--describe` and the documentation. A table ends with a row whose name is NULL.
 */
typedef struct sluice_parameter {
    const char *name;
    sluice_parameter_type type;
    const char *fallback;       /* the default as JSON ("\"ValueError\"", "0"); NULL: the key is absent when not given */
    double minimum, maximum;    /* of numbers, when minimum < maximum */
    const char *const *choices; /* allowed strings, ended by NULL; or NULL */
    bool required;
    const char *help; /* one sentence */
} sluice_parameter;

typedef struct sluice_plugin {
    uint32_t magic;
    uint32_t struct_size; /* slots are only added at the end; the host uses a slot only if this covers it */
    uint16_t major, minor;
    const char *name; /* the executor's class name unless the Flow file gives another */
    const char *version;
    const char *help; /* one sentence */
    const sluice_handler *handlers;      /* ended by a row whose name is NULL */
    const sluice_parameter *parameters;  /* may be NULL: any key is accepted */

    /* All may be NULL. `parameters` is the checked uses_with map with defaults filled in, valid until executor_close(). */
    sluice_status (*executor_open)(const sluice_host *host, const sluice_value *parameters, void **ret_executor, sluice_error *error);
    void (*executor_close)(void *executor);
    sluice_status (*worker_open)(void *executor, void **ret_worker, sluice_error *error); /* in the worker's thread */
    void (*worker_close)(void *worker);                                                 /* in the worker's thread */
} sluice_plugin;

#define SLUICE_PLUGIN_HEADER .magic = SLUICE_PLUGIN_MAGIC, .struct_size = sizeof(sluice_plugin), .major = SLUICE_PLUGIN_MAJOR, .minor = SLUICE_PLUGIN_MINOR

SLUICE_API const sluice_plugin *sluice_plugin_entry(void);

#define SLUICE_PLUGIN(...)                                                          \
    const sluice_plugin *sluice_plugin_entry(void)                                  \
    {                                                                               \
        static const sluice_plugin plugin = {SLUICE_PLUGIN_HEADER, __VA_ARGS__};    \
        return &plugin;                                                             \
    }

/* ---- what the host gives ---- */

typedef enum sluice_log_level { SLUICE_LOG_DEBUG = 0, SLUICE_LOG_INFO = 1, SLUICE_LOG_WARNING = 2, SLUICE_LOG_ERROR = 3 } sluice_log_level;

struct sluice_host {
    uint32_t struct_size;
    uint16_t major, minor;
    const char *class_name;  /* exception.executor: the jtype of the YAML, or the plugin's name */
    const char *deployment;  /* "encoder" */
    const char *pod;         /* "encoder/rep-0" */
    const char *description; /* metas.description, or "" */
    const char *workspace;   /* absolute path of this executor's folder, or ""; made on first use by the executor */
    uint32_t replica, shard, workers;
    void (*log)(const sluice_host *host, sluice_log_level level, const char *format, ...) SLUICE_PRINTF(3, 4);
};

#ifdef __cplusplus
}
#endif

#endif
