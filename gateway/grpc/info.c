/*
 * What the gateway says of itself: _status and endpoint_discovery; and methods that are known but not built.
 */
#include "common/wire/wire.h"
#include "gateway/grpc/server.h"

#include <sluice/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static const char unset[] = "(unset)";

/* ---- _status: a JinaInfoProto ---- */

enum { INFO_JINA = 1, INFO_ENVS = 2, ENTRY_KEY = 1, ENTRY_VALUE = 2 };

/* The environment variables that a gateway of Jina 3.34 lists. */
static const char *const variables[] = {
    "JINA_DEFAULT_HOST",
    "JINA_DEFAULT_TIMEOUT_CTRL",
    "JINA_DEPLOYMENT_NAME",
    "JINA_DISABLE_UVLOOP",
    "JINA_EARLY_STOP",
    "JINA_FULL_CLI",
    "JINA_GATEWAY_IMAGE",
    "JINA_GRPC_RECV_BYTES",
    "JINA_GRPC_SEND_BYTES",
    "JINA_HUB_NO_IMAGE_REBUILD",
    "JINA_K8S_ACCESS_MODES",
    "JINA_K8S_STORAGE_CAPACITY",
    "JINA_K8S_STORAGE_CLASS_NAME",
    "JINA_LOCKS_ROOT",
    "JINA_LOG_CONFIG",
    "JINA_LOG_LEVEL",
    "JINA_LOG_NO_COLOR",
    "JINA_MP_START_METHOD",
    "JINA_OPTOUT_TELEMETRY",
    "JINA_RANDOM_PORT_MAX",
    "JINA_RANDOM_PORT_MIN",
    "JINA_STREAMER_ARGS",
};

/* Facts about Python and its packages, of which there are none here. */
static const char *const python_keys[] = {"docarray",      "jcloud", "jina-hubble-sdk", "jina-proto", "protobuf",
                                          "proto-backend", "grpcio", "pyyaml",          "python"};

static void append_entry(struct buffer *buffer, uint32_t map, const char *key, const char *value)
{
    size_t entry = wire_begin_message(buffer, map);
    wire_append_text(buffer, ENTRY_KEY, key);
    wire_append_text(buffer, ENTRY_VALUE, value);
    wire_end_message(buffer, entry);
}

static void append_start_time(struct buffer *buffer, struct timespec started)
{
    struct tm utc;
    char text[64];

    gmtime_r(&started.tv_sec, &utc);
    size_t size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + size, sizeof text - size, ".%06ld", started.tv_nsec / 1000);
    append_entry(buffer, INFO_JINA, "uptime", text);
}

static grpc_status_code answer_status(struct call *call, const struct rope *message, struct buffer *answer)
{
    struct utsname system;
    (void)message;

    append_entry(answer, INFO_JINA, "jina", "sluice " SLUICE_VERSION);
    for (size_t i = 0; i < sizeof python_keys / sizeof python_keys[0]; i++)
        append_entry(answer, INFO_JINA, python_keys[i], unset);
    if (uname(&system) != 0)
        memset(&system, 0, sizeof system);
    append_entry(answer, INFO_JINA, "platform", system.sysname);
    append_entry(answer, INFO_JINA, "platform-release", system.release);
    append_entry(answer, INFO_JINA, "platform-version", system.version);
    append_entry(answer, INFO_JINA, "architecture", system.machine);
    append_entry(answer, INFO_JINA, "processor", "");
    append_entry(answer, INFO_JINA, "uid", unset);
    append_entry(answer, INFO_JINA, "session-id", call->front->session);
    append_start_time(answer, call->front->started);
    append_entry(answer, INFO_JINA, "ci-vendor", unset);
    append_entry(answer, INFO_JINA, "internal", "False");
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        append_entry(answer, INFO_ENVS, variables[i], value != NULL ? value : unset);
    }
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
