/* request_bytes.h - the bytes of a DataRequestProto that was read from JSON. Private to common/json. */
#ifndef SLUICE_JSON_REQUEST_BYTES_H
#define SLUICE_JSON_REQUEST_BYTES_H

#include "common/document/model.h"
#include "common/foundation/block.h"
#include "common/foundation/buffer.h"

/* On the stack: so much of the nodes of one text and of its documents needs no memory of its own. */
enum { JSON_NODES_LOCAL = 16 << 10, JSON_MODEL_LOCAL = 4 << 10 };

struct request_head {
    sluice_text request_id, endpoint, target; /* an empty target is left out */
    sluice_value *parameters;                 /* NULL: none */
};

/* Appends header, parameters and the documents. SLUICE_NO_MEMORY. */
sluice_status request_bytes(const struct request_head *head, const sluice_document_array *documents,
                            struct rope *ret_message, sluice_error *error);

/* Appends `front` (whole fields) and then the documents as the field `data`. */
sluice_status message_bytes(const struct buffer *front, const sluice_document_array *documents,
                            struct rope *ret_message, sluice_error *error);

#endif
