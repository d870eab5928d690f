/*
 * chaos-index: writes to a vector_index while its process is killed, and knows what must be in it.
 *
 * For each id it keeps the versions that the index may hold: one after an answer, several when a request that named it was never
 * answered. Several requests of many documents are always in flight; no id is in two of them. It prints "pid?" and reads a process id
 * from its input, kills that process with SIGKILL at a random moment of the writing, goes on until the index answers again, lets
 * everything in flight be answered and then reads back all that the index holds. An empty line ends it: the same documents go in
 * another order into a second index, whose answers must equal those of the first. One line of JSON says what was seen.
 */
#include "common/foundation/clock.h"

#include <sluice/client.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDS = 1500,
    DIMENSION = 32,
    PER_REQUEST = 20,
    IN_FLIGHT = 16,
    POSSIBLE_MAX = 64,
    KILLS_MAX = 1000,
    QUERIES = 40,
    PUMP_MS_MOST = 60, /* between the process id and the kill */
    CALM_MS = 150, /* of writing after a recovery: longer than what the supervisor takes for a crash loop */
    PATIENCE_SECONDS = 60,
};

enum kind { INDEX, UPDATE, DELETE };
static const char *const endpoints[] = {"/index", "/update", "/delete"};

/* Version 0: it is not there. */
struct identity {
    uint32_t possible[POSSIBLE_MAX];
    size_t count;
    uint32_t last; /* version ever sent */
    bool busy;     /* in a request in flight */
};

struct slot {
    bool busy;
    enum kind kind;
    size_t ids[PER_REQUEST];
    uint32_t versions[PER_REQUEST];
    uint64_t sequence;
};

static struct identity identities[IDS];
static struct slot slots[IN_FLIGHT];
static uint64_t sequence, answered, failed, lost, wrong, different;
static double recovery_ms[KILLS_MAX];
static size_t kills;
static sluice_client *client, *fresh_client;
static sluice_stream *stream;
static sluice_document_array *held; /* what the index held at the last look */

_Noreturn static void die(const char *what, const sluice_error *error)
{
    fprintf(stderr, "chaos-index: %s%s%s\n", what, error != NULL ? ": " : "", error != NULL ? error->text : "");
    exit(1);
}

/* ---- documents ---- */

/* The same numbers for the same id and version, always. */
static void make_vector(size_t id, uint32_t version, float *vector)
{
    uint32_t state = (uint32_t)id * 2654435761u + version * 40503u + 1;
    for (size_t i = 0; i < DIMENSION; i++) {
        state = state * 1664525u + 1013904223u;
        vector[i] = (float)(state >> 8) / (float)(1 << 24) - 0.5f;
    }
}

static void add_document(sluice_document_array *array, size_t id, uint32_t version)
{
    char name[32];
    float vector[DIMENSION];
    int size = snprintf(name, sizeof name, "id-%zu", id);
    sluice_document *document = sluice_document_array_append(array);
    sluice_document_set_id(document, name, (size_t)size);
    if (version == 0)
        return;
    make_vector(id, version, vector);
    if (sluice_document_set_string(document, name) != SLUICE_OK ||
        sluice_value_set_number(sluice_document_edit_tags(document), "version", version) != SLUICE_OK ||
        sluice_document_set_embedding_floats(document, vector, DIMENSION) != SLUICE_OK)
        die("no memory", NULL);
}

/* ---- what may be there ---- */

static void add_possible(struct identity *identity, uint32_t version)
{
    for (size_t i = 0; i < identity->count; i++)
        if (identity->possible[i] == version)
            return;
    if (identity->count == POSSIBLE_MAX)
        die("too many versions are possible", NULL);
    identity->possible[identity->count++] = version;
}

static uint32_t outcome_of(enum kind kind, uint32_t before, uint32_t version)
{
    if (kind == DELETE || (kind == UPDATE && before == 0))
        return 0;
    return version;
}

