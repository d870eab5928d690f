#include "tests/chaos/mix.h"

#include "common/foundation/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    REQUESTS_MAX = 400,
    DOCUMENTS_MAX = 3,
    ID_SIZE = 32,
    SMALL_TEXT = 2000,
    LARGE_TEXT = 200000,
    STAMPS_MAX = 2, /* the executors of the Flow append "a" and "b" */
    PATIENCE_SECONDS = 90,
};

enum kind { PLAIN, DEADLINE, CANCEL, SLOW_READER, FLOOD, ABANDON };
enum outcome { NOT_SENT, IN_FLIGHT, ANSWERED, UNANSWERED };

struct request {
    char id[ID_SIZE + 1];
    size_t documents, text_size;
    enum outcome outcome;
};

struct episode {
    struct mix_worker *worker;
    enum kind kind;
    sluice_stream *stream;
    size_t count, sent, pulled, cancel_after;
    bool over, cancelled, ended_well;
    uint64_t limit_ns;
    struct request requests[REQUESTS_MAX];
};

static unsigned draw(struct mix_worker *worker, unsigned below)
{
    return (unsigned)rand_r(&worker->seed) % below;
}

static void complain(struct mix_worker *worker, uint64_t *counter, const char *what, const char *id, const char *text)
{
    struct mix_tally *tally = &worker->tally;
    ++*counter;
    if (tally->example_count < MIX_EXAMPLES)
        snprintf(tally->examples[tally->example_count++], MIX_EXAMPLE_SIZE, "%.60s: %.60s %.240s", what, id, text);
}

static void pause_ms(unsigned milliseconds)
{
    struct timespec time = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * CLOCK_NS_PER_MS};
    nanosleep(&time, NULL);
}

/* ---- a request's documents ---- */

/* The text of document `number`: the id, the number, then a pattern that begins elsewhere in each document. */
static void make_text(const struct request *request, size_t number, char *text)
{
    static const char pattern[] = "nothing lost, nothing doubled, nothing mixed up; ";
    int head = snprintf(text, request->text_size + 1, "%s.%zu.", request->id, number);
    for (size_t i = (size_t)head; i < request->text_size; i++)
        text[i] = pattern[(i + number * 7) % (sizeof pattern - 1)];
}

static sluice_document_array *make_documents(const struct request *request)
{
    char id[ID_SIZE + 8], *text = malloc(request->text_size + 1);
    sluice_document_array *documents = sluice_document_array_new();
    for (size_t i = 0; text && documents && i < request->documents; i++) {
        sluice_document *document = sluice_document_array_append(documents);
        int size = snprintf(id, sizeof id, i == 0 ? "%s" : "%s-%zu", request->id, i);
        make_text(request, i, text);
        sluice_document_set_id(document, id, (size_t)size);
        sluice_document_set_text(document, text, request->text_size);
    }
    free(text);
    return documents;
}

/* NULL, or what is wrong with the documents: they must be those sent, with one stamp of each executor that was through. */
static const char *check_documents(const struct request *request, sluice_response *response)
{
    sluice_document_array *documents = sluice_response_documents(response, NULL);
    if (!documents)
        return "the documents cannot be read";
    if (sluice_document_array_size(documents) != request->documents)
        return "the answer has another number of documents";
    static const char stamps[] = "ab";
    size_t stamped = SIZE_MAX;
    char *text = malloc(request->text_size + 1);
    const char *wrong = text ? NULL : "no memory";
    for (size_t i = 0; !wrong && i < request->documents; i++) {
        sluice_text there = sluice_document_text(sluice_document_array_at(documents, i));
        make_text(request, i, text);
        size_t more = there.size - request->text_size;
        if (there.size < request->text_size || more > STAMPS_MAX || memcmp(there.data, text, request->text_size) != 0)
            wrong = "the documents are not those sent";
        else if (memcmp(there.data + request->text_size, stamps, more) != 0 || (i > 0 && more != stamped))
            wrong = "the documents are stamped as none may be";
        stamped = more;
    }
    free(text);
    if (!wrong && !sluice_response_failed(response) && stamped != STAMPS_MAX)
        wrong = "a good answer that has not been through both executors";
    return wrong;
}

/* ---- sending ---- */

