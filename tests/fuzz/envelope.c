/*
 * A request on its way through the gateway, without its executors: any bytes, in one piece and in slices whose sizes the
 * bytes decide. Both readings must agree; what was read gives parameters for executors and an answer that a client can
 * read, with the request's own id, documents and unknown fields.
 */
#include "gateway/envelope/answer.h"
#include "gateway/envelope/parameters.h"
#include "tests/fuzz/require.h"

#include <string.h>

enum { DEPTH_MAX = 8, SLICE_MAX = 61 };
/* The results of a pod lie two maps deeper in an answer than the executor returned them. */
enum { ANSWER_DEPTH_MAX = DEPTH_MAX + 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes in one slice, or in slices of 1 to SLICE_MAX bytes. Each is a block of its own, so that a sanitizer sees a
 * step over its end. */
static void cut(struct rope *rope, const uint8_t *data, size_t size, bool slices)
{
    uint32_t random = 2166136261u;
    for (size_t i = 0; i < size; i++)
        random = (random ^ data[i]) * 16777619u;
    rope_init(rope);
    for (size_t at = 0; at < size;) {
        random = random * 1664525u + 1013904223u;
        size_t part = slices ? 1 + (random >> 16) % SLICE_MAX : size;
        if (part > size - at)
            part = size - at;
        struct block *block = block_new(part);
        require(block != NULL);
        memcpy(block->data, data + at, part);
        require(rope_append(rope, block, block->data, part) == SLUICE_OK);
        block_unref(block);
        at += part;
    }
}

static bool same(struct span left, struct span right)
{
    return left.size == right.size && (left.size == 0 || memcmp(left.data, right.data, left.size) == 0);
}

static struct span bytes_of(const struct rope *rope, struct arena *arena)
{
    uint8_t *bytes = arena_alloc(arena, rope->size);
    require(bytes != NULL);
    rope_copy_out(rope, bytes);
    return (struct span){bytes, rope->size};
}

/* What an answer gives back of a request. */
static void require_same_request(const struct envelope *left, const struct envelope *right, struct arena *arena)
{
    require(same(left->request_id, right->request_id));
    require(left->has_endpoint == right->has_endpoint && same(left->endpoint, right->endpoint));
    require(same(left->unknown, right->unknown));
    require(left->has_data == right->has_data);
    require(same(bytes_of(&left->data, arena), bytes_of(&right->data, arena)));
}

static void check_parameters(const struct envelope *envelope, struct arena *arena)
{
    static const char *const names[] = {"first", "a", "", "params_"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct span parameters;
        require(parameters_for(envelope->parameters, names[i], arena, &parameters) == SLUICE_OK);
        require(parameters_check(parameters, DEPTH_MAX, NULL) == SLUICE_OK);
    }
}

/* Writes an answer and reads it as a client would. `results`: how many pods returned results. */
static void check_answer(const struct envelope *envelope, size_t results, bool failed, struct arena *arena)
{
    const struct parameters_result of_pods[] = {
        {"first/rep-0",  envelope->parameters},
        {"second/rep-0", envelope->parameters}
    };
    const struct answer_route routes[] = {
        {.executor = "gateway", .start = {1700000000, 999999999}, .end = {1700000001, 0}, .ended = true},
        {.executor = "first",   .start = {1700000000, 1},         .status = envelope->unknown         },
    };
    struct answer answer = {
        .envelope = envelope, .routes = routes, .route_count = 2, .data = &envelope->data, .has_data = envelope->has_data};
    require(parameters_answer(envelope->parameters, of_pods, results, arena, &answer.parameters) == SLUICE_OK);
    if (failed) {
        char *text = arena_text_of(arena, envelope->endpoint.data, envelope->endpoint.size);
        answer.status = answer_status(arena, 1, "ValueError", text, "Executor");
        answer.status = answer_status_with_code(arena, answer.status, 3);
        require(answer.status.size > 0);
    }
    struct rope message;
    rope_init(&message);
    struct block *head = block_new(answer_head_size(&answer));
    require(head != NULL && answer_write(&answer, head, &message) == SLUICE_OK);
    block_unref(head);
    struct envelope again;
    require(envelope_read(&message, ANSWER_DEPTH_MAX, arena, &again, NULL) == SLUICE_OK);
    require_same_request(envelope, &again, arena);
    require(again.target.size == 0);
    require(same(again.parameters, answer.parameters));
    envelope_done(&again);
    rope_done(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    require(arena != NULL);
    struct rope whole, slices;
    cut(&whole, data, size, false);
    cut(&slices, data, size, true);
    struct envelope envelope, sliced;
    sluice_status status = envelope_read(&whole, DEPTH_MAX, arena, &envelope, NULL);
    require(envelope_read(&slices, DEPTH_MAX, arena, &sliced, NULL) == status);
    if (status == SLUICE_OK) {
        require_same_request(&envelope, &sliced, arena);
        require(same(envelope.header, sliced.header) && same(envelope.target, sliced.target));
        require(same(envelope.parameters, sliced.parameters));
        check_parameters(&sliced, arena);
        for (size_t results = 0; results <= 2; results++)
            check_answer(&sliced, results, results == 1, arena);
    }
    envelope_done(&envelope);
    envelope_done(&sliced);
    rope_done(&whole);
    rope_done(&slices);
    arena_free(arena);
    return 0;
}
