/*
 * body.h - what the front does with the bytes of a body, apart from connections and answers.
 *
 * Pure functions: a body is opened (Content-Encoding), its type is looked at, and it is read as a request of the
 * executors. They may run on any thread, one body by one thread at a time. tests/fuzz/http_body.c gives them any bytes.
 */
#ifndef SLUICE_GATEWAY_HTTP_BODY_H
#define SLUICE_GATEWAY_HTTP_BODY_H

#include "common/foundation/buffer.h"
#include "common/json/message.h"

enum body_coding { BODY_PLAIN, BODY_GZIP, BODY_UNKNOWN };

/* The value of a Content-Encoding header, in any letter case; NULL: there is none. */
enum body_coding body_coding_of(const char *value);

/*
 * Put what the gzip in `body` holds in its place, within `body->limit`. On failure the body is as it was, and `error`
 * is what the client is told: SLUICE_TOO_LARGE (it holds more than the limit), SLUICE_INVALID (it is no gzip, cut
 * short, or followed by more), SLUICE_NO_MEMORY.
 */
sluice_status body_gunzip(struct buffer *body, sluice_error *error);

/* Does a Content-Type say JSON: none (NULL), application/json, application/anything+json? */
bool body_type_is_json(const char *type);

/*
 * Read the body of a route that takes requests, as json_request_read() does and with its results. No bytes, or another
 * `type` (Content-Type, NULL: none) than JSON, are the faults that Jina makes of them.
 */
sluice_status body_read_request(sluice_text body, const char *type, const struct json_request_options *options,
                                struct arena *arena, struct rope *ret_message, struct json_fault *ret_fault,
                                sluice_error *error);

#endif