static void plan_request(struct episode *episode, size_t index)
{
    struct mix_worker *worker = episode->worker;
    struct request *request = &episode->requests[index];
    bool large = draw(worker, episode->kind == SLOW_READER ? 4 : 60) == 0;
    request->documents = 1 + draw(worker, DOCUMENTS_MAX);
    request->text_size = ID_SIZE + 8 + draw(worker, large ? LARGE_TEXT : SMALL_TEXT);
    request->outcome = NOT_SENT;
    snprintf(request->id, sizeof request->id, "%08x%08x%08x%08x", worker->number, worker->episode, (unsigned)index, 0xC4A05u);
}

/* Push the next request. False: not now, or never any more. */
static bool push(struct episode *episode)
{
    struct request *request = &episode->requests[episode->sent];
    sluice_value *parameters = sluice_value_new_map();
    if (episode->kind == DEADLINE || episode->kind == ABANDON || draw(episode->worker, 20) == 0)
        sluice_value_set_number(parameters, "ms", draw(episode->worker, 60));
    sluice_request pushed = {.documents = make_documents(request), .parameters = parameters, .id = request->id};
    sluice_error error = {0};
    sluice_status status = sluice_stream_push(episode->stream, &pushed, 0, NULL, &error);
    sluice_document_array_free((sluice_document_array *)pushed.documents);
    sluice_value_free(parameters);
    if (status == SLUICE_OK) {
        request->outcome = IN_FLIGHT;
        episode->sent++;
        episode->worker->tally.sent++;
    } else if (status == SLUICE_CANCELLED) {
        episode->count = episode->sent; /* the stream is over: pulling says why */
    } else if (status != SLUICE_LIMIT) {
        complain(episode->worker, &episode->worker->tally.odd, "push", request->id, error.text);
        episode->count = episode->sent;
    }
    return status == SLUICE_OK;
}

/* ---- outcomes ---- */

static struct request *request_of(struct episode *episode, sluice_text id)
{
    for (size_t i = 0; i < episode->sent; i++)
        if (sluice_text_is(id, episode->requests[i].id))
            return &episode->requests[i];
    return NULL;
}

static void on_response(struct episode *episode, sluice_response *response)
{
    struct mix_worker *worker = episode->worker;
    struct mix_tally *tally = &worker->tally;
    struct request *request = request_of(episode, sluice_response_request_id(response));
    episode->pulled++;
    if (!request) {
        complain(worker, &tally->wrong, "an answer with an id that was not sent", "", "");
        return;
    }
    if (request->outcome != IN_FLIGHT) {
        complain(worker, &tally->twice, "answered again", request->id, "");
        return;
    }
    request->outcome = ANSWERED;
    const char *wrong = check_documents(request, response);
    if (wrong)
        complain(worker, &tally->wrong, wrong, request->id, "");
    if (!sluice_response_failed(response)) {
        tally->good++;
        return;
    }
    tally->failed++;
    const sluice_exception *exception = sluice_response_exception(response);
    bool died = exception && sluice_text_is(exception->name, "ExecutorDied");
    if (!died) {
        char text[200];
        sluice_text said = sluice_response_description(response);
        snprintf(text, sizeof text, "%s, in an episode of kind %d: %.*s", worker->uri, (int)episode->kind,
                 (int)(said.size < 120 ? said.size : 120), said.data);
        complain(worker, &tally->odd, "a failure that nothing explains", request->id, text);
    }
}

/* Was it to be expected that this stream fails so? */
static bool is_explained(const struct episode *episode, const sluice_error *error)
{
    switch (error->status) {
    case SLUICE_CANCELLED: return episode->cancelled;
    case SLUICE_TIMEOUT: return episode->kind == DEADLINE;
    case SLUICE_LIMIT: return true;
    case SLUICE_UNAVAILABLE: /* over HTTP the death of an executor is a status, 503 */
        return episode->worker->cut || strstr(error->text, "ExecutorDied") != NULL;
    default: return false;
    }
}

static void on_failure(struct episode *episode, const sluice_error *error)
{
    struct mix_worker *worker = episode->worker;
    worker->tally.ends[error->status]++;
    if (!is_explained(episode, error))
        complain(worker, &worker->tally.odd, sluice_status_name(error->status), worker->uri, error->text);
    size_t count = sluice_stream_unanswered_count(episode->stream);
    for (size_t i = 0; i < count; i++) {
        struct request *request = request_of(episode, sluice_stream_unanswered(episode->stream, i));
        if (!request)
            complain(worker, &worker->tally.wrong, "an id without answer that was not sent", "", "");
        else if (request->outcome != IN_FLIGHT)
            complain(worker, &worker->tally.twice, "told as unanswered, and had its answer", request->id, "");
        else
            request->outcome = UNANSWERED;
        worker->tally.unanswered += request && request->outcome == UNANSWERED;
    }
}

