/*
 * connection.h - what a client is inside: an address, a transport, a channel, the timers.
 *
 * Counted: streams hold a reference, so a client may be freed before its streams. The last reference is dropped by a
 * thread of the program, never by the transport's. Nothing here changes after the start; any thread.
 */
#ifndef SLUICE_CLIENT_CONNECTION_H
#define SLUICE_CLIENT_CONNECTION_H

#include "client/address.h"
#include "client/timer.h"
#include "client/transport.h"

#include <sluice/client.h>

#include <stdatomic.h>

enum { CONNECTION_PREFETCH = 1000, CONNECTION_REQUEST_MAX = 1 << 30 };

struct sluice_client {
    atomic_uint references;
    struct address address;
    char name[ADDRESS_HOST_MAX + 32]; /* "grpc://localhost:51234", for messages */
    const struct transport *transport;
    struct transport_channel *channel;
    struct timers timers;
    size_t window_max; /* requests in flight; SIZE_MAX: no bound */
    size_t max_request_size;
    bool wait_for_ready;

    struct transport_settings settings; /* for the second channel; its texts are the client's */
    pthread_mutex_t http_lock;
    const struct transport *http; /* for GraphQL; NULL: not needed so far */
    struct transport_channel *http_channel;
};

sluice_client *client_ref(sluice_client *client);
void client_unref(sluice_client *client);

/* Fill `error` from the end of a call: the client's name, the peer's words and code. Returns its status. */
sluice_status client_call_failure(const sluice_client *client, const struct transport_end *end, sluice_error *error);

/*
 * One message out, one back, waiting for it. `message` may be empty. SLUICE_OK: *ret_answer is the caller's to
 * rope_done().
 */
sluice_status client_ask(sluice_client *client, enum transport_method method, struct rope *message,
                         double timeout_seconds, struct rope *ret_answer, sluice_error *error);

/* The same over HTTP, whatever the client's protocol, with call settings of the caller's; the deadline is in them. */
sluice_status client_ask_http(sluice_client *client, const struct transport_call_settings *settings,
                              struct rope *message, struct rope *ret_answer, sluice_error *error);

/* May this message be sent? SLUICE_TOO_LARGE, which names the request. */
sluice_status client_check_size(const sluice_client *client, sluice_text id, const struct rope *message, sluice_error *error);

/* Now plus so many seconds on clock.h; 0 (none) for 0 and less. */
uint64_t client_deadline_ns(double timeout_seconds);

#endif