static void settle(struct slot *slot, bool done)
{
    for (size_t i = 0; i < PER_REQUEST; i++) {
        struct identity *identity = &identities[slot->ids[i]], before = *identity;
        if (done)
            identity->count = 0;
        for (size_t j = 0; j < before.count; j++)
            add_possible(identity, outcome_of(slot->kind, before.possible[j], slot->versions[i]));
        identity->busy = false;
    }
    slot->busy = false;
}

/* ---- writing ---- */

static void push(struct slot *slot)
{
    char id[SLUICE_REQUEST_ID_SIZE + 1];
    sluice_error error = {0};
    sluice_document_array *documents = sluice_document_array_new();
    slot->kind = rand() % 10 < 6 ? INDEX : rand() % 2 == 0 ? UPDATE : DELETE;
    slot->sequence = ++sequence;
    for (size_t i = 0; i < PER_REQUEST; i++) {
        size_t chosen = (size_t)rand() % IDS;
        while (identities[chosen].busy)
            chosen = (chosen + 1) % IDS;
        identities[chosen].busy = true;
        slot->ids[i] = chosen;
        slot->versions[i] = ++identities[chosen].last;
        add_document(documents, chosen, slot->kind == DELETE ? 0 : slot->versions[i]);
    }
    slot->busy = true;
    snprintf(id, sizeof id, "%zu", (size_t)(slot - slots));
    sluice_request request = {.documents = documents, .on = endpoints[slot->kind], .id = id};
    if (sluice_stream_push(stream, &request, PATIENCE_SECONDS, NULL, &error) != SLUICE_OK)
        die("cannot push a request", &error);
    sluice_document_array_free(documents);
}

static void fill(void)
{
    for (size_t i = 0; i < IN_FLIGHT; i++)
        if (!slots[i].busy)
            push(&slots[i]);
}

/* One answer, or none within the time. The sequence number of its request when it went well; 0 otherwise. */
static uint64_t pull(double timeout_seconds)
{
    sluice_response *response = NULL;
    sluice_error error = {0};
    sluice_pulled pulled = sluice_stream_pull(stream, timeout_seconds, &response, &error);
    if (pulled == SLUICE_PULLED_NOTHING)
        return 0;
    if (pulled != SLUICE_PULLED_RESPONSE)
        die("the stream ended", &error);
    char id[8] = "";
    sluice_text text = sluice_response_request_id(response);
    snprintf(id, sizeof id, "%.*s", (int)(text.size < sizeof id ? text.size : 0), text.data);
    size_t number = strtoul(id, NULL, 10);
    if (number >= IN_FLIGHT || !slots[number].busy)
        die("an answer to no request", NULL);
    struct slot *slot = &slots[number];
    bool done = !sluice_response_failed(response);
    if (!done && !sluice_text_is(sluice_response_exception(response)->name, "ExecutorDied")) {
        text = sluice_response_description(response);
        snprintf(error.text, sizeof error.text, "%.*s", (int)text.size, text.data);
        die("a request failed", &error);
    }
    answered += done;
    failed += !done;
    settle(slot, done);
    sluice_response_unref(response);
    return done ? slot->sequence : 0;
}

static void pull_all(void)
{
    uint64_t end = clock_monotonic_ns() + (uint64_t)PATIENCE_SECONDS * CLOCK_NS_PER_SECOND;
    for (size_t i = 0; i < IN_FLIGHT; i++)
        while (slots[i].busy) {
            pull(1);
            if (clock_monotonic_ns() > end)
                die("a request is not answered", NULL);
        }
}

/* ---- reading back ---- */

