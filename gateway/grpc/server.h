/*
 * server.h - inside of the front: one RPC and the server it belongs to. Only for the files of this folder.
 *
 * A struct call begins as a waiting request_call tag, becomes one RPC when a client calls, and is counted by
 * references: every armed event holds one, and so does every request that the router has. When the last goes the call
 * is freed. The method's own state hangs at `state`.
 */
#ifndef SLUICE_GATEWAY_GRPC_SERVER_H
#define SLUICE_GATEWAY_GRPC_SERVER_H

#include "common/foundation/buffer.h"
#include "common/net/grpc/bytes.h"
#include "common/net/grpc/loop.h"
#include "gateway/grpc/front.h"
#include "gateway/grpc/peers.h"

#include <grpc/slice.h>

#include <pthread.h>

struct call;

/* What a method does; all functions run on any thread. */
struct method {
    const char *path;
    bool works;                        /* holds requests: grpc_front_wait() waits for it */
    size_t state_size;                 /* zeroed memory at call->state */
    void (*start)(struct call *call);  /* the call has arrived */
    void (*cancel)(struct call *call); /* the client is gone or late; nothing can be sent any more. May be NULL */
    /* The gateway drains, or (`stop`) has drained and ends; only for calls that call_enlist() has named. May be NULL.
     */
    void (*drain)(struct call *call, bool stop);
    void (*finish)(struct call *call); /* the last reference went: free what the state holds. May be NULL */
};

extern const struct method method_call, method_single, method_dry_run, method_status, method_discovery, method_check,
    method_watch, method_reflection, method_stream_doc;

/* The names of the services, for health and reflection: NULL-ended, sorted. */
extern const char *const health_services[];
extern const char *const reflected_services[];

struct grpc_front {
    struct grpc_front_settings settings;
    struct router *router;
    struct rpc_loop *loop;
    grpc_server *server;
    int port;
    struct peers *peers;
    char session[40]; /* of _status: a random id of this process */
    struct timespec started;
    atomic_bool draining;

    pthread_mutex_t mutex; /* guards what follows; taken last, never held while calling out */
    pthread_cond_t changed;
    size_t waiting; /* armed request_call tags */
    size_t open;    /* calls that have arrived and are not freed */
    size_t working; /* those of them whose method works */
    struct call *listed;
    bool stopping, stopped;
    struct rpc_event shut_down;
};

struct call {
    struct grpc_front *front;
    const struct method *method;
    void *state;
    grpc_call *rpc;
    struct client *client; /* from call_admit() on */
    struct peer *peer;
    atomic_uint references;
    int close_cancelled;
    struct rpc_event arrived, closed;
    grpc_call_details details;
    grpc_metadata_array metadata;
    bool listed;
    struct call *next, *previous; /* in front->listed */
};

/* The port's credentials, to be released; plain ones without a certificate. Errors name the file (credentials.c). */
sluice_status credentials_of(const struct flow_tls *tls, grpc_server_credentials **ret_credentials,
                             sluice_error *error);

/* Wait for one more call. False: the server is stopping or there is no memory. */
bool call_await(struct grpc_front *front);

struct call *call_ref(struct call *call);
void call_unref(struct call *call);

/* From now on the method's drain function is called for it. */
void call_enlist(struct call *call);

/* May a new call come in? Sets call->client. Otherwise the caller answers with the error. */
sluice_status call_admit(struct call *call, sluice_error *error);

uint64_t call_deadline_ns(const struct call *call);

/*
 * Start one batch; the event takes a reference to the call. When gRPC refuses the batch (a bug, or a call that is over)
 * the event's function is called at once with false, so a caller must hold no lock.
 */
void call_read(struct call *call, grpc_byte_buffer **target, struct rpc_event *event);

/* rpc_bytes_receive_within() the gateway's max_message_bytes. */
sluice_status call_receive(const struct call *call, grpc_byte_buffer *message, struct rope *rope, sluice_error *error);
void call_send(struct call *call, grpc_byte_buffer *message, bool first, bool more, struct rpc_event *event);
/* Everything that is left: initial metadata when `first`, `message` unless NULL, and the status. `text` is a slice that
 * lives until the event, or NULL. */
void call_end(struct call *call, grpc_byte_buffer *message, bool first, grpc_status_code code, grpc_slice *text,
              struct rpc_event *event);

/* The code on the wire. Never OK for a failure. */
grpc_status_code grpc_code_of(sluice_status status);

/* ---- calls that are answered at once, without the router (local.c) ---- */

/* Make the answer to `message`, or return the status that ends the call (with an empty text). */
typedef grpc_status_code local_answer(struct call *call, const struct rope *message, struct buffer *answer);

struct local_call {
    struct call *call;
    struct rpc_event read, ended;
    grpc_byte_buffer *incoming, *outgoing;
    local_answer *answer;
    grpc_slice text;
    bool has_text;
};

/* Read one message, answer it, end the call. The method's state is a struct local_call and finished by local_finish().
 */
void local_start(struct call *call, local_answer *answer);
void local_refuse(struct call *call, grpc_status_code code, const char *text); /* a status at once */
void local_finish(struct call *call);

#define LOCAL_METHOD(path_, start_)                                                                                    \
    {                                                                                                                  \
        .path = (path_), .state_size = sizeof(struct local_call), .start = (start_), .finish = local_finish            \
    }

#endif
