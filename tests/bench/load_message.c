#include "tests/bench/load_message.h"

#include <grpc/byte_buffer_reader.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ID_SIZE = 32, /* 8 digits slot, 16 digits sequence, 8 of them fixed */
    HEADER_MAX = 8 << 10,
    PROBE_SIZE = 48, /* bytes of `data` that are compared */
    OVERHEAD = 64,   /* of a request besides its documents' texts */
};

#define FIRST_ID "d0c00000000000000000000000000000" /* of the first document, see put_document() */

enum field { REQUEST_HEADER = 1, REQUEST_DATA = 4, HEADER_ID = 1, HEADER_STATUS = 2, HEADER_ENDPOINT = 3 };

/* A place in the slices of a message. */
struct cursor {
    const grpc_slice *slices;
    size_t count, slice, offset;
};

static size_t put_varint(uint8_t *at, uint64_t value)
{
    size_t size = 0;
    for (; value >= 0x80; value >>= 7)
        at[size++] = (uint8_t)(value | 0x80);
    at[size++] = (uint8_t)value;
    return size;
}

static size_t put_tag(uint8_t *at, unsigned field, uint64_t length)
{
    at[0] = (uint8_t)(field << 3 | 2);
    return 1 + put_varint(at + 1, length);
}

static size_t put_text(uint8_t *at, unsigned field, const char *text, size_t size)
{
    size_t used = put_tag(at, field, size);
    memcpy(at + used, text, size);
    return used + size;
}

static void put_words(uint8_t *at, size_t number, size_t size)
{
    static const char words[] =
        "The gateway sends each document to the first executor, and what comes back to the next. ";
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)words[(i + number) % (sizeof(words) - 1)];
}

/* An NdArrayProto of float32 between -1 and 1, the same for the same number. */
static size_t put_array(uint8_t *at, size_t number, size_t floats)
{
    uint8_t shape[8], head[16];
    size_t shape_size = put_varint(shape, floats), size = floats * sizeof(float);
    size_t head_size = put_tag(head, 1, size);
    size_t used = put_tag(at, 1, head_size + size + 2 + shape_size + 5); /* dense: buffer, shape, dtype */
    memcpy(at + used, head, head_size);
    used += head_size;
    uint32_t state = (uint32_t)number + 1;
    for (size_t i = 0; i < floats; i++) {
        state = state * 1664525u + 1013904223u;
        float value = (float)(state >> 8) / (float)(1 << 23) - 1.0f;
        memcpy(at + used + i * sizeof(value), &value, sizeof(value));
    }
    used += size;
    used += put_text(at + used, 2, (const char *)shape, shape_size);
    used += put_text(at + used, 3, "<f4", 3);
    return used + put_text(at + used, 3, "numpy", 5); /* without a class name the original drops the array */
}

/* One DocumentProto as an element of DocumentArrayProto.docs: with `floats` an embedding, else a text of `text_size` bytes. */
static size_t put_document(uint8_t *at, uint8_t *scratch, size_t number, size_t text_size, size_t floats)
{
    enum { FIELD_TEXT = 4, FIELD_EMBEDDING = 16 };
    char id[ID_SIZE + 1];
    snprintf(id, sizeof(id), "d0c%029zx", number);
    size_t size = put_text(scratch, 1, id, ID_SIZE);
    if (floats > 0) {
        uint8_t *array = scratch + size + OVERHEAD;
        size_t array_size = put_array(array, number, floats);
        size_t tag = put_varint(scratch + size, FIELD_EMBEDDING << 3 | 2);
        tag += put_varint(scratch + size + tag, array_size);
        memmove(scratch + size + tag, array, array_size);
        size += tag + array_size;
    } else {
        size += put_tag(scratch + size, FIELD_TEXT, text_size);
        put_words(scratch + size, number, text_size);
        size += text_size;
    }
    return put_text(at, 1, (const char *)scratch, size);
}

void load_body_init(struct load_body *body, size_t size, size_t documents, size_t floats)
{
    size_t each = (size > OVERHEAD ? size - OVERHEAD : 0) / documents;
    size_t text_size = each > OVERHEAD ? each - OVERHEAD : 1;
    size_t room = (floats > 0 ? floats * sizeof(float) : text_size) + 4 * OVERHEAD;
    uint8_t *bytes = malloc(documents * room), *scratch = malloc(room);
    if (!bytes || !scratch)
        abort();
    size_t used = 0;
    for (size_t i = 0; i < documents; i++)
        used += put_document(bytes + used, scratch, i, text_size, floats);
    free(scratch);
    uint8_t docs[16], data[16];
    size_t docs_size = put_tag(docs, 1, used);
    body->may_grow = false;
    body->content_size = docs_size + used;
    body->prefix_size = put_tag(data, REQUEST_DATA, body->content_size);
    body->data = grpc_slice_malloc_large(body->prefix_size + body->content_size);
    uint8_t *at = GRPC_SLICE_START_PTR(body->data);
    memcpy(at, data, body->prefix_size);
    memcpy(at + body->prefix_size, docs, docs_size);
    memcpy(at + body->prefix_size + docs_size, bytes, used);
    free(bytes);
}

grpc_byte_buffer *load_request(const struct load_body *body, const char *endpoint, uint32_t slot, uint64_t sequence)
{
    char id[ID_SIZE + 1];
    snprintf(id, sizeof(id), "%08x%016llx5107ce00", slot, (unsigned long long)sequence);
    uint8_t header[256], message[300];
    size_t size = put_text(header, HEADER_ID, id, ID_SIZE);
    size += put_text(header + size, HEADER_ENDPOINT, endpoint, strlen(endpoint));
    size_t used = put_text(message, REQUEST_HEADER, (const char *)header, size);
    grpc_slice slices[2] = {grpc_slice_from_copied_buffer((const char *)message, used), grpc_slice_ref(body->data)};
    grpc_byte_buffer *request = grpc_raw_byte_buffer_create(slices, 2);
    grpc_slice_unref(slices[0]);
    grpc_slice_unref(slices[1]);
    return request;
}

