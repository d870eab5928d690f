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

/* ---- endpoints ---- */

static void note_endpoint(const char *endpoint, size_t size, void *context)
{
    const char **ret_endpoint = context;
    ck_assert_uint_gt(size, 0);
    *ret_endpoint = endpoint;
}

static const char *only_endpoint(void)
{
    const char *endpoint = NULL;
    upstream_each_endpoint(upstream_of(upstreams, 0), note_endpoint, &endpoint);
    return endpoint;
}

static void run_until_readable(int fd)
{
    struct pollfd waited[] = {
        {.fd = fd, .events = POLLIN},
        events
    };
    uint64_t deadline_ns = clock_monotonic_ns() + 30 * CLOCK_NS_PER_SECOND;
    while (poll(waited, 2, upstream_set_timeout_ms(upstreams)) >= 0 && waited[0].revents == 0) {
        ck_assert_uint_lt(clock_monotonic_ns(), deadline_ns);
        upstream_set_run(upstreams);
    }
}

/* The executor is lost and connects again; a request has gone to it, so that its HELLO was read. */
static void come_back(const char *endpoint)
{
    struct asked asked;
    peer_hang_up(&peer);
    run_until_readable(peer.listening);
    peer_accept(&peer, 8, &endpoint, 1);
    ask(&asked);
    run_until_readable(peer.fd);
    peer_answer(&peer, take_frame(FRAME_REQUEST), FRAME_UNCHANGED, NULL, 0);
    while (asked.answers == 0)
        run_events();
    ck_assert_int_eq(asked.outcome, UPSTREAM_ANSWERED);
}

START_TEST(endpoints_that_are_said_again_are_not_kept_again)
{
    const char *first = only_endpoint();
    come_back("/default");
    ck_assert_ptr_eq(only_endpoint(), first);
    ck_assert(upstream_binds(upstream_of(upstreams, 0), "/other", 6)); /* by /default */
    come_back("/a");
    const char *other = only_endpoint();
    ck_assert_ptr_ne(other, first);
    ck_assert(upstream_binds(upstream_of(upstreams, 0), "/a", 2));
    ck_assert(!upstream_binds(upstream_of(upstreams, 0), "/other", 6));
    come_back("/default");
    ck_assert_ptr_eq(only_endpoint(), first);
    come_back("/a");
    ck_assert_ptr_eq(only_endpoint(), other);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway.upstream");
    TCase *test = tcase_create("calls");
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_test(test, a_late_cancel_names_the_request_that_it_was_for);
    tcase_add_test(test, endpoints_that_are_said_again_are_not_kept_again);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
