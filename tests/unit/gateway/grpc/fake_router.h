/*
 * fake_router.h - a router without executors, for tests of a front: same header, answers that the test decides.
 *
 * What becomes of a request is told by how its id begins; the answer is the request itself.
 *   now…      answered inside router_submit()
 *   later…    (and all others) answered by another thread, in order
 *   hold…     answered when fake_release() names it
 *   never…    answered only when it is cancelled
 *   timeout…  SLUICE_TIMEOUT, gone… SLUICE_UNAVAILABLE, both from another thread, text "TEXT of ID"
 *   fail…     an ordinary answer that says it has failed; died… because its executor died
 */
#ifndef SLUICE_TEST_FAKE_ROUTER_H
#define SLUICE_TEST_FAKE_ROUTER_H

#include "gateway/router/router.h"

struct router *fake_router_new(void);
/* Take the request's name from this field of its header instead of from request_id: 3 is exec_endpoint, for fronts that
 * make the ids themselves. Before the first request. */
void fake_name_by(struct router *router, unsigned header_field);
void fake_router_done(struct router *router); /* checks that every request and client was freed */

void fake_release(struct router *router, const char *id); /* waits until it is there */
void fake_set_room(struct router *router, bool room);
void fake_set_refusal(struct router *router, sluice_status status); /* of router_admit(); SLUICE_OK: none */
void fake_set_failure_text(struct router *router, const char *text);

/* These wait for the state, and fail the test when it does not come. */
void fake_wait_submitted(struct router *router, size_t count);
void fake_wait_live(struct router *router, size_t count);
void fake_wait_waiting(struct router *router, size_t count); /* callers of router_when_room() */

size_t fake_submitted(struct router *router);
size_t fake_cancelled(struct router *router);
uint64_t fake_last_deadline(struct router *router);
const char *fake_submitted_id(struct router *router, size_t number);

/* A serialized DataRequestProto with this id and a text document of `text_size` letters. malloc()ed. */
uint8_t *fake_message(const char *id, size_t text_size, size_t *ret_size);
/* Does the message's header hold this id? */
bool fake_has_id(const uint8_t *message, size_t size, const char *id);

#endif
