/*
 * sluice/testkit.h - run the handlers of a plugin in a unit test: no process, no socket, no Flow file.
 *
 *     sluice_testkit *kit;
 *     sluice_testkit_open(sluice_plugin_entry(), "{\"label\": \"a\"}", &kit, &error);
 *     sluice_testkit_call(kit, "/index", documents, NULL, &answer, &error);
 *     sluice_testkit_close(kit);
 *
 * The kit is the host's own code: uses_with is checked as at the start of a Flow, documents, parameters and results take
 * the way through bytes that they take between processes, a failure reads as a client sees it. It is part of
 * libsluice.so (-lsluice, Sluice::testkit).
 *
 * What host->log() is told goes to stderr, from the level of SLUICE_LOG_LEVEL on ("warning" keeps a test quiet).
 *
 * Threads: a kit belongs to one thread at a time, except sluice_testkit_cancel(). With one worker everything of the
 * plugin runs in the thread that calls the kit, so a debugger, a sanitizer and the assertions of a test framework see it
 * as if the test had called it. With more, each worker has a thread of its own, as in a Flow.
 *
 * Memory: what a function returns through a `ret_` argument is the caller's. Texts, tables and documents that are given
 * are only read, and only until the function returns, except the plugin's table.
 */
#ifndef SLUICE_TESTKIT_H
#define SLUICE_TESTKIT_H

#include <sluice/executor.h>

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SLUICE_TESTKIT_WORKERS_MAX 1024 /* as in a Flow file */

typedef struct sluice_testkit sluice_testkit;
typedef struct sluice_testkit_answer sluice_testkit_answer;

/* ---- opening ---- */

/* What a Flow file says of an executor. Start from sluice_testkit_options_default(); a zeroed struct means the same. */
typedef struct sluice_testkit_options {
    size_t struct_size;
    const sluice_plugin *plugin; /* a table in this program, such as that of sluice_plugin_entry(), … */
    const char *file;            /* … or the path of a plugin (.so); one of the two. It stays loaded */
    const char *uses_with;       /* a map, as JSON or YAML; NULL: none */
    const char *uses_requests;   /* JSON: {"/endpoint": "handler"}; NULL: the plugin's own */
    const char *name;            /* the executor's name in the Flow; NULL: "test". The pod is NAME/rep-REPLICA */
    const char *class_name;      /* NULL: the plugin's name */
    const char *workspace;       /* base folder of host->workspace; NULL: as in a Flow without one */
    uint32_t replica;
    uint32_t workers;            /* 0: 1; at most SLUICE_TESTKIT_WORKERS_MAX */
} sluice_testkit_options;

static inline sluice_testkit_options sluice_testkit_options_default(void)
{
    sluice_testkit_options options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    return options;
}

/*
 * Check the plugin and uses_with, open the executor and its workers. Errors as at a real start: SLUICE_INVALID (a table
 * that does not fit, a key or value of uses_with that is wrong, an unknown handler), SLUICE_NOT_FOUND (no such file), what
 * executor_open() or worker_open() returned, SLUICE_NO_MEMORY, SLUICE_SYSTEM (a thread cannot be started). Then nothing
 * is left open.
 */
SLUICE_API sluice_status sluice_testkit_open_with(const sluice_testkit_options *options, sluice_testkit **ret_kit,
                                                  sluice_error *error);
/* The same with one worker and nothing but a table, or a file, and uses_with. */
SLUICE_API sluice_status sluice_testkit_open(const sluice_plugin *plugin, const char *uses_with, sluice_testkit **ret_kit,
                                             sluice_error *error);
SLUICE_API sluice_status sluice_testkit_load(const char *file, const char *uses_with, sluice_testkit **ret_kit,
                                             sluice_error *error);

/* Close the workers, each in its thread, then the executor. Not while a post runs. NULL is fine. */
SLUICE_API void sluice_testkit_close(sluice_testkit *kit);

/* ---- one call, the short form ---- */

/*
 * Run the handler bound to `endpoint` on a copy of `documents` (may be NULL) as the host would. `parameters` is a JSON
 * object or NULL. On SLUICE_OK and SLUICE_EXECUTOR (the handler failed; `error` holds its description) *ret_documents
 * (may be NULL) are the answer's documents, freed by the caller; after a failure those that were sent.
 */
