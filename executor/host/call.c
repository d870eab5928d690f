#include "executor/host/call.h"
#include "common/document/codec.h"
#include "common/foundation/arena.h"
#include "common/foundation/clock.h"
#include "common/net/frame.h"
#include "executor/host/crash.h"
#include "executor/host/failure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_FIRST = 16 << 10 };

struct sluice_call {
    const struct instance *instance;
    void *worker;
    struct call_request request;
    const sluice_handler *handler;
    struct arena *arena; /* parameters, results and texts of the call */
    const sluice_value *parameters;
    sluice_value *results;
    sluice_document_array *documents;   /* once asked for */
    bool edited;                        /* they were given to be edited */
    sluice_document_array *replacement; /* once asked for */
    bool unreadable; /* documents or parameters could not be read; `reason` says why */
    sluice_error reason;
    bool failed; /* `failure` is written */
    struct buffer failure, encoded_results;
    sluice_document_array *spare; /* empty; given when nothing can be read and nothing allocated */
    sluice_value *no_parameters;  /* an empty map */
    sluice_call *successor;       /* deferred: the worker's next call, until it is handed over */
    bool deferred;
    atomic_uint phase;            /* of a deferred call; whoever brings the second part answers it */
    sluice_status outcome;        /* of sluice_call_complete() */
    uint64_t deferred_ns;
};

enum { PHASE_RETURNED = 1, PHASE_COMPLETED = 2 };

sluice_call *call_new(const struct instance *instance, void *worker)
{
    sluice_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return NULL;
    call->instance = instance;
    call->worker = worker;
    call->arena = arena_new(ARENA_FIRST, ARENA_NO_LIMIT);
    call->spare = sluice_document_array_new();
    call->no_parameters = sluice_value_new_map();
    buffer_init(&call->failure, BUFFER_NO_LIMIT);
    buffer_init(&call->encoded_results, BUFFER_NO_LIMIT);
    if (call->arena == NULL || call->spare == NULL || call->no_parameters == NULL) {
        call_free(call);
        return NULL;
    }
    return call;
}

void call_free(sluice_call *call)
{
    if (call == NULL)
        return;
    call_free(call->successor);
    arena_free(call->arena);
    sluice_document_array_free(call->spare);
    sluice_value_free(call->no_parameters);
    buffer_done(&call->failure);
    buffer_done(&call->encoded_results);
    free(call);
}

/* ---- what a handler asks for ---- */

static void note_unreadable(sluice_call *call, const sluice_error *error)
{
    if (!call->unreadable)
        call->reason = *error;
    call->unreadable = true;
}

static sluice_document_array *documents(sluice_call *call)
{
    if (call->documents != NULL)
        return call->documents;
    sluice_error error = {0};
    struct rope empty;
    rope_init(&empty);
    const struct rope *body = call->request.body != NULL ? call->request.body : &empty;
    sluice_status status = document_array_read_content(body, &call->instance->limits, &call->documents, &error);
    if (status == SLUICE_OK)
        return call->documents;
    note_unreadable(call, &error);
    sluice_document_array_clear(call->spare);
    call->documents = call->spare;
    return call->documents;
}

sluice_document_array *sluice_call_documents(sluice_call *call)
{
    call->edited = true;
    return documents(call);
}

const sluice_document_array *sluice_call_read_documents(sluice_call *call)
{
    return documents(call);
}

sluice_document_array *sluice_call_replace_documents(sluice_call *call)
{
    if (call->replacement != NULL)
        sluice_document_array_clear(call->replacement);
    else
        call->replacement = sluice_document_array_new_with(&call->instance->limits);
    return call->replacement;
}

/* The entries of the map under the executor's class name go on top (wire-grpc.md, 3.4, last step). */
static sluice_status merge_own_parameters(sluice_call *call, sluice_value *parameters)
{
    const sluice_value *own = sluice_value_get(parameters, call->instance->host.class_name);
    if (sluice_value_kind_of(own) != SLUICE_VALUE_MAP)
        return SLUICE_OK;
    /* A copy: one of the entries may replace the map they stand in. */
    sluice_value *holder = value_new_map_in(call->arena);
    if (holder == NULL || sluice_value_set_copy(holder, sluice_text_of("own"), own) != SLUICE_OK)
        return SLUICE_NO_MEMORY;
    own = sluice_value_get(holder, "own");
    for (size_t i = 0; i < sluice_value_size(own); i++)
        if (sluice_value_set_copy(parameters, sluice_value_key_at(own, i), sluice_value_at(own, i)) != SLUICE_OK)
            return SLUICE_NO_MEMORY;
    return SLUICE_OK;
}

