/* limits.c - the router itself: what it counts, who waits for room, draining. */
#include "gateway/router/private.h"
#include "gateway/router/request.h"

#include <stdlib.h>
#include <string.h>

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
    router->error_code = flow->gateway.compatibility_3_5 ? CODE_ERROR_3_5 : CODE_ERROR;
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
        client_unref(waker->client);
        free(waker);
    }
    pattern_cache_free(router->patterns);
    pthread_mutex_destroy(&router->waker_lock);
    free(router);
    return NULL;
}

static const char *what_is_full_for_all(const struct router *router)
{
    const struct flow_limits *limits = &router->flow->gateway.limits;
    if (atomic_load(&router->in_flight) >= limits->max_in_flight)
        return "the gateway has as many requests in flight as it may (max_in_flight)";
    if (atomic_load(&router->bytes_in_flight) >= limits->max_bytes_in_flight)
        return "the gateway holds as many bytes of requests as it may (max_bytes_in_flight)";
    return NULL;
}

static const char *what_is_full(const struct router *router, const struct client *client)
{
    if (atomic_load(&client->in_flight) >= router->flow->gateway.limits.max_in_flight_per_client)
        return "this client has as many requests in flight as it may (max_in_flight_per_client)";
    return what_is_full_for_all(router);
}

bool router_has_room(struct router *router, struct client *client)
{
    return what_is_full(router, client) == NULL;
}

void router_when_room(struct router *router, struct client *client, void (*wake)(void *context), void *context)
{
    struct waker *waker = malloc(sizeof *waker);
    if (waker == NULL) {
        wake(context); /* it looks again, and again finds no room: busy, but not lost */
        return;
    }
    *waker = (struct waker){.client = client_ref(client), .wake = wake, .context = context};
    pthread_mutex_lock(&router->waker_lock);
    *router->wakers_last = waker;
    router->wakers_last = &waker->next;
    atomic_fetch_add(&router->waker_count, 1);
    pthread_mutex_unlock(&router->waker_lock);
    /* Room may have come between the question and this call, and then nobody would wake. */
    if (router_has_room(router, client))
        router_wake(router);
}

/* Unlink all that have room. Under the lock. */
static struct waker *take_with_room(struct router *router)
{
    struct waker *taken = NULL, **taken_last = &taken, **at = &router->wakers;
    while (*at != NULL) {
        struct waker *waker = *at;
        if (!router_has_room(router, waker->client)) {
            at = &waker->next;
            continue;
        }
        *at = waker->next;
        waker->next = NULL;
        *taken_last = waker;
        taken_last = &waker->next;
        atomic_fetch_sub(&router->waker_count, 1);
    }
    router->wakers_last = at;
    return taken;
}

/*
 * Everybody who has room is woken, not the first few: a read that is armed may stay without a message for ever, and a
 * waiter behind it, left asleep, would then depend on another request being freed. It is not work done in vain either:
 * whoever is woken may read at once, and brings the next message before it waits again.
 */
void router_wake(struct router *router)
{
    if (what_is_full_for_all(router) != NULL)
        return;
    pthread_mutex_lock(&router->waker_lock);
    struct waker *waker = take_with_room(router), *next;
    pthread_mutex_unlock(&router->waker_lock);
    for (; waker != NULL; waker = next) {
        next = waker->next;
        waker->wake(waker->context);
        client_unref(waker->client);
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
