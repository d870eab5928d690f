/* post.c - requests to jobs, jobs to answers, and the short form. */
#include "common/document/codec.h"
#include "common/foundation/clock.h"
#include "executor/testkit/kit.h"

#include <stdlib.h>

#define TIMEOUT_SECONDS_MAX 1e9 /* longer ones are as good as none */

/* ---- one job ---- */

static sluice_status encode_parameters(const char *json, struct buffer *bytes, sluice_error *error)
{
    sluice_value *map = NULL;
    if (json == NULL)
        return SLUICE_OK;
    sluice_status status = sluice_value_from_json(json, strlen(json), &map, error);
    if (status != SLUICE_OK)
        return status;
    value_write_struct(map, bytes);
    sluice_value_free(map);
    return bytes->failed == SLUICE_OK ? SLUICE_OK : sluice_fail(error, bytes->failed, "parameters", "no memory to write them");
}

static sluice_status encode_documents(struct job *job, const sluice_document_array *documents, sluice_error *error)
{
    if (documents == NULL)
        return SLUICE_OK;
    sluice_status status = document_array_write_content(documents, &job->content, error);
    if (status == SLUICE_OK && rope_append(&job->sent, job->content, job->content->data, job->content->size) != SLUICE_OK)
        status = sluice_fail(error, SLUICE_NO_MEMORY, "documents", "no memory to send them");
    return status;
}

/* The end of a job: nobody touches it any more until the post takes it back. */
static void job_finish(struct job *job, const struct call_answer *given)
{
    job->answer->seconds = (double)(clock_monotonic_ns() - job->started_ns) / CLOCK_NS_PER_SECOND;
    job->status = answer_take(job->answer, given, &job->sent, &job->error);
    block_unref(given->body);
}

/* A deferred call is answered, in the plugin's thread. */
static void job_completed(sluice_call *call, void *context)
{
    struct job *job = context;
    struct call_answer given;
    call_take_answer(call, &given);
    job_finish(job, &given);
    call_free(call);
    kit_count_finished(job->kit);
}

/* The job is to be ended by job_done() in any case. */
static sluice_status job_init(struct job *job, sluice_testkit *kit, const sluice_testkit_request *request,
                              sluice_error *error)
{
    *job = (struct job){.kit = kit, .timeout_seconds = request->timeout_seconds};
    buffer_init(&job->parameters, BUFFER_NO_LIMIT);
    rope_init(&job->sent);
    sluice_status status = encode_parameters(request->parameters, &job->parameters, error);
    if (status == SLUICE_OK)
        status = encode_documents(job, request->documents, error);
    if (status != SLUICE_OK)
        return status;
    job->answer = answer_new();
    if (job->answer == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "answer", "no memory for it");
    job->request = (struct call_request){
        .endpoint = sluice_text_of(request->endpoint != NULL ? request->endpoint : "/"),
        .request_id = sluice_text_of(request->request_id != NULL ? request->request_id : "test"),
        .parameters = job->parameters.data,
        .parameters_size = job->parameters.size,
        .body = request->documents != NULL ? &job->sent : NULL,
        .cancelled = &kit->cancelled,
        .completed = job_completed,
        .context = job,
    };
    return SLUICE_OK;
}

static void job_done(struct job *job)
{
    rope_done(&job->sent);
    block_unref(job->content);
    buffer_done(&job->parameters);
    sluice_testkit_answer_free(job->answer);
}

static uint64_t deadline_ns(uint64_t now, double timeout_seconds)
{
    if (timeout_seconds == 0)
        return 0;
    if (timeout_seconds < 0)
        return now;
    double seconds = timeout_seconds < TIMEOUT_SECONDS_MAX ? timeout_seconds : TIMEOUT_SECONDS_MAX;
    return now + (uint64_t)(seconds * CLOCK_NS_PER_SECOND);
}

