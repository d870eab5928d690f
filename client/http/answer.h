/*
 * answer.h - from what libcurl brought to a message or an error that says what to do.
 *
 * Formats: wire-http-websocket-graphql, sections 1.7, 2.3, 2.6 and 5. The channel's thread or a worker, as call.h says.
 */
#ifndef SLUICE_CLIENT_HTTP_ANSWER_H
#define SLUICE_CLIENT_HTTP_ANSWER_H

#include "client/http/call.h"

/* Set the call's outcome from curl_code, http_status and the answer's body: `result`, or call_fail(). */
void answer_read(struct transport_call *call);

/* answer_curl.c: the same for an exchange that libcurl could not finish; curl_code is not CURLE_OK. */
void answer_curl_failure(struct transport_call *call);

/* answer_body.c: append what the body of an error says, or an excerpt of it; nothing for an empty one. */
void answer_error_text(const struct transport_call *call, struct buffer *text);

/* answer_message.c: turn the body of a good answer into the message of the method. False: call_fail() was called. */
bool answer_message(struct transport_call *call);

/* answer_message.c: an executor served alone says with HTTP 499 that its handler failed: that is an answer. */
bool answer_executor_failure(struct transport_call *call, const char *description, size_t size);

#endif
