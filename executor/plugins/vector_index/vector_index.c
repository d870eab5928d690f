/*
 * vector_index.c - the executor: its tables, and its handlers from a request to what answers it. See
 * docs/plugins/vector_index.md.
 *
 * Handlers decode and check in their worker. What changes the index is deferred: the writer completes the call when the
 * transaction is on the disk. A search reads memory under a lock that searches share.
 */
#include "gather.h"
#include "index.h"
#include "kernel.h"
#include "matches.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_NAME "index.sqlite"

/* ---- failures ---- */

static sluice_status fail(sluice_call *call, const sluice_error *error, sluice_status status)
{
    if (status == SLUICE_CANCELLED)
        return status;
    return sluice_call_fail(call, status == SLUICE_INVALID ? "ValueError" : "RuntimeError", "%s", error->text);
}

/* ---- writing ---- */

static sluice_status set_results(sluice_call *call, const struct job *job)
{
    static const char *const names[] = {[JOB_INDEX] = "indexed", [JOB_UPDATE] = "updated", [JOB_DELETE] = "deleted"};
    sluice_value *results = sluice_call_results(call);
    sluice_status status = sluice_value_set_number(results, names[job->kind], (double)job->done);
    if (status != SLUICE_OK)
        return status;
    return job->kind == JOB_INDEX ? sluice_value_set_number(results, "replaced", (double)job->replaced)
                                  : sluice_value_set_number(results, "missing", (double)job->missing);
}

/* In the writer's thread: answer the request. */
static void complete(struct job *job)
{
    sluice_call *call = job->context;
    struct index *index = sluice_call_executor(call);
    sluice_status status = job->status;
    if (status == SLUICE_OK && job->kind == JOB_INDEX && job->count > 0)
        atomic_store(&index->dimension, job->dimension);
    status = status == SLUICE_OK ? set_results(call, job) : fail(call, &job->error, status);
    job_free(job);
    sluice_call_complete(call, status);
}

/* The job goes to the writer; nothing of the call may be used afterwards. */
static sluice_status write_later(sluice_call *call, struct job *job)
{
    struct index *index = sluice_call_executor(call);
    sluice_status status = job->count == 0 ? set_results(call, job) : sluice_call_defer(call);
    if (job->count == 0 || status != SLUICE_OK) {
        job_free(job);
        return status;
    }
    job->context = call;
    writer_add(index->writer, job);
    return SLUICE_OK;
}

static sluice_status keep(sluice_call *call, enum job_kind kind)
{
    struct index *index = sluice_call_executor(call);
    struct settings settings = index->settings;
    struct gathered gathered;
    struct job *job = NULL;
    sluice_error error = {0};
    gathered_init(&gathered);
    sluice_status status = settings_override_path(&settings, sluice_call_parameters(call), &error);
    if (status == SLUICE_OK)
        status = gather_documents(sluice_call_read_documents(call), settings.index_path, &gathered, &error);
    if (status == SLUICE_OK)
        status = gather_embeddings(&gathered, atomic_load(&index->dimension), &error);
    if (status == SLUICE_OK)
        status = gather_job(&gathered, kind, &job, &error);
    gathered_done(&gathered);
    return status == SLUICE_OK ? write_later(call, job) : fail(call, &error, status);
}

static sluice_status index_documents(sluice_call *call)
{
    return keep(call, JOB_INDEX);
}

static sluice_status update_documents(sluice_call *call)
{
    return keep(call, JOB_UPDATE);
}

static sluice_status delete_documents(sluice_call *call)
{
    struct job *job = NULL;
    sluice_error error = {0};
    sluice_status status = gather_removals(sluice_call_read_documents(call),
                                           sluice_value_get(sluice_call_parameters(call), "ids"), &job, &error);
    return status == SLUICE_OK ? write_later(call, job) : fail(call, &error, status);
}

/* ---- searching ---- */

static bool is_cancelled(const void *call)
{
    return sluice_call_cancelled(call);
}

static sluice_status find(sluice_call *call, const struct settings *settings, const struct filter *filter,
                          sluice_error *error)
{
    struct index *index = sluice_call_executor(call);
    struct search search = {.metric = settings->metric, .filter = filter, .cancelled = is_cancelled, .context = call};
    struct gathered queries;
    gathered_init(&queries);
    sluice_status status = gather_documents(sluice_call_documents(call), settings->search_path, &queries, error);
    if (status == SLUICE_OK)
        status = gather_embeddings(&queries, atomic_load(&index->dimension), error);
    if (status == SLUICE_OK)
        status = matches_find(&index->table, settings, &search, &queries, error);
    gathered_done(&queries);
    return status;
}

