/*
 * codec.h - documents and maps to and from protobuf bytes, for the parts of Sluice that move messages.
 *
 * Reading decodes once and eagerly: nesting, counts, memory and the UTF-8 of every string are checked on the way, so
 * what was read needs no further check. Nothing is copied that a kept block holds: text, blobs and tensors of an array
 * are slices of the message. Sub-messages that came in parts are merged, the last value of a scalar and the last member
 * of a oneof win, fields that are not known here are kept and written after the known ones.
 *
 * Written are the fields in number order and maps in their own order; scalars without presence are left out when all
 * their bits are zero, so -0.0 stays.
 *
 * Errors: SLUICE_INVALID for bytes that are no protobuf and for text that is no UTF-8, SLUICE_LIMIT for a bound of
 * sluice_limits (the text names it), SLUICE_UNIMPLEMENTED for `docs_bytes`, SLUICE_NO_MEMORY.
 *
 * Messages: package docarray, google.protobuf.Struct, jina.DataRequestProto.DataContentProto. Threads as in
 * <sluice/document.h>: an array or map that nobody changes may be read by any number of threads.
 */
#ifndef SLUICE_DOCUMENT_CODEC_H
#define SLUICE_DOCUMENT_CODEC_H

#include "common/foundation/arena.h"
#include "common/foundation/block.h"
#include "common/foundation/buffer.h"

#include <sluice/document.h>

/*
 * A map from the bytes of a google.protobuf.Struct, with memory of its own (the bytes are copied); free it with
 * sluice_value_free(). `limits` may be NULL; its `documents` plays no part.
 */
sluice_status value_read_struct(const void *data, size_t size, const sluice_limits *limits, sluice_value **ret_map,
                                sluice_error *error);

/* The same in the caller's arena: the map lives and goes with it, and its text points into `data`. */
sluice_status value_read_struct_in(struct arena *arena, const void *data, size_t size, const sluice_limits *limits,
                                   sluice_value **ret_map, sluice_error *error);

/* An empty map in the caller's arena. NULL: arena_failure(). */
sluice_value *value_new_map_in(struct arena *arena);

/* Append the bytes of a google.protobuf.Struct. NULL writes nothing. Failure stays in the buffer. */
void value_write_struct(const sluice_value *map, struct buffer *buffer);

/*
 * Read the bytes of a DataContentProto (the field `data` of a request). The array takes references to the rope's blocks
 * and points into them; slices without a block must outlive the array. A rope of several slices is joined once. An
 * empty rope gives an empty array.
 */
sluice_status document_array_read_content(const struct rope *content, const sluice_limits *limits,
                                          sluice_document_array **ret_array, sluice_error *error);

/* The same with the array in an arena that it takes over, in every case, and whose limit is the caller's matter. */
sluice_status document_array_read_content_in(struct arena *arena, const struct rope *content,
                                             const sluice_limits *limits, sluice_document_array **ret_array,
                                             sluice_error *error);

/* Write a DataContentProto into one exactly sized block; the caller holds its only reference. An empty array gives an
 * empty `docs` (0a 00). */
sluice_status document_array_write_content(const sluice_document_array *array, struct block **ret_block,
                                           sluice_error *error);

/* The same behind `front`, which is copied; `number`: as this field of the message that begins with it, 0: bare. */
sluice_status document_array_write_field(const sluice_document_array *array, const void *front, size_t front_size,
                                         uint32_t number, struct block **ret_block, sluice_error *error);

/* A DataContentProto, appended to a buffer. */
sluice_status document_array_append_content(const sluice_document_array *array, struct buffer *buffer,
                                            sluice_error *error);

#endif
