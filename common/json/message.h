/*
 * message.h - requests and answers in the JSON of HTTP and of the text mode of WebSocket, to and from DataRequestProto
 * bytes.
 *
 * Two sides: a gateway reads requests and writes answers, a client writes requests and reads answers. Documents are
 * those of docarray's document model: snake_case keys, base64 blobs, nested lists for arrays. What is accepted, refused
 * and printed is what Jina 3.34 was measured to do; the differences on purpose are marked "differs" below.
 *
 * All functions are pure but for random ids (common/foundation/text.h), use the module of json.h (SLUICE_SYSTEM when it
 * is not installed) and may run on any thread. They take time in proportion to the text: call them on worker threads.
 * Ropes and buffers given for results must be initialised and are left as they were on failure, except that a buffer
 * may hold part of the text.
 */
#ifndef SLUICE_JSON_MESSAGE_H
#define SLUICE_JSON_MESSAGE_H

#include "common/foundation/arena.h"
#include "common/foundation/block.h"
#include "common/foundation/buffer.h"

#include <sluice/document.h>

/* ---- gateway: requests ---- */

enum json_fault_kind {
    JSON_FAULT_NONE,
    JSON_FAULT_SYNTAX, /* HTTP 400: the body cannot be read at all (no UTF-8, nested too deep, a number of 5000 digits)
                        */
    JSON_FAULT_VALUES, /* HTTP 422: no JSON, or values of the wrong kind; `findings` say which */
    JSON_FAULT_BUILD,  /* HTTP 500: right in kind, but no request can be made of it (bad base64, a lone surrogate); one
                          finding */
    /* The next two only with `websocket`: no failures, but there is no request. */
    JSON_FAULT_END,    /* `{}`: the client's end of input */
    JSON_FAULT_IGNORED /* no object: nothing happens */
};

/* An entry of the answer's "detail", pydantic's. Texts are in the arena that the reader was given. */
struct json_finding {
    const char *loc;     /* a JSON array: ["body","data",0,"granularity"] */
    const char *message; /* "msg", plain UTF-8 text */
    const char *type;    /* "type_error.integer" */
    const char *ctx;     /* "ctx", a JSON object; NULL: none */
};

struct json_fault {
    enum json_fault_kind kind;
    const struct json_finding *findings;
    size_t count;
};

/* The HTTP status of a fault; 0 for those that are none. */
int json_fault_http(enum json_fault_kind kind);

/* The body that Jina sends with it: `{"detail":…}` for 400 and 422, the text `Internal Server Error` (text/plain) for
 * 500. */
void json_fault_write(const struct json_fault *fault, struct buffer *out);

/* The fault of a body that is absent (`Content-Length: 0`) or was not looked at because of its content type. */
void json_fault_no_body(struct json_fault *ret_fault);
void json_fault_no_object(struct json_fault *ret_fault);

struct json_request_options {
    const char *endpoint;        /* fixed by the route; NULL: execEndpoint of the body, its header's, or "/" */
    const char *request_id;      /* NULL: a random one, as a gateway makes */
    const sluice_limits *limits; /* of documents and parameters; `bytes` holds once more for the parsed text, which
                                    takes up to thirty times the size of the text; NULL: the defaults */
    bool websocket;              /* a text message of WebSocket: see JSON_FAULT_END, JSON_FAULT_IGNORED */
    bool tags_as_measured;       /* Jina turns 1 and 0 as direct values of tags into true and false. Differs: we do not,
                                    unless this is set */
};

/* Levels of arrays and objects in a text, whatever they mean; documents are bounded by sluice_limits.depth. */
enum { JSON_MESSAGE_DEPTH = 1000 };

