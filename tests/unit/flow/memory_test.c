/*
 * Loading and writing when memory runs out: the N-th allocation fails, for every N until nothing fails any more. Linked
 * with --wrap=malloc and its sisters, so that only our own code is hit.
 */
#include "tests/unit/flow/kit.h"
#include "common/foundation/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static long left = -1; /* allocations until one fails; -1: none does */
static bool failed;

static bool fails(void)
{
    if (left < 0 || left-- > 0)
        return false;
    failed = true;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

static const char good[] =
    "jtype: Flow\nwith: {port: '$A', name: demo, env: {A: b}}\n"
    "gateway: {ssl_certfile: c.pem, ssl_keyfile: k.pem, expose_endpoints: {/a: {}, /b: {methods: [GET], tags: [x]}}}\nexecutors:\n"
    "  - &e {name: a, uses: x.so, uses_with: {t: text, l: [1, {m: 2}], s: '[a, b]'}, uses_requests: {/a: b}}\n"
    "  - {<<: *e, name: b, needs: a}\n";
static const char bad[] =
    "jtype: Flow\nverson: 1\nexecutors:\n  - {name: a-b, needs: [c, a]}\n  - {name: x, worker: 1}\n  - 5\n";

/* Big enough that the arenas' first chunks do not hold everything. */
static char *padded(const char *text)
{
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    buffer_append_text(&out, text);
    for (int i = 0; i < 20; i++)
        buffer_printf(&out, "  - {name: more%d, uses_with: {key: value, list: [1, 2, 3]}}\n", i);
    size_t size;
    return (char *)buffer_take(&out, &size);
}

static void try_all(const char *text, sluice_status expected)
{
    static const char *const environment[] = {"A=5", NULL}, *const overrides[] = {"prefetch=3", NULL};
    char *whole = padded(text);
    struct flow_options options = {.file = "f.yml", .environment = environment, .overrides = overrides};
    for (long count = 0;; count++) {
        struct flow *flow = NULL;
        struct flow_report report;
        struct arena *arena = NULL;
        failed = false;
        left = count;
        sluice_status status = flow_load(whole, strlen(whole), &options, NULL, &flow, &report, &arena);
        left = -1;
        /* What could be made without the failed memory is whole; a suggestion may be missing, never more. */
        ck_assert_msg(status == expected || (failed && status == SLUICE_NO_MEMORY), "%ld: %d", count, (int)status);
        ck_assert((flow != NULL) == (status == SLUICE_OK));
        flow_free(flow);
        arena_free(arena);
        if (!failed)
            break;
    }
    free(whole);
}

START_TEST(a_load_without_memory_says_so)
{
    try_all(good, SLUICE_OK);
    try_all(bad, SLUICE_INVALID);
}
END_TEST

START_TEST(writing_without_memory_says_so)
{
    static const char *const environment[] = {"A=5", NULL};
    char *whole = padded(good);
    struct kit kit = {.options = {.environment = environment}};
    kit_load(&kit, whole);
    for (long count = 0;; count++) {
        struct buffer out;
        buffer_init(&out, BUFFER_NO_LIMIT);
        failed = false;
        left = count;
        sluice_status status = flow_write(kit.flow, &out);
        left = -1;
        ck_assert_int_eq(status, failed ? SLUICE_NO_MEMORY : SLUICE_OK);
        buffer_done(&out);
        if (!failed)
            break;
    }
    kit_done(&kit);
    free(whole);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {a_load_without_memory_says_so, writing_without_memory_says_so, NULL};
    return kit_run("memory", tests);
}
