/*
 * load_web.h - the load driver for HTTP and WebSocket: connections over epoll with requests made beforehand.
 *
 * Closed loop. HTTP has one request in flight on each of its keep-alive connections, WebSocket all of them on one. One
 * thread; what a round of the loop adds to a connection leaves in one system call.
 */
#ifndef SLUICE_BENCH_LOAD_WEB_H
#define SLUICE_BENCH_LOAD_WEB_H

#include "tests/bench/floor_frames.h"
#include "tests/bench/load_message.h"
#include "tests/bench/load_report.h"

struct web_slot {
    bool busy;
    uint64_t sequence, sent_ns;
    uint8_t *frame; /* WebSocket: the masked message of this slot */
};

struct web_connection {
    int fd;
    struct floor_bytes in, out;
    bool waits_for_room;
};

struct web {
    const char *address, *endpoint, *path;
    bool websocket, changed, embeddings;
    size_t size, documents, in_flight;
    double warm_seconds, seconds;
    struct load_body body;     /* WebSocket */
    struct floor_bytes request; /* HTTP: head and body; WebSocket: one frame as a pattern */
    size_t body_size;          /* of a request */
    size_t id_at;              /* WebSocket: where the request's id stands in the frame */
    size_t answer_size;        /* HTTP: of the first answer, 0 before */
    struct web_slot *slots;
    struct web_connection *connections;
    size_t connection_count;
    int poll;
    bool stopping, measuring;
    size_t busy_count;
    struct load_report report;
};

/* The slot's answer is right and is there: counted, and the slot sends again unless the loop is to end. Ends the program
 * when the slot has nothing in flight. */
void web_answered(struct web *web, size_t slot);

/* The loop's own parts, for the protocols: waits until the connection has read something more. */
void web_read_more(struct web_connection *connection);

/* load_http.c and load_websocket.c. `prepare` makes the requests, after the connections are there; `send` adds the slot's
 * request to its connection; `take` looks at what was read and calls web_answered() for every answer that is whole.
 * Each ends the program when something is wrong. */
void load_http_prepare(struct web *web);
void load_http_send(struct web *web, size_t slot);
void load_http_take(struct web *web, struct web_connection *connection);

void load_websocket_prepare(struct web *web);
void load_websocket_send(struct web *web, size_t slot);
void load_websocket_take(struct web *web, struct web_connection *connection);

#endif
