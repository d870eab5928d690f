/* The client library against a real Flow whose gateway dies and comes again under it. */
#include "tests/unit/suite.h"

#include <sluice/flow.h>

#include <check.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, KILLS = 6, POSTS_BETWEEN_KILLS = 40, TEXTS = 20, CHILDREN_MAX = 16, LIVES = 150 };

static sluice_error error;
#define ok(call) ck_assert_msg((call) == SLUICE_OK, "%s: %s: %s", #call, error.where, error.text)

struct load {
    sluice_client *client;
    bool stream;
    atomic_bool *stop;
    atomic_uint *good;
    unsigned bad;
    char wrong[200];
};

static int count_outcome(sluice_response *response, void *context)
{
    (void)response;
    ++*(unsigned *)context;
    return 0;
}

/* One post of TEXTS requests. Every one of them is answered when it succeeds; when it does not, it says why. */
static void post_once(struct load *load)
{
    sluice_text texts[TEXTS];
    unsigned outcomes = 0;
    sluice_error failure = {.text = ""};
    for (size_t i = 0; i < TEXTS; i++)
        texts[i] = sluice_text_of("x");
    sluice_post_options options = sluice_post_options_default();
    options.request_size = 1;
    options.stream = load->stream;
    options.on_always = count_outcome;
    options.context = &outcomes;
    options.timeout_seconds = 20;
    sluice_status status =
        sluice_client_post(load->client, "/", sluice_inputs_texts(texts, TEXTS), &options, NULL, &failure);
    if (status == SLUICE_OK && outcomes == TEXTS)
        atomic_fetch_add(load->good, 1);
    else if (status == SLUICE_UNAVAILABLE && outcomes <= TEXTS + 1 && failure.text[0] != '\0')
        load->bad++;
    else
        snprintf(load->wrong, sizeof load->wrong, "%s with %u outcomes: %.100s", sluice_status_name(status), outcomes,
                 failure.text);
}

static void *keep_posting(void *context)
{
    struct load *load = context;
    while (!atomic_load(load->stop) && load->wrong[0] == '\0')
        post_once(load);
    return NULL;
}

/* The gateway of this moment: the child of the supervisor that is called so. 0: there is none. */
static pid_t gateway_of(const sluice_flow *flow)
{
    char path[64], name[64];
    int pids[CHILDREN_MAX], count = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", sluice_flow_pid(flow), sluice_flow_pid(flow));
    FILE *list = fopen(path, "r");
    ck_assert_ptr_nonnull(list);
    while (count < CHILDREN_MAX && fscanf(list, "%d", &pids[count]) == 1)
        count++;
    fclose(list);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "/proc/%d/cmdline", pids[i]);
        FILE *file = fopen(path, "r");
        size_t size = file != NULL ? fread(name, 1, sizeof name - 1, file) : 0;
        if (file != NULL)
            fclose(file);
        name[size] = '\0';
        if (strstr(name, "sluice-gateway") != NULL)
            return pids[i];
    }
    return 0;
}

static void kill_under_load(const sluice_flow *flow, atomic_uint *good, const struct load *loads)
{
    for (int kills = 0; kills < KILLS;) {
        /* It is up again when posts succeed again; and it must not look like a crash loop. */
        unsigned until = atomic_load(good) + POSTS_BETWEEN_KILLS;
        for (int tries = 0; atomic_load(good) < until; tries++) {
            for (size_t i = 0; i < THREADS; i++)
                ck_assert_msg(loads[i].wrong[0] == '\0', "%s", loads[i].wrong);
            ck_assert_msg(tries < 60000, "posts do not succeed again after kill %d", kills);
            usleep(1000);
        }
        pid_t pid = gateway_of(flow);
        kills += pid > 0 && kill(pid, SIGKILL) == 0;
    }
}