/*
 * Read a request: {"data": …, "parameters": …, "execEndpoint": …, "targetExecutor": …}, keys in camelCase or snake_case
 * (camelCase wins), the last of equal keys wins, unknown keys are ignored. Documents without id get a random one.
 *
 * SLUICE_OK: *ret_message is a DataRequestProto with header (request_id, exec_endpoint, target_executor if given),
 * parameters (if given) and data (always there). It refers to memory of its own, not to `text` or `arena`.
 * SLUICE_INVALID, SLUICE_LIMIT: *ret_fault says how a gateway answers, `error` says it in one sentence.
 * SLUICE_CANCELLED: JSON_FAULT_END or JSON_FAULT_IGNORED, nothing went wrong.
 * SLUICE_NO_MEMORY, SLUICE_SYSTEM: no fault is given.
 *
 * Differs from Jina: camelCase keys of documents and header.execEndpoint are accepted (its Go client sends them); text
 * in `tensor` and `embedding` is refused; a missing `data` on WebSocket is null.
 */
sluice_status json_request_read(const char *text, size_t size, const struct json_request_options *options,
                                struct arena *arena, struct rope *ret_message, struct json_fault *ret_fault,
                                sluice_error *error);

/* ---- gateway: answers ---- */

enum json_style {
    JSON_STYLE_HTTP, /* camelCase header and routes, all keys, UTF-8, times with +00:00; NaN and infinity are failures
                      */
    JSON_STYLE_WEBSOCKET /* snake_case, set fields only, ASCII escapes, times with Z; NaN and Infinity as tokens, an
                            array without dimensions as a number */
};

struct json_response_options {
    enum json_style style;
    /* The answer of a failure without a whole answer (HTTP 503, 504): `message` (perhaps a stub, perhaps empty) gives
     * the header, parameters and documents are those of this request, routes are null. NULL: an ordinary answer. */
    const struct rope *failed_request;
    /* Replaces the header's status: code 1 with this description and an exception of this name. NULL: as in `message`.
     */
    const char *failure_text, *failure_exception;
    const sluice_limits *limits; /* of the documents; NULL: the defaults */
};

/*
 * Append the answer `message` (a DataRequestProto) exactly as Jina prints it. Differs: in the answer of a failure the
 * parameters' numbers are doubles, Jina gives those of the body back (3 instead of 3.0).
 * SLUICE_INVALID: no protobuf, text that is no UTF-8. SLUICE_UNIMPLEMENTED: something in it has no form in JSON
 * (`docs_bytes`, an array of complex numbers; in the HTTP style an array without dimensions, NaN and infinity); Jina
 * answers HTTP 500 then. SLUICE_LIMIT, SLUICE_NO_MEMORY, SLUICE_SYSTEM.
 */
sluice_status json_response_write(const struct rope *message, const struct json_response_options *options,
                                  struct buffer *out, sluice_error *error);

/* Append a StatusProto as GET /dry_run answers it: {"code":0,"description":"","exception":null}. An empty rope is
 * success. */
sluice_status json_status_write(const struct rope *status, struct buffer *out, sluice_error *error);

/* ---- client ---- */

/*
 * Append a request (a DataRequestProto) as the late Python client sends it over HTTP: header, parameters (with
 * `__results__`), data, exec_endpoint, target_executor; spaces after separators, ASCII escapes, NaN as a token.
 * Errors as json_response_write().
 */
sluice_status json_request_write(const struct rope *message, struct buffer *out, sluice_error *error);

/*
 * Read an answer, of HTTP or of WebSocket's text mode: camelCase or snake_case, null anywhere, numbers or names as
 * status codes, both forms of times. Unknown keys are ignored. *ret_message is a DataRequestProto with memory of its
 * own. SLUICE_INVALID says what cannot be read and where; SLUICE_LIMIT, SLUICE_NO_MEMORY, SLUICE_SYSTEM. Differs from
 * Jina's client: unknown keys, times without offset (taken as UTC), data as {"docs": …} and arrays without dimensions
 * are no errors.
 */
sluice_status json_response_read(const char *text, size_t size, struct arena *arena, struct rope *ret_message,
                                 sluice_error *error);

#endif
