/*
 * message_parts.h - a DataRequestProto taken apart for printing.
 *
 * Private to common/json. Everything points into the message or the arena. Sub-messages that came in parts are joined,
 * the last value of a scalar wins; every text is checked to be UTF-8.
 */
#ifndef SLUICE_JSON_MESSAGE_PARTS_H
#define SLUICE_JSON_MESSAGE_PARTS_H

#include "common/document/model.h"
#include "common/foundation/block.h"

struct exception_parts {
    sluice_text name, executor;
    sluice_text *args, *stacks;
    size_t arg_count, stack_count;
};

struct status_parts {
    bool has_exception;
    uint32_t code;
    sluice_text description;
    struct exception_parts exception;
};

struct time_parts {
    bool is_set;
    int64_t seconds;
    int32_t nanos;
};

struct route_parts {
    sluice_text executor;
    struct time_parts start, end;
    bool has_status;
    struct status_parts status;
};

struct message_parts {
    bool has_header, has_status, has_endpoint, has_target, has_parameters, has_data;
    sluice_text request_id, endpoint, target;
    uint32_t timeout;
    struct status_parts status;
    sluice_value *parameters; /* NULL unless has_parameters */
    struct route_parts *routes;
    size_t route_count;
    sluice_document_array *documents; /* own memory: message_parts_done() */
};

/* In every case message_parts_done() is due. SLUICE_INVALID, SLUICE_LIMIT, SLUICE_UNIMPLEMENTED (docs_bytes),
 * SLUICE_NO_MEMORY. */
sluice_status message_parts_read(const struct rope *message, const sluice_limits *limits, struct arena *arena,
                                 struct message_parts *parts, sluice_error *error);
/* The same with the documents in `documents`, which is taken over and whose limit is the caller's matter. */
sluice_status message_parts_read_in(const struct rope *message, const sluice_limits *limits, struct arena *arena,
                                    struct arena *documents, struct message_parts *parts, sluice_error *error);
void message_parts_done(struct message_parts *parts);

/* A StatusProto alone. */
sluice_status status_parts_read(const struct rope *message, struct arena *arena, struct status_parts *parts,
                                sluice_error *error);

#endif
