/* limits.c - the router itself: what it counts, who waits for room, draining. */
#include "gateway/router/private.h"
#include "gateway/router/request.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { ERROR_CODE = 1, ERROR_CODE_3_5 = 3 };

/* How many waiters one freed request wakes. More than one, as the first may be held back by a limit of its own. */
enum { WAKE_AT_ONCE = 8 };

sluice_status router_new(const struct flow *flow, struct upstream_set *upstreams, struct router **ret_router,
                         sluice_error *error)
{
    struct router *router = calloc(1, sizeof *router);
    struct pattern_cache *patterns = pattern_cache_new();
    if (router == NULL || patterns == NULL) {
        free(router);
        pattern_cache_free(patterns);
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the router");
    }
    router->flow = flow;
    router->upstreams = upstreams;
    router->patterns = patterns;
    router->error_code = flow->gateway.compatibility_3_5 ? ERROR_CODE_3_5 : ERROR_CODE;
    router->wakers_last = &router->wakers;
    pthread_mutex_init(&router->waker_lock, NULL);
    *ret_router = router;
    return SLUICE_OK;
}

struct router *router_free(struct router *router)
{
    if (router == NULL)
        return NULL;
    for (struct waker *waker = router->wakers, *next; waker != NULL; waker = next) {
        next = waker->next;
        free(waker);
    }
    pattern_cache_free(router->patterns);
    pthread_mutex_destroy(&router->waker_lock);
    free(router);
    return NULL;
}

static const char *what_is_full(const struct router *router, const struct client *client)
{
    const struct flow_limits *limits = &router->flow->gateway.limits;
    if (atomic_load(&client->in_flight) >= limits->max_in_flight_per_client)
        return "this client has as many requests in flight as it may (max_in_flight_per_client)";
    if (atomic_load(&router->in_flight) >= limits->max_in_flight)
        return "the gateway has as many requests in flight as it may (max_in_flight)";
    if (atomic_load(&router->bytes_in_flight) >= limits->max_bytes_in_flight)
        return "the gateway holds as many bytes of requests as it may (max_bytes_in_flight)";
    return NULL;
}

bool router_has_room(struct router *router, struct client *client)
{
    return what_is_full(router, client) == NULL;
}

void router_when_room(struct router *router, void (*wake)(void *context), void *context)
{
    struct waker *waker = malloc(sizeof *waker);
    if (waker == NULL) {
        wake(context); /* it looks again, and again finds no room: busy, but not lost */
        return;
    }
    *waker = (struct waker){.wake = wake, .context = context};
    pthread_mutex_lock(&router->waker_lock);
    *router->wakers_last = waker;
    router->wakers_last = &waker->next;
    atomic_fetch_add(&router->waker_count, 1);
    pthread_mutex_unlock(&router->waker_lock);
    /* Nothing in flight any more would mean that nobody wakes: room came between the question and this call. */
    if (atomic_load(&router->in_flight) == 0)
        router_wake(router);
}

void router_wake(struct router *router)
{
    /* The last request wakes everybody: nobody comes after it to do so. */
    unsigned most = atomic_load(&router->in_flight) == 0 ? UINT_MAX : WAKE_AT_ONCE, taken = 0;
    pthread_mutex_lock(&router->waker_lock);
    struct waker *waker = router->wakers, **end = &router->wakers, *next;
    for (; *end != NULL && taken < most; taken++)
        end = &(*end)->next;
    router->wakers = *end;
    if (*end == NULL)
        router->wakers_last = &router->wakers;
    *end = NULL; /* when nothing was taken this changes nothing: then *end is router->wakers, which is NULL */
    atomic_fetch_sub(&router->waker_count, taken);
    pthread_mutex_unlock(&router->waker_lock);
    for (; taken > 0 && waker != NULL; waker = next) {
        next = waker->next;
        waker->wake(waker->context);
        free(waker);
    }
}

sluice_status router_admit(struct router *router, struct client *client, sluice_error *error)
{
    if (router_draining(router))
        return sluice_fail(error, SLUICE_DRAINING, "gateway", "the Flow is shutting down and takes no new requests");
    const char *full = what_is_full(router, client);
    return full == NULL ? SLUICE_OK : sluice_fail(error, SLUICE_LIMIT, "gateway", "%s; try again later", full);
}

void router_drain(struct router *router)
{
    atomic_store(&router->draining, true);
}

bool router_draining(const struct router *router)
{
    return atomic_load(&router->draining);
}

size_t router_in_flight(const struct router *router)
{
    return atomic_load(&router->in_flight);
}

/* ---- endpoints ---- */

struct endpoint_union {
    char **names;
    size_t count, capacity;
    bool failed;
};

static void add_endpoint(const char *endpoint, size_t size, void *context)
{
    struct endpoint_union *all = context;
    if (all->count + 1 >= all->capacity) {
        size_t capacity = all->capacity == 0 ? 16 : 2 * all->capacity;
        char **names = realloc(all->names, capacity * sizeof *names);
        all->failed |= names == NULL;
        if (names == NULL)
            return;
        all->names = names;
        all->capacity = capacity;
    }
    char *name = strndup(endpoint, size);
    all->failed |= name == NULL;
    if (name != NULL)
        all->names[all->count++] = name;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **pack(const struct endpoint_union *all)
{
    size_t bytes = 0;
    for (size_t i = 0; i < all->count; i++)
        bytes += strlen(all->names[i]) + 1;
    char **packed = malloc((all->count + 1) * sizeof *packed + bytes);
    if (packed == NULL)
        return NULL;
    char *at = (char *)(packed + all->count + 1);
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (i > 0 && strcmp(all->names[i], all->names[i - 1]) == 0)
            continue;
        packed[count++] = at;
        at = stpcpy(at, all->names[i]) + 1;
    }
    packed[count] = NULL;
    return packed;
}

char **router_endpoints(struct router *router)
{
    struct endpoint_union all = {0};
    for (size_t i = 0; i < router->flow->executor_count; i++)
        upstream_each_endpoint(upstream_of(router->upstreams, i), add_endpoint, &all);
    if (all.count > 0)
        qsort(all.names, all.count, sizeof *all.names, compare_names);
    char **packed = all.failed ? NULL : pack(&all);
    for (size_t i = 0; i < all.count; i++)
        free(all.names[i]);
    free(all.names);
    return packed;
}