START_TEST(every_call_ends_while_the_gateway_is_killed)
{
    sluice_flow *flow;
    static const char yaml[] = "jtype: Flow\nwith: {crash_loop_limit: 1000}\nexecutors: [{name: first, uses: echo}]\n";
    ok(sluice_flow_start_text(yaml, sizeof yaml - 1, NULL, &flow, &error));
    sluice_client *client;
    ok(sluice_flow_client(flow, &client, &error));
    struct load loads[THREADS];
    pthread_t threads[THREADS];
    atomic_bool stop = false;
    atomic_uint good = 0;
    for (size_t i = 0; i < THREADS; i++) {
        loads[i] = (struct load){.client = client, .stream = i % 2 == 0, .stop = &stop, .good = &good};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, keep_posting, &loads[i]), 0);
    }
    kill_under_load(flow, &good, loads);
    atomic_store(&stop, true);
    unsigned bad = 0;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_msg(loads[i].wrong[0] == '\0', "%s", loads[i].wrong);
        bad += loads[i].bad;
    }
    ck_assert_uint_gt(bad, 0);
    ok(sluice_flow_stop(flow, &error));
}
END_TEST

START_TEST(a_stream_that_is_cancelled_with_answers_that_nobody_pulled)
{
    sluice_flow *flow;
    static const char yaml[] = "jtype: Flow\nexecutors: [{name: first, uses: echo}]\n";
    ok(sluice_flow_start_text(yaml, sizeof yaml - 1, NULL, &flow, &error));
    sluice_client *client;
    ok(sluice_flow_client(flow, &client, &error));
    sluice_post_options options = sluice_post_options_default();
    options.prefetch = 50;
    for (int round = 0; round < 20; round++) {
        sluice_stream *stream;
        ok(sluice_stream_open(client, "/", &options, &stream, &error));
        for (int i = 0; i < 50; i++)
            ok(sluice_stream_push(stream, &(sluice_request){.id = NULL}, 0, NULL, &error));
        ck_assert_int_eq(sluice_stream_push(stream, &(sluice_request){.id = NULL}, 0, NULL, &error), SLUICE_LIMIT);
        sluice_response *response;
        ck_assert_int_eq(sluice_stream_pull(stream, -1, &response, &error), SLUICE_PULLED_RESPONSE);
        sluice_response_unref(response);
        sluice_stream_cancel(stream);
        size_t pulled = 1;
        sluice_pulled what;
        while ((what = sluice_stream_pull(stream, -1, &response, &error)) == SLUICE_PULLED_RESPONSE) {
            sluice_response_unref(response);
            pulled++;
        }
        ck_assert_int_eq(what, SLUICE_PULLED_FAILED);
        ck_assert_int_eq(error.status, SLUICE_CANCELLED);
        ck_assert_uint_eq(pulled + sluice_stream_unanswered_count(stream), 50);
        sluice_stream_free(stream);
    }
    ok(sluice_flow_stop(flow, &error));
}
END_TEST

/* Is gRPC, which the client's module has brought along, still at work? At the end of the process its threads would meet
 * objects that are destroyed already. */
static bool grpc_is_at_work(void)
{
    void *library = dlopen("libgrpc.so.29", RTLD_NOW | RTLD_NOLOAD);
    ck_assert_msg(library != NULL, "the client has loaded no libgrpc.so.29");
    void *symbol = dlsym(library, "grpc_is_initialized");
    int (*is_initialized)(void);
    memcpy(&is_initialized, &symbol, sizeof symbol);
    bool at_work = is_initialized() != 0;
    dlclose(library);
    return at_work;
}

START_TEST(a_client_that_is_freed_leaves_nothing_running)
{
    sluice_flow *flow;
    static const char yaml[] = "jtype: Flow\nexecutors: [{name: first, uses: echo}]\n";
    ok(sluice_flow_start_text(yaml, sizeof yaml - 1, NULL, &flow, &error));
    char uri[64];
    snprintf(uri, sizeof uri, "grpc://127.0.0.1:%d", sluice_flow_port_of(flow, "grpc"));
    for (int life = 0; life < LIVES; life++) {
        sluice_client *client;
        ok(sluice_client_open(uri, &client, &error));
        ok(sluice_client_is_flow_ready(client, 30, &error));
        sluice_client_free(client);
        ck_assert_msg(!grpc_is_at_work(), "after client %d", life);
    }
    ok(sluice_flow_stop(flow, &error));
}
END_TEST

SUITE_MAIN("integration.client", every_call_ends_while_the_gateway_is_killed,
           a_stream_that_is_cancelled_with_answers_that_nobody_pulled, a_client_that_is_freed_leaves_nothing_running)
