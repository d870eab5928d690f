/*
 * wire.h - the protobuf wire format: reading fields from bytes, writing fields to a buffer.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/. Reading copies nothing: a length-delimited field is a
 * slice of the input. Why no protobuf library here: docs/architecture.md, "Own codec". Pure functions on the caller's
 * memory; any thread.
 */
#ifndef SLUICE_WIRE_H
#define SLUICE_WIRE_H

#include "common/foundation/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_GROUP_START = 3, WIRE_GROUP_END = 4, WIRE_FIXED32 = 5 };

enum { WIRE_VARINT_MAX = 10, WIRE_GROUP_DEPTH_MAX = 32 };

struct wire_reader {
    const uint8_t *at, *end;
    bool malformed; /* set when wire_next() met bytes that are no field */
};

struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t value;      /* WIRE_VARINT, WIRE_FIXED64, WIRE_FIXED32 */
    const uint8_t *data; /* WIRE_BYTES: the payload */
    size_t size;
    const uint8_t *start; /* the whole field with its tag, up to reader->at: for passing unknown fields on */
};

static inline struct wire_reader wire_read(const void *data, size_t size)
{
    const uint8_t *at = data != NULL ? data : (const uint8_t *)""; /* an empty span may have no place */
    return (struct wire_reader){.at = at, .end = at + size};
}

/* The next field, or false at the end of the input and on malformed bytes (then reader->malformed). Groups are skipped
 * as one field of type WIRE_GROUP_START. */
bool wire_next(struct wire_reader *reader, struct wire_field *field);

/* Reads one varint; returns the bytes used, 0 when malformed or cut short. */
size_t wire_read_varint(const uint8_t *at, const uint8_t *end, uint64_t *ret_value);

static inline float wire_float(const struct wire_field *field)
{
    uint32_t bits = (uint32_t)field->value;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double wire_double(const struct wire_field *field)
{
    double value;
    memcpy(&value, &field->value, sizeof value);
    return value;
}

/* Writing. Sizes first, so that a message's length is known before its bytes. */
static inline size_t wire_varint_size(uint64_t value)
{
    return (size_t)(((unsigned)(63 - __builtin_clzll(value | 1)) * 9 + 73) / 64);
}

static inline uint32_t wire_tag(uint32_t number, enum wire_type type)
{
    return number << 3 | (uint32_t)type;
}

/* Size of a length-delimited field with its tag. */
static inline size_t wire_bytes_size(uint32_t number, size_t size)
{
    return wire_varint_size(wire_tag(number, WIRE_BYTES)) + wire_varint_size(size) + size;
}

uint8_t *wire_put_varint(uint8_t *at, uint64_t value); /* at most WIRE_VARINT_MAX bytes; returns the end */

void wire_append_varint(struct buffer *buffer, uint64_t value);
void wire_append_tag(struct buffer *buffer, uint32_t number, enum wire_type type);
void wire_append_uint(struct buffer *buffer, uint32_t number, uint64_t value); /* written even when 0 */
void wire_append_float(struct buffer *buffer, uint32_t number, float value);
void wire_append_double(struct buffer *buffer, uint32_t number, double value);
void wire_append_bytes(struct buffer *buffer, uint32_t number, const void *data, size_t size);
void wire_append_text(struct buffer *buffer, uint32_t number, const char *text);

/*
 * A sub-message whose size is not known beforehand: begin, append its fields, end. wire_end_message() moves the bytes
 * when the length needs more than one byte, so this is for small messages.
 */
size_t wire_begin_message(struct buffer *buffer, uint32_t number);
void wire_end_message(struct buffer *buffer, size_t begun);

#endif