SLUICE_API sluice_status sluice_testkit_call(sluice_testkit *kit, const char *endpoint, const sluice_document_array *documents,
                                             const char *parameters, sluice_document_array **ret_documents, sluice_error *error);
/* The results map of the last sluice_testkit_call(), or NULL; valid until the next. */
SLUICE_API const sluice_value *sluice_testkit_results(const sluice_testkit *kit);

/* ---- calls with all that there is ---- */

/* Start from sluice_testkit_request_default(); a zeroed struct means the same. */
typedef struct sluice_testkit_request {
    size_t struct_size;
    const char *endpoint;                   /* NULL: "/" */
    const sluice_document_array *documents; /* NULL: none */
    const char *parameters;                 /* a JSON object; NULL: none */
    const char *request_id;                 /* NULL: "test" */
    double timeout_seconds;                 /* the deadline, from the start of its handler; 0: none; below: past already */
} sluice_testkit_request;

static inline sluice_testkit_request sluice_testkit_request_default(void)
{
    sluice_testkit_request request;
    memset(&request, 0, sizeof request);
    request.struct_size = sizeof request;
    return request;
}

/*
 * Run one request. SLUICE_OK: the handler has run; the answer says whether it failed. Other: it has not (parameters that
 * are no JSON: SLUICE_INVALID), or what it gave cannot be read.
 *
 * The kit waits for the handler however long it takes, also beyond its deadline, which it sees by
 * sluice_call_cancelled() as in a Flow; and, when the handler defers the call, for sluice_call_complete().
 */
SLUICE_API sluice_status sluice_testkit_post(sluice_testkit *kit, const sluice_testkit_request *request,
                                             sluice_testkit_answer **ret_answer, sluice_error *error);
/*
 * Run `count` requests; each worker takes the next one as soon as it is free, so with `workers` as many run at a time.
 * A worker whose handler has deferred its call is free.
 * ret_answers[i] is that of requests[i]. When one cannot be run, there is no answer at all.
 */
SLUICE_API sluice_status sluice_testkit_post_many(sluice_testkit *kit, const sluice_testkit_request *requests, size_t count,
                                                  sluice_testkit_answer **ret_answers, sluice_error *error);

/*
 * From any thread, also from inside a handler: nobody wants the answers any more. Cancels every request of the post that
 * runs; when none runs, of the next one.
 */
SLUICE_API void sluice_testkit_cancel(sluice_testkit *kit);

/* ---- the answer: everything that it gives lives as long as it ---- */

SLUICE_API bool sluice_testkit_answer_bound(const sluice_testkit_answer *answer);  /* false: no handler for this endpoint, it passed through */
SLUICE_API bool sluice_testkit_answer_failed(const sluice_testkit_answer *answer); /* did the handler fail? */

/* The documents: what the handler made of them; after a failure those that were sent. Never NULL. */
SLUICE_API sluice_document_array *sluice_testkit_answer_documents(const sluice_testkit_answer *answer);
/* True: the handler did not ask for them, or only to read them; in a Flow they pass as they are. False after a failure. */
SLUICE_API bool sluice_testkit_answer_untouched(const sluice_testkit_answer *answer);
/* The results map, or NULL when the handler did not ask for it, or failed. */
SLUICE_API const sluice_value *sluice_testkit_answer_results(const sluice_testkit_answer *answer);

/* The failure as in a client's header; empty texts and 0 without one. */
SLUICE_API sluice_text sluice_testkit_answer_failure_text(const sluice_testkit_answer *answer); /* ValueError('no model') */
SLUICE_API sluice_text sluice_testkit_answer_failure_name(const sluice_testkit_answer *answer); /* ValueError */
SLUICE_API sluice_text sluice_testkit_answer_failure_executor(const sluice_testkit_answer *answer); /* the class name */
SLUICE_API size_t sluice_testkit_answer_failure_argument_count(const sluice_testkit_answer *answer);
SLUICE_API sluice_text sluice_testkit_answer_failure_argument(const sluice_testkit_answer *answer, size_t index); /* empty beyond the end */

SLUICE_API uint32_t sluice_testkit_answer_worker(const sluice_testkit_answer *answer); /* which worker ran it, from 0 */
SLUICE_API double sluice_testkit_answer_seconds(const sluice_testkit_answer *answer);  /* until its answer was there */

SLUICE_API void sluice_testkit_answer_free(sluice_testkit_answer *answer); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