static bool cursor_skip(struct cursor *at, uint64_t size)
{
    while (size > 0) {
        if (at->slice == at->count)
            return false;
        size_t left = GRPC_SLICE_LENGTH(at->slices[at->slice]) - at->offset;
        if (size < left) {
            at->offset += (size_t)size;
            return true;
        }
        size -= left;
        at->slice++;
        at->offset = 0;
    }
    return true;
}

static bool cursor_copy(struct cursor *at, uint8_t *target, size_t size)
{
    while (size > 0) {
        if (at->slice == at->count)
            return false;
        const grpc_slice *slice = &at->slices[at->slice];
        size_t left = GRPC_SLICE_LENGTH(*slice) - at->offset;
        size_t take = size < left ? size : left;
        memcpy(target, GRPC_SLICE_START_PTR(*slice) + at->offset, take);
        cursor_skip(at, take);
        target += take;
        size -= take;
    }
    return true;
}

static bool cursor_varint(struct cursor *at, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;
        if (!cursor_copy(at, &byte, 1))
            return false;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

/* Tag and length; only length-delimited fields occur in these messages. */
static bool cursor_field(struct cursor *at, unsigned *ret_field, uint64_t *ret_size)
{
    uint64_t tag;
    if (!cursor_varint(at, &tag) || (tag & 7) != 2 || !cursor_varint(at, ret_size))
        return false;
    *ret_field = (unsigned)(tag >> 3);
    return true;
}

static bool at_end(struct cursor *at)
{
    while (at->slice < at->count && at->offset == GRPC_SLICE_LENGTH(at->slices[at->slice])) {
        at->slice++;
        at->offset = 0;
    }
    return at->slice == at->count;
}

static const char *check_header(struct cursor *at, uint64_t size, uint32_t *ret_slot, uint64_t *ret_sequence,
                                bool *ret_failed)
{
    uint8_t bytes[HEADER_MAX];
    if (size > sizeof(bytes) || !cursor_copy(at, bytes, (size_t)size))
        return "the header is cut off or too long";
    grpc_slice slice = grpc_slice_from_static_buffer(bytes, (size_t)size);
    struct cursor in = {&slice, 1, 0, 0};
    bool found = false;
    while (!at_end(&in)) {
        unsigned field;
        uint64_t length;
        if (!cursor_field(&in, &field, &length))
            return "the header cannot be read";
        if (field == HEADER_STATUS && length > 0) {
            if (!ret_failed)
                return "the header carries an error status";
            *ret_failed = true;
        }
        char id[ID_SIZE + 1] = "";
        unsigned long long sequence;
        if (field != HEADER_ID) {
            if (!cursor_skip(&in, length))
                return "the header is cut off";
            continue;
        }
        if (length != ID_SIZE || !cursor_copy(&in, (uint8_t *)id, ID_SIZE) ||
            sscanf(id, "%8x%16llx", ret_slot, &sequence) != 2)
            return "the request id is not one that was sent";
        *ret_sequence = sequence;
        found = true;
    }
    return found ? NULL : "the answer has no request id";
}

/* The field's contents; *size becomes what is left to skip. */
static const char *check_data(const struct load_body *body, struct cursor *at, uint64_t *size)
{
    if (body->may_grow ? *size < body->content_size : *size != body->content_size)
        return "the documents are not as long as those sent";
    uint8_t probe[PROBE_SIZE];
    size_t take = *size < PROBE_SIZE ? (size_t)*size : PROBE_SIZE;
    if (!cursor_copy(at, probe, take))
        return "the documents are cut off";
    bool same = body->may_grow ? memmem(probe, take, FIRST_ID, strlen(FIRST_ID)) != NULL
                               : memcmp(probe, GRPC_SLICE_START_PTR(body->data) + body->prefix_size, take) == 0;
    *size -= take;
    return same ? NULL : "the documents are not those sent";
}

static const char *check_slices(const struct load_body *body, struct cursor *at, uint32_t *ret_slot,
                                uint64_t *ret_sequence, bool *ret_failed)
{
    bool header = false, data = false;
    while (!at_end(at)) {
        unsigned field;
        uint64_t size;
        if (!cursor_field(at, &field, &size))
            return "the answer cannot be read";
        if (field == REQUEST_HEADER) {
            const char *wrong = check_header(at, size, ret_slot, ret_sequence, ret_failed);
            if (wrong)
                return wrong;
            header = true;
            continue;
        }
        if (field == REQUEST_DATA) {
            const char *wrong = check_data(body, at, &size);
            if (wrong)
                return wrong;
            data = true;
        }
        if (!cursor_skip(at, size))
            return "the answer is cut off";
    }
    return !header ? "the answer has no header" : !data ? "the answer has no documents" : NULL;
}

const char *load_check(const struct load_body *body, grpc_byte_buffer *answer, uint32_t *ret_slot,
                       uint64_t *ret_sequence, bool *ret_failed)
{
    if (ret_failed)
        *ret_failed = false;
    if (!answer)
        return "no answer";
    const grpc_slice_buffer *buffer = &answer->data.raw.slice_buffer;
    struct cursor at = {buffer->slices, buffer->count, 0, 0};
    return check_slices(body, &at, ret_slot, ret_sequence, ret_failed);
}