static sluice_status search_documents(sluice_call *call)
{
    const struct index *index = sluice_call_executor(call);
    const sluice_value *parameters = sluice_call_parameters(call);
    const sluice_value *source = sluice_value_get(parameters, "filter");
    struct settings settings = index->settings;
    struct filter *filter = NULL;
    sluice_error error = {0};
    sluice_status status = settings_override_search(&settings, parameters, &error);
    if (status == SLUICE_OK && sluice_value_kind_of(source) != SLUICE_VALUE_NULL)
        status = filter_new(source, &filter, &error);
    if (status == SLUICE_OK)
        status = find(call, &settings, filter, &error);
    filter_free(filter);
    return status == SLUICE_OK ? status : fail(call, &error, status);
}

static sluice_status tell_status(sluice_call *call)
{
    struct index *index = sluice_call_executor(call);
    sluice_value *results = sluice_call_results(call);
    table_lock_shared(&index->table);
    size_t count = index->table.count, memory_bytes = table_bytes(&index->table);
    table_unlock(&index->table);
    sluice_value_set_number(results, "count", (double)count);
    sluice_value_set_number(results, "dimension", (double)atomic_load(&index->dimension));
    sluice_value_set_number(results, "bytes", (double)store_bytes(index->store));
    sluice_value_set_number(results, "memory_bytes", (double)memory_bytes);
    sluice_value_set_string(results, "metric", settings_metric_name(index->settings.metric));
    sluice_value_set_string(results, "path", store_path(index->store));
    sluice_value_set_number(results, "schema", STORE_SCHEMA);
    sluice_value_set_number(results, "transactions", (double)writer_transactions(index->writer));
    return sluice_value_set_string(results, "instructions", kernel_at(0)->instructions);
}

/* ---- opening ---- */

/* The file's path, malloc()ed. */
static sluice_status make_path(const sluice_host *host, sluice_text path, char **ret_path, sluice_error *error)
{
    bool absolute = path.size > 0 && path.data[0] == '/';
    if (path.size == 0)
        path = sluice_text_of(FILE_NAME);
    if (!absolute && host->workspace[0] == '\0')
        return sluice_fail(error, SLUICE_INVALID, NULL, "there is no workspace for the file; set path, or the executor's workspace");
    int size = asprintf(ret_path, "%s%s%.*s", absolute ? "" : host->workspace, absolute ? "" : "/", (int)path.size, path.data);
    return size < 0 ? sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory") : SLUICE_OK;
}

static sluice_status open_store(struct index *index, const sluice_host *host, sluice_error *error)
{
    char *path;
    sluice_status status = make_path(host, index->settings.path, &path, error);
    if (status != SLUICE_OK)
        return status;
    struct store_settings settings = {
        .path = path,
        .relaxed = index->settings.relaxed_durability,
        .max_bytes = index->settings.max_bytes,
        .dimension = index->settings.dimension,
    };
    status = store_open(&settings, &index->store, error);
    free(path);
    return status;
}

static void close_index(void *executor)
{
    struct index *index = executor;
    writer_stop(index->writer);
    store_close(index->store);
    table_done(&index->table);
    free(index);
}

static sluice_status open_index(const sluice_host *host, const sluice_value *parameters, void **ret_executor,
                                sluice_error *error)
{
    struct index *index = calloc(1, sizeof *index);
    if (index == NULL || table_init(&index->table) != SLUICE_OK) {
        free(index);
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory");
    }
    sluice_status status = settings_read(parameters, &index->settings, error);
    if (status == SLUICE_OK)
        status = open_store(index, host, error);
    if (status == SLUICE_OK)
        status = index_load(index, error);
    if (status == SLUICE_OK)
        status = writer_start(index->store, &index->table, complete, &index->writer, error);
    if (status != SLUICE_OK) {
        close_index(index);
        return status;
    }
    host->log(host, SLUICE_LOG_INFO, "%s has %zu documents", store_path(index->store), index->table.count);
    *ret_executor = index;
    return SLUICE_OK;
}

/* ---- the tables ---- */

static const sluice_handler handlers[] = {
    {"index", "/index", index_documents},
    {"update", "/update", update_documents},
    {"delete", "/delete", delete_documents},
    {"search", "/search", search_documents},
    {"status", "/status", tell_status},
    {0},
};

SLUICE_PLUGIN(.name = "vector_index", .version = "1.0",
              .help = "Keeps documents by their embeddings in a file and finds the nearest, exactly.", .handlers = handlers,
              .parameters = settings_parameters, .executor_open = open_index, .executor_close = close_index)
