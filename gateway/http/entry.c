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

FRONT_MODULE(http)