static sluice_document_array *search(sluice_client *where, const float *query, const char *parameters_json)
{
    sluice_document_array *ask = sluice_document_array_new();
    sluice_document *document = sluice_document_array_append(ask);
    sluice_post_options options = sluice_post_options_default();
    sluice_results *results = NULL;
    sluice_value *parameters = NULL;
    sluice_error error = {0};
    sluice_document_set_embedding_floats(document, query, DIMENSION);
    if (sluice_value_from_json(parameters_json, strlen(parameters_json), &parameters, &error) != SLUICE_OK)
        die("parameters", &error);
    options.parameters = parameters;
    if (sluice_client_post(where, "/search", sluice_inputs_array(ask), &options, &results, &error) != SLUICE_OK)
        die("a search failed", &error);
    sluice_document_array *found = sluice_results_take_documents(results);
    sluice_results_free(results);
    sluice_value_free(parameters);
    sluice_document_array_free(ask);
    return found;
}

/* The document's version, or 0 when it is not what was sent. */
static uint32_t check_document(const sluice_document *document, size_t *ret_id)
{
    char name[32];
    float vector[DIMENSION];
    sluice_tensor embedding;
    sluice_text id = sluice_document_id(document);
    snprintf(name, sizeof name, "%.*s", (int)(id.size < sizeof name ? id.size : 0), id.data);
    *ret_id = strncmp(name, "id-", 3) == 0 ? strtoul(name + 3, NULL, 10) : IDS;
    double version = sluice_value_number(sluice_value_get(sluice_document_tags(document), "version"), 0);
    if (*ret_id >= IDS || version < 1 || !sluice_text_is(sluice_document_text(document), name))
        return 0;
    make_vector(*ret_id, (uint32_t)version, vector);
    bool same = sluice_document_embedding(document, &embedding) && embedding.size == sizeof vector &&
                memcmp(embedding.data, vector, sizeof vector) == 0;
    return same ? (uint32_t)version : 0;
}

/* Compare all that is held with what may be, and take it for certain from now on. */
static void look(void)
{
    static uint32_t seen[IDS];
    float query[DIMENSION] = {1};
    memset(seen, 0, sizeof seen);
    sluice_document_array_free(held);
    held = search(client, query, "{\"limit\": 10000, \"return_embeddings\": true}");
    const sluice_document_array *matches = sluice_document_matches(sluice_document_array_at(held, 0));
    for (size_t i = 0; i < sluice_document_array_size(matches); i++) {
        size_t id;
        uint32_t version = check_document(sluice_document_array_at(matches, i), &id);
        if (version == 0 || seen[id] != 0)
            wrong++; /* nobody sent this, or it is there twice */
        else
            seen[id] = version;
    }
    for (size_t id = 0; id < IDS; id++) {
        struct identity *identity = &identities[id];
        bool known = false;
        for (size_t i = 0; i < identity->count; i++)
            known = known || identity->possible[i] == seen[id];
        lost += !known;
        identity->count = 0;
        add_possible(identity, seen[id]);
    }
}

/* ---- killing ---- */

static void write_for(uint64_t duration_ns)
{
    uint64_t until = clock_monotonic_ns() + duration_ns;
    do {
        fill();
        pull(0.001);
    } while (clock_monotonic_ns() < until);
    fill();
}

static void kill_once(pid_t pid)
{
    write_for((uint64_t)(rand() % (PUMP_MS_MOST * 1000)) * 1000);
    if (kill(pid, SIGKILL) != 0)
        die("cannot kill that process", NULL);
    uint64_t killed = clock_monotonic_ns(), after = sequence;
    uint64_t end = killed + (uint64_t)PATIENCE_SECONDS * CLOCK_NS_PER_SECOND;
    for (uint64_t good = 0; good <= after; good = pull(1)) {
        fill();
        if (clock_monotonic_ns() > end)
            die("nothing is answered after a kill", NULL);
    }
    recovery_ms[kills++] = (double)(clock_monotonic_ns() - killed) / 1e6;
    write_for((uint64_t)CALM_MS * CLOCK_NS_PER_MS);
    pull_all();
    look();
}

/* ---- a fresh index of the same documents ---- */