/* One pull, waiting so long at most. */
static void pull(struct episode *episode, double seconds)
{
    sluice_response *response = NULL;
    sluice_error error = {0};
    switch (sluice_stream_pull(episode->stream, seconds, &response, &error)) {
    case SLUICE_PULLED_RESPONSE:
        on_response(episode, response);
        sluice_response_unref(response);
        break;
    case SLUICE_PULLED_NOTHING:
        if (clock_monotonic_ns() > episode->limit_ns)
            episode->over = true; /* what is in flight never came */
        break;
    case SLUICE_PULLED_END: episode->over = episode->ended_well = true; break;
    case SLUICE_PULLED_FAILED:
        episode->over = true;
        on_failure(episode, &error);
        break;
    }
}

/* ---- the ways to behave ---- */

static sluice_post_options options_of(struct episode *episode)
{
    struct mix_worker *worker = episode->worker;
    static const int windows[] = {0, 1, 4, 32, -1};
    sluice_post_options options = sluice_post_options_default();
    options.prefetch = episode->kind == FLOOD ? -1 : windows[draw(worker, 5)];
    options.stream = draw(worker, 3) != 0;
    options.results_in_order = draw(worker, 4) == 0;
    if (episode->kind == DEADLINE)
        options.timeout_seconds = 0.001 * (1 + draw(worker, 80));
    return options;
}

/* Push and pull in turn, as the kind wants it. False: the episode is left with requests in flight. */
static bool drive(struct episode *episode)
{
    struct mix_worker *worker = episode->worker;
    bool finished = false;
    while (!episode->over) {
        while (episode->sent < episode->count && push(episode))
            continue;
        if (episode->kind == ABANDON && episode->pulled >= episode->cancel_after)
            return false;
        if (episode->kind == CANCEL && !episode->cancelled && episode->pulled >= episode->cancel_after) {
            episode->cancelled = true;
            sluice_stream_cancel(episode->stream);
        }
        if (episode->sent == episode->count && !finished) {
            finished = true;
            sluice_stream_finish(episode->stream, NULL);
        }
        if (episode->kind == SLOW_READER && draw(worker, 10) == 0)
            pause_ms(draw(worker, 100));
        pull(episode, episode->sent < episode->count ? 0.01 : 1);
    }
    return true;
}

static void account(struct episode *episode, bool left)
{
    struct mix_tally *tally = &episode->worker->tally;
    for (size_t i = 0; i < episode->sent; i++) {
        if (episode->requests[i].outcome != IN_FLIGHT)
            continue;
        if (left)
            tally->abandoned++;
        else
            complain(episode->worker, &tally->never, episode->ended_well ? "the stream ended well without an answer to" : "no answer to",
                     episode->requests[i].id, episode->worker->uri);
    }
}

void mix_episode(struct mix_worker *worker)
{
    static const enum kind kinds[] = {PLAIN, PLAIN, PLAIN, PLAIN, DEADLINE, DEADLINE, CANCEL, SLOW_READER, FLOOD, ABANDON};
    sluice_error error = {0};
    struct episode *episode = calloc(1, sizeof *episode);
    if (!worker->client && sluice_client_open(worker->uri, &worker->client, &error) != SLUICE_OK)
        complain(worker, &worker->tally.odd, "open", worker->uri, error.text);
    if (!episode || !worker->client) {
        free(episode);
        return;
    }
    worker->episode++;
    episode->worker = worker;
    episode->kind = kinds[draw(worker, sizeof kinds / sizeof kinds[0])];
    episode->count = episode->kind == FLOOD ? REQUESTS_MAX : 1 + draw(worker, 60);
    episode->cancel_after = draw(worker, (unsigned)episode->count);
    episode->limit_ns = clock_monotonic_ns() + (uint64_t)PATIENCE_SECONDS * CLOCK_NS_PER_SECOND;
    for (size_t i = 0; i < episode->count; i++)
        plan_request(episode, i);
    sluice_post_options options = options_of(episode);
    worker->tally.episodes[episode->kind]++;
    if (sluice_stream_open(worker->client, "/", &options, &episode->stream, &error) != SLUICE_OK) {
        complain(worker, &worker->tally.odd, "open a stream", worker->uri, error.text);
    } else {
        bool left = !drive(episode);
        account(episode, left);
    }
    sluice_stream_free(episode->stream);
    free(episode);
    if (draw(worker, 16) == 0) {
        sluice_client_free(worker->client);
        worker->client = NULL;
    }
}
