#include "client/inputs.h"

#include "common/document/codec.h"
#include "common/foundation/text.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

#include <string.h>

enum { ARRAY_DOCS = 1 };

/* What the program itself made is not bounded again. */
#define INPUTS_NO_LIMIT ((size_t)1 << 46)

/* An empty list of documents: the field `docs` with nothing in it. */
static const uint8_t empty_docs[] = {0x0a, 0x00};

static sluice_status check(struct inputs_reader *reader, sluice_error *error)
{
    const sluice_inputs *inputs = reader->inputs;
    if (inputs->kind == SLUICE_INPUTS_GENERATOR)
        return inputs->next != NULL ? SLUICE_OK
                                    : sluice_fail(error, SLUICE_INVALID, "inputs", "the generator has no function");
    if (inputs->kind != SLUICE_INPUTS_NONE && inputs->items == NULL &&
        (inputs->count > 0 || inputs->kind == SLUICE_INPUTS_ARRAY))
        return sluice_fail(error, SLUICE_INVALID, "inputs",
                           "the inputs are NULL; use sluice_inputs_none() to send no documents");
    if (inputs->kind == SLUICE_INPUTS_ROWS) {
        const sluice_tensor *tensor = inputs->items;
        size_t count = sluice_tensor_count(tensor);
        size_t element = sluice_dtype_size(tensor->dtype);
        size_t bytes;
        if (tensor->dimensions == 0 || element == 0 || tensor->sparse)
            return sluice_fail(error, SLUICE_INVALID, "inputs",
                               "only a dense array of numbers with at least one axis has rows");
        if (count == SIZE_MAX || __builtin_mul_overflow(count, element, &bytes) || bytes != tensor->size)
            return sluice_fail(error, SLUICE_INVALID, "inputs", "the array's %zu bytes do not fit its shape",
                               tensor->size);
    }
    return SLUICE_OK;
}

static size_t count_documents(const sluice_inputs *inputs)
{
    switch (inputs->kind) {
    case SLUICE_INPUTS_NONE: return 0;
    case SLUICE_INPUTS_ARRAY: return sluice_document_array_size(inputs->items);
    case SLUICE_INPUTS_GENERATOR: return SIZE_MAX;
    case SLUICE_INPUTS_ROWS: return ((const sluice_tensor *)inputs->items)->shape[0];
    default: return inputs->count;
    }
}

sluice_status inputs_open(struct inputs_reader *reader, const sluice_inputs *inputs, int64_t request_size,
                          sluice_error *error)
{
    *reader = (struct inputs_reader){.inputs = inputs};
    reader->request_size = request_size <= 0 || (uint64_t)request_size > SIZE_MAX ? SIZE_MAX : (size_t)request_size;
    if ((unsigned)inputs->kind > SLUICE_INPUTS_ROWS)
        return sluice_fail(error, SLUICE_INVALID, "inputs", "there is no kind %d of inputs", (int)inputs->kind);
    sluice_status status = check(reader, error);
    if (status == SLUICE_OK)
        reader->total = count_documents(inputs);
    return status;
}

void inputs_done(struct inputs_reader *reader)
{
    block_unref(reader->written);
    reader->written = NULL;
}

/* ---- an array: written once, cut by its fields ---- */

/* Finds the documents inside the written content: the payload of its one `docs` field. */
static sluice_status write_array(struct inputs_reader *reader, sluice_error *error)
{
    sluice_status status = document_array_write_content(reader->inputs->items, &reader->written, error);
    if (status != SLUICE_OK)
        return status;
    struct wire_reader wire = wire_read(reader->written->data, reader->written->size);
    struct wire_field field;
    if (!wire_next(&wire, &field) || field.number != CONTENT_DOCS || field.type != WIRE_BYTES)
        return sluice_fail(error, SLUICE_INTERNAL, "inputs", "documents were written in an unknown form");
    reader->written_at = (size_t)(field.data - reader->written->data);
    return SLUICE_OK;
}

static sluice_status append_slice(struct rope *content, struct block *block, const uint8_t *data, size_t size)
{
    uint8_t head[1 + WIRE_VARINT_MAX] = {0x0a};
    size_t head_size = (size_t)(wire_put_varint(head + 1, size) - head);
    struct block *own = block_new(head_size);
    if (own == NULL)
        return SLUICE_NO_MEMORY;
    memcpy(own->data, head, head_size);
    sluice_status status = rope_append(content, own, own->data, own->size);
    block_unref(own);
    return status == SLUICE_OK ? rope_append(content, block, data, size) : status;
}

static sluice_status next_of_array(struct inputs_reader *reader, size_t wanted, struct rope *content,
                                   sluice_error *error)
{
    if (reader->written == NULL) {
        sluice_status status = write_array(reader, error);
        if (status != SLUICE_OK)
            return status;
    }
    const uint8_t *start = reader->written->data + reader->written_at;
    struct wire_reader wire = wire_read(start, reader->written->size - reader->written_at);
    struct wire_field field;
    for (size_t taken = 0; taken < wanted;) {
        if (!wire_next(&wire, &field))
            return sluice_fail(error, SLUICE_INTERNAL, "inputs", "documents were written in an unknown form");
        if (field.number == ARRAY_DOCS)
            taken++;
    }
    if (reader->at + wanted == reader->total)
        wire.at = wire.end;
    reader->written_at = (size_t)(wire.at - reader->written->data);
    if (append_slice(content, reader->written, start, (size_t)(wire.at - start)) != SLUICE_OK)
        return sluice_fail(error, SLUICE_NO_MEMORY, "inputs", "no memory for a request");
    return SLUICE_OK;
}

/* ---- everything else: document by document into an array of its own ---- */

