#include "client/grpc/channel.h"

#include "common/net/grpc/loop.h"

#include <grpc/grpc_security.h>

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * One loop with one thread serves all channels of the process, from the first to the last. gRPC moves nothing unless a
 * thread waits in the completion queue, reconnecting included.
 */
static pthread_mutex_t loop_lock = PTHREAD_MUTEX_INITIALIZER;
static struct rpc_loop *loop;
static unsigned loop_users;

static sluice_status loop_ref(grpc_completion_queue **ret_queue, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    pthread_mutex_lock(&loop_lock);
    if (loop_users == 0)
        status = rpc_loop_new(1, "sluice-client", &loop, error);
    if (status == SLUICE_OK) {
        loop_users++;
        *ret_queue = rpc_loop_queue(loop);
    }
    pthread_mutex_unlock(&loop_lock);
    return status;
}

static void loop_unref(void)
{
    pthread_mutex_lock(&loop_lock);
    if (--loop_users == 0)
        loop = rpc_loop_free(loop);
    pthread_mutex_unlock(&loop_lock);
}

/* The target as a URI of gRPC's dns resolver, which takes names and numbers; a "%" of an IPv6 zone is escaped. */
static void write_target(const struct address *address, char *target, size_t capacity)
{
    char host[3 * ADDRESS_HOST_MAX + 1];
    size_t size = 0;
    for (const char *at = address->host; *at != '\0'; at++) {
        if (*at == '%') {
            memcpy(host + size, "%25", 3);
            size += 3;
        } else {
            host[size++] = *at;
        }
    }
    host[size] = '\0';
    bool numeric6 = strchr(host, ':') != NULL;
    snprintf(target, capacity, "dns:///%s%s%s:%u", numeric6 ? "[" : "", host, numeric6 ? "]" : "", address->port);
}

static grpc_arg integer(const char *key, int value)
{
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)key, .value.integer = value};
}

static grpc_channel *make_channel(const struct transport_settings *settings, grpc_channel_credentials *credentials,
                                  const char *target)
{
    grpc_arg args[16];
    size_t count = 0;
    size_t max = settings->max_message_size;

    args[count++] = integer(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, -1);
    args[count++] = integer(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, max == 0 || max > INT_MAX ? -1 : (int)max);
    args[count++] = integer(GRPC_ARG_ENABLE_HTTP_PROXY, settings->proxy);
    /* Retries are the client's own: it knows which requests may go out again. */
    args[count++] = integer(GRPC_ARG_ENABLE_RETRIES, 0);
    args[count++] = integer(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, settings->reconnect_backoff_ms);
    /* In spite of its name: how long an attempt to connect may take. As short as the pause, it would never connect to a
     * gateway that is far away or busy. */
    args[count++] = integer(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, settings->connect_timeout_ms);
    args[count++] = integer(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, settings->reconnect_backoff_max_ms);
    if (settings->keepalive_time_ms >= 0) {
        args[count++] = integer(GRPC_ARG_KEEPALIVE_TIME_MS, settings->keepalive_time_ms);
        args[count++] = integer(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, settings->keepalive_timeout_ms);
        args[count++] = integer(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    }
    /* A connection of its own for each client, so that closing one closes it. */
    args[count++] = integer(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    if (settings->user_agent != NULL)
        args[count++] = (grpc_arg){.type = GRPC_ARG_STRING,
                                   .key = (char *)GRPC_ARG_PRIMARY_USER_AGENT_STRING,
                                   .value.string = (char *)settings->user_agent};

    grpc_channel_args all = {.num_args = count, .args = args};
    return grpc_channel_create(target, credentials, &all);
}

sluice_status channel_connect(const struct transport_settings *settings, struct transport_channel **ret_channel,
                              sluice_error *error)
{
    char target[3 * ADDRESS_HOST_MAX + 32];
    struct transport_channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a connection");
    sluice_status status = loop_ref(&channel->queue, error);
    if (status != SLUICE_OK) {
        free(channel);
        return status;
    }
    grpc_channel_credentials *credentials = NULL;
    status = credentials_of(settings, &credentials, error);
    if (status != SLUICE_OK) {
        loop_unref();
        free(channel);
        return status;
    }
    channel->tls = settings->tls.on;
    channel->shows_certificate = settings->tls.certificate_file != NULL;
    write_target(settings->address, target, sizeof target);
    channel->channel = make_channel(settings, credentials, target);
    grpc_channel_credentials_release(credentials);
    *ret_channel = channel;
    return SLUICE_OK;
}

void channel_close(struct transport_channel *channel)
{
    grpc_channel_destroy(channel->channel);
    free(channel);
    loop_unref();
}
