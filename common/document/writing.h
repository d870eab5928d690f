/*
 * writing.h - what the writers of this folder share: sizes first, then bytes.
 *
 * protobuf puts the length of a message before it, so a first walk computes the length of every message that holds
 * others and notes it; the second walk meets the messages in the same order and takes the lengths from the notes. The
 * model stays untouched, so several threads may write the same array.
 */
#ifndef SLUICE_DOCUMENT_WRITING_H
#define SLUICE_DOCUMENT_WRITING_H

#include "common/document/model.h"
#include "common/wire/wire.h"

enum { WRITING_LOCAL = 64 };

struct writing {
    size_t *sizes; /* points to `local` until more are needed */
    size_t count, capacity, next;
    bool failed; /* no memory for the notes */
    uint8_t *at; /* where the next byte goes in the second walk */
    size_t local[WRITING_LOCAL];
};

void writing_init(struct writing *writing);
void writing_done(struct writing *writing);

/* First walk: a place for the length of the message that is met now, filled in when it is known. */
size_t writing_note(struct writing *writing);
static inline size_t writing_noted(struct writing *writing, size_t note, size_t size)
{
    if (!writing->failed)
        writing->sizes[note] = size;
    return size;
}

/* Second walk: the length of the next message; `peek` leaves it for the one that writes it. */
static inline size_t writing_peek(const struct writing *writing)
{
    return writing->sizes[writing->next];
}
static inline size_t writing_take(struct writing *writing)
{
    return writing->sizes[writing->next++];
}

static inline void put_raw(struct writing *writing, const void *data, size_t size)
{
    if (size > 0) {
        memcpy(writing->at, data, size);
        writing->at += size;
    }
}
static inline void put_head(struct writing *writing, uint32_t number, size_t size)
{
    writing->at = wire_put_varint(wire_put_varint(writing->at, wire_tag(number, WIRE_BYTES)), size);
}
static inline void put_text(struct writing *writing, uint32_t number, sluice_text text)
{
    put_head(writing, number, text.size);
    put_raw(writing, text.data, text.size);
}
static inline void put_text_if_set(struct writing *writing, uint32_t number, sluice_text text)
{
    if (text.size > 0)
        put_text(writing, number, text);
}
static inline size_t text_size(uint32_t number, sluice_text text)
{
    return text.size > 0 ? wire_bytes_size(number, text.size) : 0;
}
static inline void put_uint(struct writing *writing, uint32_t number, uint64_t value)
{
    writing->at = wire_put_varint(wire_put_varint(writing->at, wire_tag(number, WIRE_VARINT)), value);
}
static inline size_t uint_size(uint32_t number, uint64_t value)
{
    return wire_varint_size(wire_tag(number, WIRE_VARINT)) + wire_varint_size(value);
}
static inline void put_float(struct writing *writing, uint32_t number, float value)
{
    writing->at = wire_put_varint(writing->at, wire_tag(number, WIRE_FIXED32));
    put_raw(writing, &value, sizeof value);
}
static inline size_t float_size(uint32_t number)
{
    return wire_varint_size(wire_tag(number, WIRE_FIXED32)) + sizeof(float);
}
/* proto3 leaves out what is +0.0; -0.0 is another number. */
static inline bool float_is_set(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits != 0;
}
void put_unknown(struct writing *writing, const struct unknown *unknown);

/* value_wire.c: the body of a google.protobuf.Struct. */
size_t struct_size(struct writing *writing, const sluice_value *map);
void put_struct(struct writing *writing, uint32_t number, const sluice_value *map);

/* write.c: the body of a docarray.DocumentArrayProto. */
size_t documents_size(struct writing *writing, const sluice_document_array *array);
void put_documents(struct writing *writing, const sluice_document_array *array);

/* tensor_wire.c: docarray.NdArrayProto */
size_t ndarray_size(struct writing *writing, const struct ndarray *array);
void put_ndarray(struct writing *writing, uint32_t number, const struct ndarray *array);

#endif
