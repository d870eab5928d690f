/*
 * channel.h - what the files of the gRPC transport share: the channel, its TLS, and the one loop of the process.
 */
#ifndef SLUICE_CLIENT_GRPC_CHANNEL_H
#define SLUICE_CLIENT_GRPC_CHANNEL_H

#include "client/transport.h"

#include <grpc/grpc.h>

struct transport_channel {
    grpc_channel *channel;
    grpc_completion_queue *queue; /* of the shared loop */
    bool tls, shows_certificate;
};

sluice_status channel_connect(const struct transport_settings *settings, struct transport_channel **ret_channel,
                              sluice_error *error);
void channel_close(struct transport_channel *channel);

/* What the settings want of TLS, as gRPC takes it; to be released. Errors name the file and the remedy. */
sluice_status credentials_of(const struct transport_settings *settings, grpc_channel_credentials **ret_credentials,
                             sluice_error *error);

/* gRPC's text about the end of a call; in words of ours, written to `target`, where TLS or its lack is the likely cause. */
const char *credentials_explain(const struct transport_channel *channel, const char *text, char *target,
                                size_t capacity);

#endif