void job_run(struct job *job, struct kit_worker *worker)
{
    struct call_answer given;
    sluice_testkit *kit = job->kit;
    job->started_ns = clock_monotonic_ns();
    job->request.deadline_ns = deadline_ns(job->started_ns, job->timeout_seconds);
    job->answer->worker = worker->index;
    call_run(worker->call, &job->request, &given);
    if (given.outcome == CALL_DEFERRED) { /* the job may be finished already */
        worker->call = given.successor;
        return;
    }
    job_finish(job, &given);
    kit_count_finished(kit);
}

/* ---- posts ---- */

/* The first job that could not be answered. */
static sluice_status first_failure(const struct job *jobs, size_t count, sluice_error *error)
{
    for (size_t i = 0; i < count; i++)
        if (jobs[i].status != SLUICE_OK) {
            if (error != NULL)
                *error = jobs[i].error;
            return jobs[i].status;
        }
    return SLUICE_OK;
}

/* Request `index` of an array whose elements may be those of an older or newer header. */
static sluice_testkit_request request_at(const sluice_testkit_request *requests, size_t index)
{
    sluice_testkit_request request = sluice_testkit_request_default();
    size_t size = requests->struct_size != 0 ? requests->struct_size : sizeof request;
    memcpy(&request, (const char *)requests + index * size, size < sizeof request ? size : sizeof request);
    return request;
}

static sluice_status post(sluice_testkit *kit, const sluice_testkit_request *requests, struct job *jobs, size_t count,
                          sluice_testkit_answer **ret_answers, sluice_error *error)
{
    size_t made = 0;
    sluice_status status = SLUICE_OK;
    while (made < count && status == SLUICE_OK) {
        sluice_testkit_request request = request_at(requests, made);
        status = job_init(&jobs[made++], kit, &request, error);
    }
    if (status == SLUICE_OK) {
        kit_run_jobs(kit, jobs, count);
        atomic_store(&kit->cancelled, false);
        status = first_failure(jobs, count, error);
    }
    for (size_t i = 0; i < made; i++) {
        if (status == SLUICE_OK) {
            ret_answers[i] = jobs[i].answer;
            jobs[i].answer = NULL;
        }
        job_done(&jobs[i]);
    }
    return status;
}

sluice_status sluice_testkit_post_many(sluice_testkit *kit, const sluice_testkit_request *requests, size_t count,
                                       sluice_testkit_answer **ret_answers, sluice_error *error)
{
    if (count == 0)
        return SLUICE_OK;
    struct job *jobs = calloc(count, sizeof *jobs);
    if (jobs == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "requests", "no memory for %zu of them", count);
    sluice_status status = post(kit, requests, jobs, count, ret_answers, error);
    free(jobs);
    return status;
}

sluice_status sluice_testkit_post(sluice_testkit *kit, const sluice_testkit_request *request,
                                  sluice_testkit_answer **ret_answer, sluice_error *error)
{
    struct job job;
    return post(kit, request, &job, 1, ret_answer, error);
}

void sluice_testkit_cancel(sluice_testkit *kit)
{
    atomic_store(&kit->cancelled, true);
}

/* ---- the short form ---- */

sluice_status sluice_testkit_call(sluice_testkit *kit, const char *endpoint, const sluice_document_array *documents,
                                  const char *parameters, sluice_document_array **ret_documents, sluice_error *error)
{
    sluice_testkit_request request = sluice_testkit_request_default();
    request.endpoint = endpoint;
    request.documents = documents;
    request.parameters = parameters;
    sluice_value_free(kit->results);
    kit->results = NULL;
    sluice_testkit_answer *answer = NULL;
    sluice_status status = sluice_testkit_post(kit, &request, &answer, error);
    if (status != SLUICE_OK)
        return status;
    kit->results = answer->results;
    answer->results = NULL;
    if (ret_documents != NULL) {
        *ret_documents = answer->documents;
        answer->documents = NULL;
    }
    if (answer->failed)
        status = sluice_fail(error, SLUICE_EXECUTOR, NULL, "%.*s", (int)answer->text.size, answer->text.data);
    sluice_testkit_answer_free(answer);
    return status;
}

const sluice_value *sluice_testkit_results(const sluice_testkit *kit)
{
    return kit->results;
}