const sluice_value *sluice_call_parameters(sluice_call *call)
{
    if (call->parameters != NULL)
        return call->parameters;
    call->parameters = call->no_parameters;
    if (call->request.parameters_size == 0)
        return call->parameters;
    sluice_error error = {0};
    sluice_value *map;
    sluice_status status = value_read_struct_in(call->arena, call->request.parameters, call->request.parameters_size,
                                                &call->instance->limits, &map, &error);
    if (status == SLUICE_OK && merge_own_parameters(call, map) != SLUICE_OK)
        status = sluice_fail(&error, SLUICE_NO_MEMORY, "parameters", "no memory to merge them");
    if (status == SLUICE_OK)
        call->parameters = map;
    else
        note_unreadable(call, &error);
    return call->parameters;
}

sluice_value *sluice_call_results(sluice_call *call)
{
    if (call->results == NULL)
        call->results = value_new_map_in(call->arena);
    return call->results;
}

sluice_text sluice_call_endpoint(const sluice_call *call)
{
    return call->request.endpoint;
}

sluice_text sluice_call_request_id(const sluice_call *call)
{
    return call->request.request_id;
}

uint64_t sluice_call_deadline_ns(const sluice_call *call)
{
    return call->request.deadline_ns;
}

bool sluice_call_cancelled(const sluice_call *call)
{
    const struct call_request *request = &call->request;
    return atomic_load_explicit(request->cancelled, memory_order_relaxed) ||
           (request->deadline_ns != 0 && clock_monotonic_ns() >= request->deadline_ns);
}

const sluice_host *sluice_call_host(const sluice_call *call)
{
    return &call->instance->host;
}

void *sluice_call_executor(const sluice_call *call)
{
    return call->instance->executor;
}

void *sluice_call_worker(const sluice_call *call)
{
    return call->worker;
}

sluice_status sluice_call_fail_with(sluice_call *call, const char *name, const sluice_text *arguments, size_t count,
                                    const char *description)
{
    failure_write(&call->failure, name != NULL ? name : "RuntimeError", arguments, count, description,
                  call->instance->host.class_name);
    call->failed = true;
    return SLUICE_EXECUTOR;
}

sluice_status sluice_call_fail(sluice_call *call, const char *name, const char *format, ...)
{
    char short_text[1024];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(short_text, sizeof short_text, format, arguments);
    va_end(arguments);
    sluice_text text = {short_text, size < 0 ? 0 : (size_t)size};
    if (text.size >= sizeof short_text) {
        size_t room = text.size < FAILURE_TEXT_MAX ? text.size : FAILURE_TEXT_MAX;
        char *long_text = arena_alloc(call->arena, room + 1);
        if (long_text != NULL) {
            va_start(arguments, format);
            vsnprintf(long_text, room + 1, format, arguments);
            va_end(arguments);
        }
        text = (sluice_text){long_text != NULL ? long_text : short_text, long_text != NULL ? room : sizeof short_text - 1};
    }
    return sluice_call_fail_with(call, name, &text, 1, NULL);
}

/* ---- running ---- */

static void begin(sluice_call *call, const struct call_request *request, const sluice_handler *handler)
{
    call->request = *request;
    call->handler = handler;
    call->parameters = NULL;
    call->results = NULL;
    call->documents = call->replacement = NULL;
    call->unreadable = call->failed = call->edited = false;
    arena_reset(call->arena);
}

/* What a handler's status means beside sluice_call_fail(). */
static void judge(sluice_call *call, sluice_status status)
{
    if (call->unreadable) {
        sluice_text reason = sluice_text_of(call->reason.text);
        sluice_call_fail_with(call, "DecodeError", &reason, 1, NULL);
    } else if (status != SLUICE_OK && !call->failed) {
        if (status > SLUICE_OK && (int)status < SLUICE_STATUS_COUNT)
            sluice_call_fail(call, "RuntimeError", "the handler %s returned the status \"%s\" without sluice_call_fail()",
                             call->handler->name, sluice_status_name(status));
        else
            sluice_call_fail(call, "RuntimeError", "the handler %s returned %d, which is no status", call->handler->name,
                             (int)status);
    }
}

