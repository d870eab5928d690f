/*
 * reading.h - what the readers of this folder share: where they are, and how they fail.
 *
 * Every reader gets the bytes of one message and adds them to what it has of that message already, which is what
 * protobuf's merging of split messages means.
 */
#ifndef SLUICE_DOCUMENT_READING_H
#define SLUICE_DOCUMENT_READING_H

#include "common/document/model.h"
#include "common/wire/wire.h"

struct reading {
    struct model *model;
    const uint8_t *base; /* first byte of the input, for positions in messages */
    const char *where;   /* what is read: "documents" */
    sluice_error *error;
};

/* The reader stopped in a message: at its end (SLUICE_OK) or at bytes that are no field. */
sluice_status reading_end(struct reading *reading, const struct wire_reader *reader, const char *message);

/* A failure of the model: which bound it was, or no memory. */
sluice_status reading_fail(struct reading *reading, sluice_status status, const uint8_t *at);
sluice_status reading_too_deep(struct reading *reading, const uint8_t *at);

/* A string field: a slice of the input, checked to be UTF-8. */
sluice_status reading_text(struct reading *reading, const struct wire_field *field, const char *name, sluice_text *ret_text);

/* A field that is not known here is kept. */
sluice_status reading_unknown(struct reading *reading, const struct wire_reader *reader, const struct wire_field *field,
                              struct unknown **unknown);

/* A repeated number field holds `size` bytes that are no row of numbers. */
sluice_status reading_bad_row(struct reading *reading, const uint8_t *at, const char *name);

/* value_wire.c: a google.protobuf.Struct into *map, which is made when it is NULL. */
sluice_status reading_struct(struct reading *reading, const struct wire_field *field, size_t level, sluice_value **map);

/* tensor_wire.c: a docarray.NdArrayProto into *array, which is made when it is NULL. */
sluice_status reading_ndarray(struct reading *reading, const struct wire_field *field, size_t level,
                              struct ndarray **array);

/* read.c: a docarray.DocumentArrayProto into the documents of `array`. */
sluice_status reading_documents(struct reading *reading, const uint8_t *data, size_t size, sluice_document_array *array);

#endif
