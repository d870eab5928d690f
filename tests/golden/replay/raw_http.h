/* raw_http.h - answers of an HTTP server, cut from the bytes that came. */
#ifndef SLUICE_GOLDEN_RAW_HTTP_H
#define SLUICE_GOLDEN_RAW_HTTP_H

#include "common/foundation/buffer.h"

#include <sluice/document.h>

enum { RAW_HEADERS_MAX = 64 };

struct raw_answer {
    int status;
    struct {
        sluice_text name, value;
    } headers[RAW_HEADERS_MAX]; /* in the bytes that came */
    size_t header_count;
    struct buffer body; /* without chunk sizes */
};

/*
 * The answer that begins at `*at`, which moves behind it. `ended`: no more bytes will come; `to_head`: the answer to a
 * HEAD request has no body. False: not whole, or no answer at all. raw_answer_done() when true.
 */
bool raw_answer_take(const struct buffer *in, size_t *at, bool ended, bool to_head, struct raw_answer *answer);
void raw_answer_done(struct raw_answer *answer);

/* The value of a header, in any letter case; empty when there is none. */
sluice_text raw_answer_header(const struct raw_answer *answer, const char *name);

#endif
