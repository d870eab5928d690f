/*
 * What the gateway says of itself: _status and endpoint_discovery; and methods that are known but not built.
 */
#include "common/wire/wire.h"
#include "gateway/envelope/facts.h"
#include "gateway/grpc/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- _status: a JinaInfoProto ---- */

enum { INFO_JINA = 1, INFO_ENVS = 2, ENTRY_KEY = 1, ENTRY_VALUE = 2 };

static void append_entry(struct buffer *buffer, uint32_t map, const char *key, const char *value)
{
    size_t entry = wire_begin_message(buffer, map);
    wire_append_text(buffer, ENTRY_KEY, key);
    wire_append_text(buffer, ENTRY_VALUE, value);
    wire_end_message(buffer, entry);
}

static void append_fact(void *context, enum facts_map map, const char *name, const char *value)
{
    append_entry(context, map == FACTS_JINA ? INFO_JINA : INFO_ENVS, name, value);
}

static grpc_status_code answer_status(struct call *call, const struct rope *message, struct buffer *answer)
{
    (void)message;

    facts_visit_all(call->front->session, call->front->started, append_fact, answer);
    return GRPC_STATUS_OK;
}

static void start_status(struct call *call)
{
    local_start(call, answer_status);
}

const struct method method_status = LOCAL_METHOD("/jina.JinaInfoRPC/_status", start_status);

/* ---- endpoint_discovery: an EndpointsProto ---- */

enum { ENDPOINTS_ENDPOINT = 1 };

static const char dry_run_endpoint[] = "_jina_dry_run_";

static grpc_status_code answer_discovery(struct call *call, const struct rope *message, struct buffer *answer)
{
    char **endpoints = router_endpoints(call->front->router);
    (void)message;

    if (endpoints == NULL)
        return GRPC_STATUS_RESOURCE_EXHAUSTED;
    bool has_dry_run = false;
    for (char **at = endpoints; *at != NULL; at++) {
        wire_append_text(answer, ENDPOINTS_ENDPOINT, *at);
        has_dry_run = has_dry_run || strcmp(*at, dry_run_endpoint) == 0;
    }
    free(endpoints);
    if (!has_dry_run)
        wire_append_text(answer, ENDPOINTS_ENDPOINT, dry_run_endpoint);
    return GRPC_STATUS_OK;
}

static void start_discovery(struct call *call)
{
    local_start(call, answer_discovery);
}

const struct method method_discovery =
    LOCAL_METHOD("/jina.JinaDiscoverEndpointsRPC/endpoint_discovery", start_discovery);

/* ---- not built ---- */

static void start_stream_doc(struct call *call)
{
    local_refuse(call, GRPC_STATUS_UNIMPLEMENTED,
                 "stream_doc is not served by this version; post the documents with Call or process_single_data");
}

const struct method method_stream_doc = LOCAL_METHOD("/jina.JinaSingleDocumentRequestRPC/stream_doc", start_stream_doc);