static sluice_status fail_document(size_t index, sluice_status status, sluice_error *error)
{
    return sluice_fail(error, status, "inputs", "document %zu cannot be taken: %s", index, sluice_status_name(status));
}

static sluice_status add_content(sluice_document_array *batch, const sluice_inputs *inputs, size_t index,
                                 sluice_error *error)
{
    char id[TEXT_ID_SIZE + 1];
    sluice_document *document = sluice_document_array_append(batch);
    if (document == NULL)
        return fail_document(index, SLUICE_NO_MEMORY, error);
    text_random_id(id);
    sluice_status status = sluice_document_set_id(document, id, TEXT_ID_SIZE);
    if (status != SLUICE_OK)
        return fail_document(index, status, error);
    const sluice_text *text = (const sluice_text *)inputs->items + index;
    if (inputs->kind == SLUICE_INPUTS_TEXTS) {
        if (!text_is_utf8(text->data, text->size))
            return sluice_fail(error, SLUICE_INVALID, "inputs", "text %zu is not UTF-8; send it as a blob", index);
        status = sluice_document_set_text(document, text->data, text->size);
    } else if (inputs->kind == SLUICE_INPUTS_BLOBS) {
        status = sluice_document_set_blob(document, text->data, text->size);
    } else if (inputs->kind == SLUICE_INPUTS_TENSORS) {
        status = sluice_document_set_tensor(document, (const sluice_tensor *)inputs->items + index);
    } else {
        sluice_tensor row = *(const sluice_tensor *)inputs->items;
        row.size = row.shape[0] == 0 ? 0 : row.size / row.shape[0];
        row.data = (const uint8_t *)row.data + index * row.size;
        row.shape++;
        row.dimensions--;
        status = sluice_document_set_tensor(document, &row);
    }
    return status == SLUICE_OK ? SLUICE_OK : fail_document(index, status, error);
}

/* Adds one document to the batch; *ret_end at the end of a generator. */
static sluice_status add_next(struct inputs_reader *reader, size_t index, sluice_document_array *batch, bool *ret_end,
                              sluice_error *error)
{
    const sluice_inputs *inputs = reader->inputs;
    const sluice_document *document = NULL;
    sluice_status status;
    switch (inputs->kind) {
    case SLUICE_INPUTS_DOCUMENT: document = inputs->items; break;
    case SLUICE_INPUTS_LIST:
        document = ((const sluice_document *const *)inputs->items)[index];
        if (document == NULL)
            return sluice_fail(error, SLUICE_INVALID, "inputs", "document %zu is NULL", index);
        break;
    case SLUICE_INPUTS_GENERATOR:
        sluice_fail(error, SLUICE_INTERNAL, "inputs", "the generator failed at document %zu", index);
        status = inputs->next(inputs->context, &document, error);
        if (status != SLUICE_OK) {
            if (error != NULL)
                error->status = status;
            return status;
        }
        *ret_end = document == NULL;
        if (document == NULL)
            return SLUICE_OK;
        break;
    default: return add_content(batch, inputs, index, error);
    }
    if (sluice_document_array_append_copy(batch, document) == NULL)
        return fail_document(index, SLUICE_LIMIT, error);
    return SLUICE_OK;
}

static sluice_status next_batch(struct inputs_reader *reader, size_t wanted, struct rope *content, size_t *ret_taken,
                                sluice_error *error)
{
    sluice_limits limits = {.documents = INPUTS_NO_LIMIT, .elements = INPUTS_NO_LIMIT, .bytes = INPUTS_NO_LIMIT};
    sluice_document_array *batch = sluice_document_array_new_with(&limits);
    struct block *block = NULL;
    sluice_status status =
        batch != NULL ? SLUICE_OK : sluice_fail(error, SLUICE_NO_MEMORY, "inputs", "no memory for a request");
    bool end = false;
    size_t taken = 0;
    while (status == SLUICE_OK && !end && taken < wanted) {
        status = add_next(reader, reader->at + taken, batch, &end, error);
        taken += status == SLUICE_OK && !end;
    }
    reader->done = reader->done || end;
    if (status == SLUICE_OK && taken > 0)
        status = document_array_write_content(batch, &block, error);
    if (block != NULL && rope_append(content, block, block->data, block->size) != SLUICE_OK)
        status = sluice_fail(error, SLUICE_NO_MEMORY, "inputs", "no memory for a request");
    block_unref(block);
    sluice_document_array_free(batch);
    *ret_taken = taken;
    return status;
}

sluice_status inputs_next(struct inputs_reader *reader, struct rope *content, size_t *ret_documents, bool *ret_data,
                          bool *ret_more, sluice_error *error)
{
    *ret_documents = 0;
    *ret_more = !reader->done;
    *ret_data = reader->inputs->kind != SLUICE_INPUTS_NONE;
    if (reader->done)
        return SLUICE_OK;
    if (reader->total == 0) { /* no documents, or an empty list: one request all the same */
        reader->done = true;
        if (*ret_data && rope_append(content, NULL, empty_docs, sizeof empty_docs) != SLUICE_OK)
            return sluice_fail(error, SLUICE_NO_MEMORY, "inputs", "no memory for a request");
        return SLUICE_OK;
    }
    size_t left = reader->total == SIZE_MAX ? SIZE_MAX : reader->total - reader->at;
    size_t taken = left < reader->request_size ? left : reader->request_size;
    sluice_status status = reader->inputs->kind == SLUICE_INPUTS_ARRAY
                               ? next_of_array(reader, taken, content, error)
                               : next_batch(reader, taken, content, &taken, error);
    if (status != SLUICE_OK) {
        reader->done = true;
        return status;
    }
    reader->at += taken;
    *ret_documents = taken;
    *ret_more = taken > 0;
    reader->done = reader->done || reader->at == reader->total;
    return SLUICE_OK;
}
