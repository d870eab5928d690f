/*
 * head.h - the head of an HTTP/1.1 request (RFC 9112), read strictly. Pure; one thread at a time.
 *
 * What could be read in two ways is refused, because a proxy in front of the gateway may have read it the other way: lines
 * that do not end with CR LF, folded lines, blanks before a colon, control characters, two lengths or hosts, a length
 * beside a transfer coding.
 */
#ifndef SLUICE_GATEWAY_WEBSOCKET_HEAD_H
#define SLUICE_GATEWAY_WEBSOCKET_HEAD_H

#include "common/foundation/buffer.h"

enum { HEAD_FIELDS_MAX = 100 };

/* What is wrong: the status of the answer, and a sentence that ends with a full stop. */
struct head_fault {
    unsigned status;
    const char *text;
};

/* ---- collecting ---- */

struct head_collector {
    struct buffer bytes; /* from the request line on */
    unsigned skipped;    /* bytes of an empty line before it */
};

void head_collector_init(struct head_collector *collector, size_t limit); /* bytes of a head */
void head_collector_done(struct head_collector *collector);

enum head_result { HEAD_MORE, HEAD_WHOLE, HEAD_BAD };

/* Takes bytes from *at on until the head is whole; *at is then behind it. HEAD_BAD: at the first byte that shows it. */
enum head_result head_collect(struct head_collector *collector, const uint8_t **at, const uint8_t *end,
                              struct head_fault *ret_fault);

/* ---- reading ---- */

struct head_field {
    const char *name, *value; /* without blanks around it */
};

struct head {
    const char *method;
    const char *path; /* %XX decoded, without the query */
    bool http_1_0;
    bool body;       /* there is one, of any length above 0 */
    bool keep_alive; /* the client lets the connection live on */
    struct head_field fields[HEAD_FIELDS_MAX];
    size_t count;
};

/* Read a whole head; `text` is written into and must stay. False: *ret_fault says what is wrong. */
bool head_read(char *text, struct head *ret_head, struct head_fault *ret_fault);

/* The value of the first field of this name (any letter case), or NULL. `ret_count`, which may be NULL: how many there are. */
const char *head_value(const struct head *head, const char *name, size_t *ret_count);

/* The values of all fields of this name, joined by ", ". False: there is none. */
bool head_join(const struct head *head, const char *name, struct buffer *value);

/* Is `name` one of a list with commas? In any letter case. */
bool head_lists(const char *list, const char *name);

#endif
