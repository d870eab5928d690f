/*
 * request.h - writes the messages that go out (jina.DataRequestProto, wire-grpc 3.1).
 *
 * What all requests of a call have in common is kept in a template: endpoint, target, parameters as bytes. Reading a
 * template is possible from any thread; making one belongs to one.
 */
#ifndef SLUICE_CLIENT_REQUEST_H
#define SLUICE_CLIENT_REQUEST_H

#include "common/foundation/block.h"
#include "common/foundation/buffer.h"

#include <sluice/document.h>

struct request_template {
    char *endpoint;
    char *target_executor;    /* NULL: none, the field is not written */
    struct buffer parameters; /* the field with its tag */
};

/* NULL target or "": none. NULL or empty parameters: {"__results__": {}} as Jina's clients send it. SLUICE_INVALID,
 * SLUICE_NO_MEMORY. */
sluice_status request_template_init(struct request_template *request, const char *endpoint, const char *target_executor,
                                    const sluice_value *parameters, sluice_error *error);
void request_template_done(struct request_template *request);

/* One message into an initialised empty rope. `content`: the bytes of a DataContentProto; NULL: no `data` field. */
sluice_status request_write(const struct request_template *request, sluice_text id, const struct rope *content,
                            struct rope *ret_message, sluice_error *error);

#endif
