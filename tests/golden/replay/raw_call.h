/* raw_call.h - one gRPC call with raw messages, whatever they hold. One call at a time; grpc_init() is the caller's. */
#ifndef SLUICE_GOLDEN_RAW_CALL_H
#define SLUICE_GOLDEN_RAW_CALL_H

#include "common/foundation/buffer.h"

enum { RAW_MESSAGES_MAX = 8 };

struct raw_call {
    int port;
    const char *path;
    const char *metadata[8][2]; /* key, value; ended by NULL */
    const char *compression;    /* "gzip", "deflate" or NULL */
    double timeout_seconds;
    struct buffer requests[RAW_MESSAGES_MAX];
    size_t request_count;
    /* what came back */
    struct buffer responses[RAW_MESSAGES_MAX];
    size_t response_count;
    int status;
    char details[4096];
};

void raw_call_run(struct raw_call *call);
void raw_call_done(struct raw_call *call);

#endif
