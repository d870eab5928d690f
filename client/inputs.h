/*
 * inputs.h - cuts what the caller gives into the documents of requests.
 *
 * Lazy: a generator is asked only when the next request is wanted; an array is written once and its requests are slices
 * of those bytes. Order is kept, the last request may be shorter. One thread.
 */
#ifndef SLUICE_CLIENT_INPUTS_H
#define SLUICE_CLIENT_INPUTS_H

#include "common/foundation/block.h"

#include <sluice/client.h>

struct inputs_reader {
    const sluice_inputs *inputs;
    size_t request_size; /* SIZE_MAX: all in one */
    size_t total;        /* documents, when known; SIZE_MAX for generators */
    size_t at;           /* documents given out */
    bool done;
    struct block *written; /* of an array: its documents as bytes */
    size_t written_at;
};

/* SLUICE_INVALID: NULL where something is needed, or rows of an array without an axis. The inputs must outlive the
 * reader. */
sluice_status inputs_open(struct inputs_reader *reader, const sluice_inputs *inputs, int64_t request_size,
                          sluice_error *error);
void inputs_done(struct inputs_reader *reader);

/*
 * The next request's documents, appended to an initialised empty rope as the bytes of a DataContentProto. *ret_more
 * false: there is none. *ret_data false: the request has no `data` field. Errors: a generator's, of the documents, of
 * memory; then the reader is done.
 */
sluice_status inputs_next(struct inputs_reader *reader, struct rope *content, size_t *ret_documents, bool *ret_data,
                          bool *ret_more, sluice_error *error);

#endif
