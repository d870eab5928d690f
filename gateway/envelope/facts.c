#include "gateway/envelope/facts.h"

#include "common/foundation/text.h"

#include <sluice/version.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static const char unset[] = "(unset)";

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

static void visit_start_time(struct timespec started, facts_visit *visit, void *context)
{
    struct tm utc;
    char text[64];

    gmtime_r(&started.tv_sec, &utc);
    size_t size = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + size, sizeof text - size, ".%06ld", started.tv_nsec / 1000);
    visit(context, FACTS_JINA, "uptime", text);
}

void facts_visit_all(const char *session, struct timespec started, facts_visit *visit, void *context)
{
    struct utsname system;

    visit(context, FACTS_JINA, "jina", "sluice " SLUICE_VERSION);
    for (size_t i = 0; i < sizeof python_keys / sizeof python_keys[0]; i++)
        visit(context, FACTS_JINA, python_keys[i], unset);
    if (uname(&system) != 0)
        memset(&system, 0, sizeof system);
    visit(context, FACTS_JINA, "platform", system.sysname);
    visit(context, FACTS_JINA, "platform-release", system.release);
    visit(context, FACTS_JINA, "platform-version", system.version);
    visit(context, FACTS_JINA, "architecture", system.machine);
    visit(context, FACTS_JINA, "processor", "");
    visit(context, FACTS_JINA, "uid", unset);
    visit(context, FACTS_JINA, "session-id", session);
    visit_start_time(started, visit, context);
    visit(context, FACTS_JINA, "ci-vendor", unset);
    visit(context, FACTS_JINA, "internal", "False");
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *value = getenv(variables[i]);
        visit(context, FACTS_ENVS, variables[i], value != NULL ? value : unset);
    }
}

struct json_writing {
    struct buffer *out;
    int map; /* the one that is open, -1: none */
};

static void append_member(void *context, enum facts_map map, const char *name, const char *value)
{
    struct json_writing *writing = context;

    if (writing->map != (int)map)
        buffer_append_text(writing->out, map == FACTS_JINA ? "{\"jina\":{" : "},\"envs\":{");
    else
        buffer_append_byte(writing->out, ',');
    writing->map = (int)map;
    text_append_json(writing->out, name, strlen(name));
    buffer_append_byte(writing->out, ':');
    text_append_json(writing->out, value, strlen(value));
}

void facts_append_json(struct buffer *out, const char *session, struct timespec started)
{
    struct json_writing writing = {out, -1};

    facts_visit_all(session, started, append_member, &writing);
    buffer_append_text(out, "}}");
}
