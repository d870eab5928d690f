/*
 * http.h - what a route of the HTTP front gets and how it answers.
 *
 * A route file (jina.c, info.c, ...) adds its routes to the table when the front opens and handles requests. A handler
 * gets an exchange: the whole request, and the duty to answer once, with http_answer() or one of its sisters, on any
 * thread, at once or later. It may submit requests to the router in between with http_submit().
 *
 * Threads. Handlers and the functions given to http_submit() run one after the other, never two at a time for one
 * exchange: on a worker thread when there is much to read or write, on the event loop when there is little
 * (HTTP_INLINE_BYTES); so they may take time in proportion to their bytes but must not wait for anything. After the
 * answer an exchange must not be touched.
 *
 * When the client goes away, the requests at the router are cancelled; nobody else notices: the handler is called as
 * ever, and what it answers is dropped.
 */
#ifndef SLUICE_GATEWAY_HTTP_HTTP_H
#define SLUICE_GATEWAY_HTTP_HTTP_H

#include "common/flow/flow.h"
#include "common/foundation/arena.h"
#include "common/foundation/buffer.h"
#include "gateway/router/router.h"

struct http_front;
struct http_exchange;

/* Up to this size of a body, and of the answers of the router, JSON work is done on the event loop: two changes of
 * thread cost more. */
enum { HTTP_INLINE_BYTES = 16384 };

typedef void http_handler(struct http_exchange *exchange);

/* ---- the table of routes ---- */

struct http_route {
    const char *path;           /* decoded, begins with a slash */
    const char *const *methods; /* upper case, NULL-ended; OPTIONS and HEAD are not special */
    http_handler *handle;
    const char *endpoint; /* for the handler: the executors' endpoint; NULL: the request says it */
    bool body;            /* the handler reads the body; otherwise it is read and dropped */
    bool any_coding;      /* the handler looks at Content-Encoding itself; otherwise gzip is opened, others are 415 */
};

/* While the front opens. The route and its texts must outlive the front. SLUICE_NO_MEMORY. */
sluice_status http_route_add(struct http_front *front, const struct http_route *route, sluice_error *error);

/* The table, for openapi.c; in the order in which routes were added. */
const struct http_route *const *http_routes(const struct http_front *front, size_t *ret_count);

/* What the route files offer, called in this order (front.c). */
sluice_status http_openapi_routes(struct http_front *front, sluice_error *error);
sluice_status http_docs_routes(struct http_front *front, sluice_error *error);
sluice_status http_jina_routes(struct http_front *front, sluice_error *error);
sluice_status http_info_routes(struct http_front *front, sluice_error *error);
sluice_status http_graphql_routes(struct http_front *front, sluice_error *error);
/* The text of /openapi.json; when the table is complete. */
sluice_status http_openapi_write(struct http_front *front, sluice_error *error);

const struct flow *http_front_flow(const struct http_front *front);

/* ---- the request ---- */

struct http_front *http_front_of(const struct http_exchange *exchange);
const struct flow *http_flow(const struct http_exchange *exchange);
const struct http_route *http_route_of(const struct http_exchange *exchange);
const char *http_method(const struct http_exchange *exchange);
/* The whole body, opened if it was compressed; ends with a NUL that does not count. Stays until the answer. */
sluice_text http_body(const struct http_exchange *exchange);
/* Give the memory of the body back early. */
void http_body_drop(struct http_exchange *exchange);
/* A header field, NULL when there is none. `name` in any letter case. */
const char *http_header(const struct http_exchange *exchange, const char *name);
/* The decoded value of `name` in the query string, in the arena; false: it is not there, or no memory. */
bool http_query(struct http_exchange *exchange, const char *name, sluice_text *ret_value);
/* Is there anything in the query string? */
bool http_has_query(const struct http_exchange *exchange);
/* Memory that lives as long as the exchange. */
struct arena *http_arena(struct http_exchange *exchange);
/* A place for the handler's own state; NULL at first. */
void **http_state(struct http_exchange *exchange);

/* ---- requests to the router ---- */

/* `done` is called once, when the last of the requests submitted together has its reply. */
typedef void http_done(struct http_exchange *exchange);

/*
 * Submit `count` requests (DataRequestProto) to the router, side by side. Not again before `done`; from `done` on it
 * may be called anew, which frees the requests and replies of before. A request that cannot be made has a reply with
 * its status and text. Takes references to the messages. False: no memory; nothing was submitted, `done` does not come and
 * the answer is still due.
 */
bool http_submit(struct http_exchange *exchange, const struct rope *messages, size_t count, http_done *done);
bool http_submit_dry_run(struct http_exchange *exchange, http_done *done);

/* The reply to the request `index`; valid until the answer or the next http_submit(). */
const struct reply *http_reply(const struct http_exchange *exchange, size_t index);
/* Its id; empty when no request could be made. */
sluice_text http_reply_id(const struct http_exchange *exchange, size_t index);

/* ---- the answer, once ---- */

/* Another header field; both texts are copied. Before the answer. */
void http_add_header(struct http_exchange *exchange, const char *name, const char *value);

/* `body` is taken over, also when it has failed: then the answer is 503 (no memory). `content_type` is static; NULL:
 * none. */
void http_answer(struct http_exchange *exchange, unsigned status, const char *content_type, struct buffer *body);
/* `body` outlives the exchange or lies in its arena. */
void http_answer_static(struct http_exchange *exchange, unsigned status, const char *content_type, const void *body,
                        size_t size);
/* {"detail": text}; 429 and 503 carry Retry-After. */
void http_answer_detail(struct http_exchange *exchange, unsigned status, const char *text);
/* The same with the status that common/foundation/status.h has for `status`. */
void http_answer_failure(struct http_exchange *exchange, sluice_status status, const char *text);

extern const char http_type_json[]; /* application/json */
extern const char http_type_text[]; /* text/plain; charset=utf-8 */
extern const char http_type_html[]; /* text/html; charset=utf-8 */

#endif
