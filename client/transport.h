/*
 * transport.h - what the client needs of a protocol: calls that carry messages.
 *
 * A transport is a module of its own (lib/sluice/transport-grpc.so), loaded at the first client that needs it, so a
 * program that only handles documents loads none of its libraries. It exports TRANSPORT_ENTRY.
 *
 * Rules between the client and a transport:
 *   - No function here blocks, except close().
 *   - A transport calls events on a thread of its own, never from within one of its functions; so both sides may hold
 *     locks while they call the other.
 *   - A call's events come one at a time. `ended` comes exactly once, as the last; call_release() follows it, at any
 * time.
 *   - Functions on a call may still be called between its end and `ended`; they do nothing then.
 *   - Messages are whole serialized protobuf messages.
 */
#ifndef SLUICE_CLIENT_TRANSPORT_H
#define SLUICE_CLIENT_TRANSPORT_H

#include "client/address.h"
#include "common/foundation/block.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSPORT_VERSION 5u
#define TRANSPORT_ENTRY   "transport_entry"

struct transport_channel;
struct transport_call;

/*
 * TLS to the gateway, at least version 1.2. All zero: plain. Files are PEM; connect() reads them and fails with
 * SLUICE_INVALID or SLUICE_NOT_FOUND when one cannot be used (common/net/tls.h has the checks and their sentences).
 */
struct transport_tls {
    bool on;
    const char *ca_file;          /* authorities to trust; NULL: the system's */
    const char *certificate_file; /* chain to show the gateway; NULL: none */
    const char *key_file;         /* of that certificate; not NULL when certificate_file is not */
    bool insecure;                /* accept any certificate and any name */
};

/* Texts live until connect() returns. */
struct transport_settings {
    const struct address *address;
    struct transport_tls tls; /* `on` as the address says; client.c has checked that the rest fits together */
    size_t max_message_size; /* of a received message; 0: no bound */
    size_t max_request_size; /* of a sent one in the form that it is sent in; 0: no bound */
    size_t max_connections;  /* to the gateway at once, for protocols that need several; 0: the transport's own bound */
    bool proxy;
    int keepalive_time_ms; /* negative: never */
    int keepalive_timeout_ms;
    int connect_timeout_ms;
    int reconnect_backoff_ms;
    int reconnect_backoff_max_ms;
    const char *user_agent; /* NULL: none */
};

enum transport_method {
    TRANSPORT_STREAM,  /* DataRequestProto in both directions, any number */
    TRANSPORT_SINGLE,  /* one DataRequestProto, one answer */
    TRANSPORT_DRY_RUN, /* Empty, StatusProto */
    TRANSPORT_INFO,    /* Empty, JinaInfoProto */
    TRANSPORT_HEALTH,  /* HealthCheckRequest, HealthCheckResponse */
    TRANSPORT_GRAPHQL, /* HTTP alone. A GraphQL request in JSON; the answer's header lines, an empty line, its body */
    TRANSPORT_METHOD_COUNT
};

enum transport_compression { TRANSPORT_PLAIN, TRANSPORT_DEFLATE, TRANSPORT_GZIP };

struct transport_metadata {
    const char *key;
    const void *value;
    size_t value_size;
};

/* Everything is copied by call_start(). */
struct transport_call_settings {
    enum transport_method method;
    enum transport_compression compression;
    const struct transport_metadata *metadata;
    size_t metadata_count;
    uint64_t deadline_ns; /* clock.h; 0: none */
    bool wait_for_ready;
};

struct transport_end {
    sluice_status status; /* SLUICE_OK: the peer ended it in order */
    int code;             /* the protocol's own: gRPC status code, HTTP status; 0: the peer gave none */
    const char *text;     /* of the peer, or of the library; valid during the event */
    /* The status may as well stand for a time-out: the request may have been run. Tried again with retry_timeout only. */
    bool may_be_timeout;
    uint64_t retry_after_ns; /* the peer asks for this pause before another attempt; 0: for none */
};

struct transport_events {
    /* send() took its message: the next may be sent. Not called when the call broke meanwhile. */
    void (*sent)(void *context);
    /* The answer to read(). The message is the callee's to move out of or to leave. */
    void (*received)(void *context, struct rope *message);
    void (*ended)(void *context, const struct transport_end *end);
};

struct transport {
    uint32_t version; /* TRANSPORT_VERSION */

    /* There are no streams: TRANSPORT_STREAM is refused, each message is a call of its own. */
    bool one_message_calls;
    int internal_code; /* transport_end.code of a peer's internal error, which the option retry_internal is about */

    sluice_status (*connect)(const struct transport_settings *settings, struct transport_channel **ret_channel,
                             sluice_error *error);
    /* All calls must be released. Waits for the transport's thread when this was the last channel. */
    void (*close)(struct transport_channel *channel);

    /* Start a call. SLUICE_OK: events will come. Otherwise none will (SLUICE_INVALID: bad metadata). */
    sluice_status (*call_start)(struct transport_channel *channel, const struct transport_call_settings *settings,
                                const struct transport_events *events, void *context, struct transport_call **ret_call,
                                sluice_error *error);
    /* One message at a time: not before `sent` of the one before. The message is left empty. */
    void (*call_send)(struct transport_call *call, struct rope *message);
    void (*call_finish)(struct transport_call *call); /* no more messages; after `sent` of the last one */
    void (*call_read)(struct transport_call *call);   /* one message; not before `received` of the one before */
    void (*call_cancel)(struct transport_call *call); /* `ended` comes soon, with SLUICE_CANCELLED unless it was over */
    void (*call_release)(struct transport_call *call);
};

/* What a module exports under the name TRANSPORT_ENTRY. */
typedef const struct transport *transport_entry_function(void);

/* The transport for a protocol, loaded at its first use. Any thread. SLUICE_UNIMPLEMENTED: there is none yet;
 * SLUICE_NOT_FOUND: its module is not installed or cannot be loaded. */
sluice_status transport_load(enum address_protocol protocol, const struct transport **ret_transport,
                             sluice_error *error);

#endif
