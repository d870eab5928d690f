/*
 * load_message.h - the requests that the load driver sends, and the check of every answer.
 *
 * A request is a serialized DataRequestProto: a header of its own (request id, endpoint) and a `data` field that all
 * requests share by reference. An answer is right when it carries the id of a request that is in flight, no error
 * status, and a `data` field of the sent length with the first document's bytes in front: a server that answers
 * nothing, or sends a buffer twice, is found out.
 */
#ifndef SLUICE_BENCH_LOAD_MESSAGE_H
#define SLUICE_BENCH_LOAD_MESSAGE_H

#include <grpc/byte_buffer.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_body {
    grpc_slice data;     /* the whole field, tag and length included */
    size_t content_size; /* without tag and length */
    size_t prefix_size;  /* tag and length */
    bool may_grow;       /* the executor changes documents: longer answers with the first document's id are right */
};

/* `documents` documents that together make the request about `size` bytes long; or, when `floats` is not 0, that have
 * embeddings of so many float32 and no text. */
void load_body_init(struct load_body *body, size_t size, size_t documents, size_t floats);

enum { LOAD_EMBEDDING_FLOATS = 512 }; /* of --embeddings */

/* One request; `slot` and `sequence` make its id. */
grpc_byte_buffer *load_request(const struct load_body *body, const char *endpoint, uint32_t slot, uint64_t sequence);

/*
 * NULL and slot and sequence of an answer, or what is wrong with it. An answer with an error status is wrong, unless
 * `ret_failed` is given, which tells; its documents must be there all the same.
 */
const char *load_check(const struct load_body *body, grpc_byte_buffer *answer, uint32_t *ret_slot,
                       uint64_t *ret_sequence, bool *ret_failed);

#endif