static void write_documents(sluice_call *call, struct call_answer *answer)
{
    const sluice_document_array *array = call->replacement;
    if (array == NULL && call->edited)
        array = call->documents;
    if (call->failed || array == NULL)
        return;
    sluice_error error = {0};
    if (document_array_write_content(array, &answer->body, &error) != SLUICE_OK) {
        sluice_call_fail(call, "RuntimeError", "the answer cannot be written: %s", error.text);
    } else if (call->instance->answer_max > 0 && answer->body->size > call->instance->answer_max) {
        sluice_call_fail(call, "RuntimeError", "the answer has %zu bytes, more than max_message_bytes allows (%llu)",
                         answer->body->size, (unsigned long long)call->instance->answer_max);
        block_unref(answer->body);
        answer->body = NULL;
    } else {
        answer->outcome = CALL_ANSWERED;
    }
}

static void write_results(sluice_call *call, struct call_answer *answer)
{
    if (call->failed || call->results == NULL)
        return;
    buffer_clear(&call->encoded_results);
    value_write_struct(call->results, &call->encoded_results);
    if (call->encoded_results.failed != SLUICE_OK || call->encoded_results.size > FRAME_META_MAX / 2)
        sluice_call_fail(call, "RuntimeError", "the results are too large: at most %zu bytes travel",
                         FRAME_META_MAX / 2);
    else
        answer->has_results = true;
}

static void finish(sluice_call *call, sluice_status status, struct call_answer *answer)
{
    judge(call, status);
    write_results(call, answer);
    write_documents(call, answer);
    if (call->failed) {
        answer->outcome = CALL_FAILED;
        answer->has_results = false;
    }
    if (call->documents != call->spare)
        sluice_document_array_free(call->documents);
    sluice_document_array_free(call->replacement);
    call->documents = call->replacement = NULL;
}

static struct call_answer unchanged(const sluice_call *call)
{
    return (struct call_answer){
        .outcome = CALL_UNCHANGED,
        .has_endpoint = true,
        .results = &call->encoded_results,
        .failure = &call->failure,
    };
}

/* ---- deferring ---- */

sluice_status sluice_call_defer(sluice_call *call)
{
    if (call->deferred)
        return SLUICE_OK;
    call->successor = call_new(call->instance, call->worker);
    if (call->successor == NULL)
        return SLUICE_NO_MEMORY;
    atomic_init(&call->phase, 0);
    call->deferred_ns = clock_monotonic_ns();
    call->deferred = true;
    return SLUICE_OK;
}

void sluice_call_complete(sluice_call *call, sluice_status status)
{
    call->outcome = status;
    if (atomic_fetch_or(&call->phase, PHASE_COMPLETED) & PHASE_RETURNED)
        call->request.completed(call, call->request.context);
}

/* The handler has returned. False: its answer comes later, and the call is out of reach. */
static bool settled(sluice_call *call, struct call_answer *answer)
{
    if (!call->deferred)
        return true;
    sluice_call *successor = call->successor;
    call->successor = NULL;
    if (atomic_fetch_or(&call->phase, PHASE_RETURNED) & PHASE_COMPLETED) {
        call_free(successor);
        call->deferred = false;
        return true;
    }
    answer->outcome = CALL_DEFERRED;
    answer->successor = successor;
    return false;
}

void call_take_answer(sluice_call *call, struct call_answer *ret_answer)
{
    *ret_answer = unchanged(call);
    ret_answer->deferred_ns = call->deferred_ns;
    finish(call, call->outcome, ret_answer);
}

/* ---- a request ---- */

void call_run(sluice_call *call, const struct call_request *request, struct call_answer *ret_answer)
{
    *ret_answer = unchanged(call);
    const struct instance *instance = call->instance;
    if (instance->plugin == NULL || sluice_text_is(request->endpoint, BINDINGS_DRY_RUN))
        return;
    const sluice_handler *handler =
        bindings_find(&instance->bindings, request->endpoint.data, request->endpoint.size);
    ret_answer->has_endpoint = handler != NULL;
    if (handler == NULL)
        return;
    struct call_place place = {instance->where, instance->pod, request->endpoint, request->request_id};
    begin(call, request, handler);
    crash_enter(&place);
    sluice_status status = handler->function(call);
    crash_leave();
    bool was_deferred = call->deferred;
    if (settled(call, ret_answer))
        finish(call, was_deferred ? call->outcome : status, ret_answer);
}
