/*
 * channel.h - what the files of the gRPC transport share: the channel, and the one loop of the process.
 */
#ifndef SLUICE_CLIENT_GRPC_CHANNEL_H
#define SLUICE_CLIENT_GRPC_CHANNEL_H

#include "client/transport.h"

#include <grpc/grpc.h>

struct transport_channel {
    grpc_channel *channel;
    grpc_completion_queue *queue; /* of the shared loop */
};

sluice_status channel_connect(const struct transport_settings *settings, struct transport_channel **ret_channel,
                              sluice_error *error);
void channel_close(struct transport_channel *channel);

#endif
