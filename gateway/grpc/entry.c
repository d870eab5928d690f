/* entry.c: the gRPC front as a module of the gateway (gateway/front.h). */
#include "common/foundation/log.h"
#include "gateway/front.h"
#include "gateway/grpc/front.h"

#include <grpc/support/log.h>

/* gRPC's own messages go into our log; its errors are about single connections, so they are no errors of the gateway.
 */
static void log_of_grpc(gpr_log_func_args *line)
{
    log_line(line->severity == GPR_LOG_SEVERITY_ERROR ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "gRPC: %s", line->message);
}

static sluice_status open_front(const struct front_settings *settings, struct router *router, struct front **ret_front,
                                sluice_error *error)
{
    const struct flow_gateway *gateway = &settings->flow->gateway;
    const struct grpc_front_settings grpc = {
        .host = settings->host,
        .port = settings->port,
        .threads = settings->threads,
        .prefetch = gateway->prefetch,
        .compatibility_3_5 = gateway->compatibility_3_5,
        .limits = gateway->limits,
        .tls = gateway->tls,
        .burst_begin = settings->burst_begin,
        .burst_end = settings->burst_end,
    };
    gpr_set_log_function(log_of_grpc);
    return grpc_front_new(&grpc, router, (struct grpc_front **)ret_front, error);
}

FRONT_MODULE(grpc)
