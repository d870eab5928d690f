/* entry.c: the HTTP front as a module of the gateway (gateway/front.h). */
#include "gateway/front.h"
#include "gateway/http/front.h"

static sluice_status open_front(const struct front_settings *settings, struct router *router, struct front **ret_front,
                                sluice_error *error)
{
    const struct http_front_settings http = {
        .host = settings->host,
        .port = settings->port,
        .threads = settings->threads,
        .flow = settings->flow,
        .burst_begin = settings->burst_begin,
        .burst_end = settings->burst_end,
        .executors = settings->executors,
    };
    return http_front_new(&http, router, (struct http_front **)ret_front, error);
}

static uint16_t port(const struct front *front)
{
    return http_front_port((const struct http_front *)front);
}

static void drain(struct front *front)
{
    http_front_drain((struct http_front *)front);
}

static bool wait_for(struct front *front, uint64_t deadline_ns)
{
    return http_front_wait((struct http_front *)front, deadline_ns);
}

static void free_front(struct front *front)
{
    http_front_free((struct http_front *)front);
}

front_entry_function front_entry;

const struct front_type *front_entry(void)
{
    static const struct front_type type = {
        .version = FRONT_VERSION,
        .open = open_front,
        .port = port,
        .drain = drain,
        .wait = wait_for,
        .free = free_front,
    };
    return &type;
}
