/*
 * server.h - a gateway for the client's tests: answers by a script, remembers what it was asked.
 *
 * Answers echo the request with two routes added. One thread serves all calls; functions may be called from any thread.
 */
#ifndef TESTS_CLIENT_SERVER_H
#define TESTS_CLIENT_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct server;

/* Zero everywhere: echo each request as it comes. */
struct server_script {
    unsigned fail_calls; /* so many calls end at once, trailers only, with the status below */
    int fail_code;
    const char *fail_text;
    unsigned end_after; /* after so many answers in a call it ends with fail_code (0 too) whatever is open; 0: never */
    bool stub;          /* before that, a stub for the next request */
    unsigned reverse;   /* answer in groups of so many, the last first */
    unsigned error_every; /* every so-manieth answer carries an error status */
    unsigned garbage_at;  /* the so-manieth answer is no protobuf */
    bool unknown_first;   /* before the first answer, one to a request that nobody sent */
    bool hold;            /* answer nothing until server_release() */
    bool silent;          /* end calls in order, without answers */
    const void *plain;    /* answer of the other methods (dry run, info, health) */
    size_t plain_size;
};

/* Listens on a free port of 127.0.0.1; 0: a free one. Ends the test when it cannot. */
struct server *server_start(const struct server_script *script, int port);
void server_stop(struct server *server); /* cancels what is open */

int server_port(const struct server *server);
void server_release(struct server *server); /* answer what is held; hold no more */

/* What it was asked. `call` counts from 0 in the order of arrival. */
size_t server_calls(struct server *server);
size_t server_messages(struct server *server);                                                /* in all calls */
size_t server_message(struct server *server, size_t index, uint8_t *target, size_t capacity); /* its bytes; size */
bool server_metadata(struct server *server, size_t call, const char *key, char *value, size_t capacity);
void server_method(struct server *server, size_t call, char *method, size_t capacity);
bool server_has_deadline(struct server *server, size_t call);

/* Wait (by condition, at most 10 s) until so many messages have come, or calls were cancelled by the client. */
bool server_wait_messages(struct server *server, size_t count);
bool server_wait_cancelled(struct server *server, size_t count);

#endif
