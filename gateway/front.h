/*
 * front.h - what the gateway's main program and a front need of one another.
 *
 * A front is a server of one protocol: it turns what clients send into requests for the router (gateway/router/router.h)
 * and replies into what goes back. It is a module of its own, lib/sluice/front-<protocol>.so, loaded when the Flow names
 * its protocol, so a gateway loads no library that it does not use. The module takes router, envelope, upstream, flow,
 * document, JSON and foundation from the gateway's program, which holds and exports them all; it exports FRONT_ENTRY.
 *
 * Stopping goes in steps, called by the main thread: router_drain(), drain() of each front, wait() of each, free() of
 * each. No function here is called by a front's own threads.
 */
#ifndef SLUICE_GATEWAY_FRONT_H
#define SLUICE_GATEWAY_FRONT_H

#include "gateway/router/router.h"

#define FRONT_VERSION 2u
#define FRONT_ENTRY   "front_entry"

struct front;

/*
 * The executors' answers on the front's own event loop, without a hand-over (gateway/upstream/upstream.h, whose functions
 * these are). borrow() gives a descriptor to watch; run() handles what is there, to be called when it is readable or
 * timeout_ms() (-1: for ever) is over; give_back() when the loop's thread has ended.
 */
struct front_executors {
    struct upstream_set *set;
    int (*borrow)(struct upstream_set *set);
    int (*timeout_ms)(struct upstream_set *set);
    void (*run)(struct upstream_set *set);
    void (*give_back)(struct upstream_set *set);
};

struct front_settings {
    const char *host;               /* bind address: a name, IPv4 or IPv6 */
    uint16_t port;                  /* 0: a free one */
    unsigned threads;               /* of the event loop, if the front can have several; 0: the front's choice */
    const struct flow *flow;        /* outlives the front; its gateway's keys are the rest of the settings */
    void (*burst_begin)(void);      /* around a burst of events on one of the front's threads: requests submitted in */
    void (*burst_end)(void);        /* between leave together. Nestable, does not block. NULL: not */
    const struct front_executors *executors; /* NULL: not to be borrowed, as there are other fronts. Valid in open() */
};

struct front_type {
    uint32_t version; /* FRONT_VERSION */

    /* Open the port and serve. SLUICE_SYSTEM names host and port when it cannot be opened, SLUICE_INVALID when settings
     * (a certificate, say) are wrong. The router must outlive the front. */
    sluice_status (*open)(const struct front_settings *settings, struct router *router, struct front **ret_front,
                          sluice_error *error);
    uint16_t (*port)(const struct front *front);

    /* From now on new requests are refused as design 4a says, connections end when what is in them is answered. Does not
     * wait. Once is enough. router_drain() was called before. */
    void (*drain)(struct front *front);
    /* Wait until no connection holds a request any more. False when `deadline_ns` (clock.h) came first. */
    bool (*wait)(struct front *front, uint64_t deadline_ns);
    /* Close the port and every connection, cancel what is left, wait for the replies, free. */
    void (*free)(struct front *front);
};

/* What a module exports under the name FRONT_ENTRY. */
typedef const struct front_type *front_entry_function(void);

/*
 * The rest of a module's entry.c, behind its open_front(): FRONT_ENTRY, with what the front NAME calls NAME_front_port(), …_drain(),
 * …_wait() and …_free(), which take a `struct NAME_front`.
 */
#define FRONT_MODULE(NAME)                                                                                             \
    static uint16_t port(const struct front *front)                                                                    \
    {                                                                                                                  \
        return NAME##_front_port((const struct NAME##_front *)front);                                                  \
    }                                                                                                                  \
    static void drain(struct front *front)                                                                             \
    {                                                                                                                  \
        NAME##_front_drain((struct NAME##_front *)front);                                                              \
    }                                                                                                                  \
    static bool wait_for(struct front *front, uint64_t deadline_ns)                                                    \
    {                                                                                                                  \
        return NAME##_front_wait((struct NAME##_front *)front, deadline_ns);                                           \
    }                                                                                                                  \
    static void free_front(struct front *front)                                                                        \
    {                                                                                                                  \
        NAME##_front_free((struct NAME##_front *)front);                                                               \
    }                                                                                                                  \
    front_entry_function front_entry;                                                                                  \
    const struct front_type *front_entry(void)                                                                         \
    {                                                                                                                  \
        static const struct front_type type = {                                                                        \
            .version = FRONT_VERSION,                                                                                  \
            .open = open_front,                                                                                        \
            .port = port,                                                                                              \
            .drain = drain,                                                                                            \
            .wait = wait_for,                                                                                          \
            .free = free_front,                                                                                        \
        };                                                                                                             \
        return &type;                                                                                                  \
    }

/* The front of a protocol, loaded at its first use. Main thread. SLUICE_NOT_FOUND: its module is not installed or cannot
 * be loaded; the error says why. */
sluice_status front_load(enum flow_protocol protocol, const struct front_type **ret_type, sluice_error *error);

#endif