static void fill_fresh(void)
{
    const sluice_document_array *matches = sluice_document_matches(sluice_document_array_at(held, 0));
    size_t count = sluice_document_array_size(matches);
    sluice_document_array *all = sluice_document_array_new();
    sluice_post_options options = sluice_post_options_default();
    sluice_error error = {0};
    for (size_t i = count; i > 0; i--) { /* another order than that of the writing */
        size_t id;
        uint32_t version = check_document(sluice_document_array_at(matches, i - 1), &id);
        if (version > 0)
            add_document(all, id, version);
    }
    if (sluice_client_post(fresh_client, "/index", sluice_inputs_array(all), &options, NULL, &error) != SLUICE_OK)
        die("the fresh index", &error);
    sluice_document_array_free(all);
}

static char *json_of(const sluice_document_array *found)
{
    char *json = NULL;
    size_t size = 0;
    sluice_document *query = sluice_document_array_at(found, 0);
    sluice_document_set_id(query, "", 0);
    if (sluice_document_to_json(query, &json, &size, NULL) != SLUICE_OK)
        die("no memory", NULL);
    return json;
}

static void compare_with_fresh(void)
{
    static const char *const parameters[] = {"{\"metric\": \"cosine\", \"limit\": 20}", "{\"metric\": \"inner_product\"}",
                                             "{\"metric\": \"euclidean\", \"filter\": {\"tags__version\": {\"$gt\": 3}}}"};
    float query[DIMENSION];
    for (uint32_t i = 0; i < QUERIES; i++) {
        make_vector(i, 1u << 30, query);
        for (size_t p = 0; p < sizeof parameters / sizeof parameters[0]; p++) {
            sluice_document_array *ours = search(client, query, parameters[p]), *theirs = search(fresh_client, query, parameters[p]);
            char *a = json_of(ours), *b = json_of(theirs);
            different += strcmp(a, b) != 0;
            free(a);
            free(b);
            sluice_document_array_free(ours);
            sluice_document_array_free(theirs);
        }
    }
}

static void connect_to(const char *uri, sluice_client **ret_client)
{
    sluice_client_options options = sluice_client_options_default();
    sluice_error error = {0};
    options.host = uri;
    options.prefetch = IN_FLIGHT;
    if (sluice_client_new(&options, ret_client, &error) != SLUICE_OK)
        die("cannot connect", &error);
}

static void report(void)
{
    printf("{\"answered\": %llu, \"failed\": %llu, \"lost\": %llu, \"wrong\": %llu, \"different\": %llu, \"held\": %zu, "
           "\"recovery_ms\": [",
           (unsigned long long)answered, (unsigned long long)failed, (unsigned long long)lost, (unsigned long long)wrong,
           (unsigned long long)different, sluice_document_array_size(sluice_document_matches(sluice_document_array_at(held, 0))));
    for (size_t i = 0; i < kills; i++)
        printf("%s%.1f", i > 0 ? ", " : "", recovery_ms[i]);
    printf("]}\n");
}

int main(int count, char **arguments)
{
    if (count != 4)
        die("usage: chaos-index URI FRESH_URI SEED", NULL);
    srand((unsigned)strtoul(arguments[3], NULL, 10));
    connect_to(arguments[1], &client);
    connect_to(arguments[2], &fresh_client);
    sluice_post_options options = sluice_post_options_default();
    sluice_error error = {0};
    if (sluice_stream_open(client, "/index", &options, &stream, &error) != SLUICE_OK)
        die("cannot open a stream", &error);
    for (size_t id = 0; id < IDS; id++)
        add_possible(&identities[id], 0);
    fill();
    for (;;) {
        char line[32];
        printf("pid?\n");
        fflush(stdout);
        if (fgets(line, sizeof line, stdin) == NULL || line[0] == '\n' || kills == KILLS_MAX)
            break;
        kill_once((pid_t)strtol(line, NULL, 10));
    }
    pull_all();
    look();
    fill_fresh();
    compare_with_fresh();
    report();
    sluice_document_array_free(held);
    sluice_stream_free(stream);
    sluice_client_free(client);
    sluice_client_free(fresh_client);
    return 0;
}
