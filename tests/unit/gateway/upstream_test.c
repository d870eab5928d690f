/* The upstream by itself, with a played executor: what the router cannot time. */
#include "common/foundation/clock.h"
#include "gateway/upstream/upstream.h"
#include "tests/unit/gateway/peer.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <poll.h>

static struct arena *arena;
static struct peer peer;
static struct upstream_set *upstreams;
static struct pollfd events; /* of the set, whose thread is the test's */

static void set_up(void)
{
    static const char *const endpoints[] = {"/default"};
    arena = arena_new(4096, ARENA_NO_LIMIT);
    peer_listen(&peer, "a");
    ck_assert_int_eq(upstream_set_new(peer_flow(arena, 1), peer.folder, -1, &upstreams, NULL), SLUICE_OK);
    peer_accept(&peer, 8, endpoints, 1);
    ck_assert_int_eq(upstream_set_wait(upstreams, clock_monotonic_ns() + 30 * CLOCK_NS_PER_SECOND, NULL), SLUICE_OK);
    events = (struct pollfd){.fd = upstream_set_borrow(upstreams), .events = POLLIN};
}

static void tear_down(void)
{
    upstream_set_give_back(upstreams);
    upstream_set_free(upstreams);
    peer_done(&peer);
    arena_free(arena);
}

/* ---- a call ---- */

struct asked {
    struct upstream_call call;
    struct upstream_queue *queues[1];
    struct rope body;
    int answers;
    enum upstream_outcome outcome;
};

static void take_answer(struct upstream_call *call, const struct upstream_answer *answer)
{
    struct asked *asked = (struct asked *)call;
    asked->answers++;
    asked->outcome = answer->outcome;
}

static void ask(struct asked *asked)
{
    *asked = (struct asked){.call = {.client = asked, .endpoint = "/x", .endpoint_size = 2, .done = take_answer}};
    rope_init(&asked->body);
    asked->call.client_queues = asked->queues;
    asked->call.body = &asked->body;
    ck_assert_int_eq(upstream_send(upstream_of(upstreams, 0), &asked->call, NULL), SLUICE_OK);
}

static uint64_t take_frame(enum frame_type type)
{
    struct frame_message message;
    peer_receive(&peer, &message);
    ck_assert_int_eq(message.type, type);
    uint64_t id = message.id;
    frame_message_done(&message);
    return id;
}

static void run_events(void)
{
    ck_assert_int_ge(poll(&events, 1, 30000), 1);
    upstream_set_run(upstreams);
}

/* ---- the tests ---- */

/* The slot of a request that was given up is free again, and taken again, before the cancel has left. */
START_TEST(a_late_cancel_names_the_request_that_it_was_for)
{
    struct asked first, second;
    ask(&first);
    uint64_t first_id = take_frame(FRAME_REQUEST);

    upstream_hold();
    upstream_cancel(&first.call);
    ck_assert_int_eq(first.answers, 1);
    ck_assert_int_eq(first.outcome, UPSTREAM_CANCELLED);
    peer_answer(&peer, first_id, FRAME_UNCHANGED, NULL, 0);
    run_events();
    ask(&second);
    ck_assert(!peer_has_message(&peer, 0)); /* nothing has left: this is the case that was meant */
    upstream_release();

    ck_assert_uint_eq(take_frame(FRAME_CANCEL), first_id);
    uint64_t second_id = take_frame(FRAME_REQUEST);
    ck_assert_uint_eq((uint32_t)second_id, (uint32_t)first_id); /* the same slot */
    ck_assert_uint_ne(second_id, first_id);
    peer_answer(&peer, second_id, FRAME_UNCHANGED, NULL, 0);
    while (second.answers == 0)
        run_events();
    ck_assert_int_eq(second.outcome, UPSTREAM_ANSWERED);
    ck_assert_int_eq(first.answers, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway.upstream");
    TCase *test = tcase_create("calls");
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, a_late_cancel_names_the_request_that_it_was_for);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
