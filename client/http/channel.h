/*
 * channel.h - a client's connections to one gateway: one thread that drives libcurl, and the calls that it carries.
 *
 * Functions marked "loop" belong to the channel's thread. The others may be called on any thread.
 */
#ifndef SLUICE_CLIENT_HTTP_CHANNEL_H
#define SLUICE_CLIENT_HTTP_CHANNEL_H

#include "client/http/call.h"
#include "client/http/routes.h"
#include "common/foundation/workers.h"
#include "common/net/tls.h"

#include <pthread.h>

enum {
    HTTP_CONNECTIONS = 100, /* at once, unless max_connections says otherwise */
    HTTP_IDLE_SECONDS = 4,  /* a kept connection that was idle for longer is not used again: Jina closes after 5 */
    HTTP_ROUTES_TIMEOUT_MS = 5000, /* for /openapi.json; afterwards it goes on without */
    HTTP_WORKERS = 2
};

struct transport_channel {
    /* Settings, never changed. Texts are copies. */
    char *base; /* "http://localhost:51234" */
    char *host; /* "localhost:51234", for messages */
    char *user_agent;
    struct tls_material material; /* of the TLS files */
    struct tls_trust *trust;      /* NULL: without TLS, or insecure */
    char *tls_host;               /* whom the certificate is to be for */
    bool tls, insecure, proxy;
    size_t max_message_size, max_request_size, max_connections;
    int keepalive_time_ms, keepalive_timeout_ms, connect_timeout_ms, backoff_ms, backoff_max_ms;

    pthread_mutex_t lock; /* what follows, and the flags of calls */
    struct transport_call *inbox_first, *inbox_last;
    bool stopping;

    struct workers *workers; /* for JSON */

    /* The channel's thread. */
    pthread_t thread;
    CURLM *multi;
    int epoll_fd, event_fd;
    uint64_t curl_due_ns;    /* when libcurl wants to be called; 0: no need */
    uint64_t waiting_due_ns; /* when something happens to a call of the list below; 0: never by time */
    struct transport_call *waiting_first, *waiting_last;
    size_t running; /* calls that occupy a connection */
    struct transport_call *own; /* the look at /openapi.json, while there is one */
    struct routes routes;
};

sluice_status channel_connect(const struct transport_settings *settings, struct transport_channel **ret_channel,
                              sluice_error *error);
void channel_close(struct transport_channel *channel);

/* Something changed with a call; its flags say what. Under the lock; takes a reference. */
void channel_post(struct transport_channel *channel, struct transport_call *call);

/* Drop a reference. */
void channel_unref(struct transport_call *call);

/* Loop: what the inbox brought about this call. */
void channel_look(struct transport_call *call);

/* Loop: libcurl is done with the call (`curl_code`, `os_error`). */
void channel_finished(struct transport_call *call);

/* Loop: start what can be started, end what is past its deadline; sets waiting_due_ns. */
void channel_pump(struct transport_channel *channel);

/* Loop: start a call of the transport's own, which has no events. It may have ended on return. */
void channel_start_own(struct transport_call *call);

/* Loop: the calls that wait for the routes take what is known now. */
void channel_choose_paths(struct transport_channel *channel);

/* Loop, at its end, when every caller has released its calls: drop the transport's own. */
void channel_abandon(struct transport_channel *channel);

/* The thread's function (loop.c), and its preparation. */
void *loop_run(void *channel);
sluice_status loop_init(struct transport_channel *channel, sluice_error *error);
void loop_done(struct transport_channel *channel);

#endif
