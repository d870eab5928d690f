/*
 * envelope.h - a DataRequestProto without its documents: what the gateway reads of a request.
 *
 * The message is scanned by top-level fields (jina.proto, message DataRequestProto). Header, parameters and unknown
 * fields become contiguous spans; the documents (field 4) stay slices of the received blocks and are not looked at.
 * Several occurrences of a sub-message are concatenated, which is what protobuf's merging means. Routes that a client
 * sent are dropped, as Jina does.
 *
 * Spans point into the message's blocks where a field is in one piece, else into the arena; both must outlive the
 * envelope. One thread at a time.
 */
#ifndef SLUICE_GATEWAY_ENVELOPE_H
#define SLUICE_GATEWAY_ENVELOPE_H

#include "common/foundation/arena.h"
#include "common/foundation/block.h"
#include "common/wire/jina_fields.h"

#include <stdbool.h>

struct span {
    const uint8_t *data;
    size_t size;
};

struct envelope {
    struct span header;     /* contents of HeaderProto */
    struct span request_id; /* of the header; empty when absent */
    struct span endpoint;
    struct span target;
    bool has_endpoint;
    struct span parameters; /* contents of a Struct, checked: well-formed, UTF-8, not too deep */
    struct span unknown;    /* whole fields, tags included */
    struct rope data;       /* contents of DataContentProto */
    bool has_data;
};

/* Errors: SLUICE_INVALID (no protobuf, text that is no UTF-8), SLUICE_LIMIT (parameters deeper than `depth_max`),
 * SLUICE_NO_MEMORY. In every case envelope_done() is due. */
sluice_status envelope_read(const struct rope *message, size_t depth_max, struct arena *arena,
                            struct envelope *envelope, sluice_error *error);
void envelope_done(struct envelope *envelope); /* drops the references to the documents' blocks */

#endif
