/* The entrances of the codec: arrays of documents and jina.DataRequestProto.DataContentProto. */
#include "common/document/codec.h"
#include "common/document/reading.h"
#include "common/document/writing.h"
#include "common/wire/jina_fields.h"

#include <assert.h>
#include <stdlib.h>

/* First memory of an array that is read: a document takes some hundred bytes beside its own. */
enum { READ_SIZE_MIN = 1024, READ_SIZE_MAX = 256 << 10 };

static const char where[] = "documents";

static size_t first_size(size_t size)
{
    return size < READ_SIZE_MAX / 2 ? READ_SIZE_MIN + size : READ_SIZE_MAX;
}

static sluice_status no_room(sluice_error *error, sluice_status status)
{
    return sluice_fail(error, status, where,
                       status == SLUICE_LIMIT ? "they need more memory than the limit \"bytes\" allows"
                                              : "no memory to read them");
}

/* Reading */

/* docs and docs_bytes are a oneof: the last one counts. */
static sluice_status read_content(struct reading *reading, size_t size, sluice_document_array *array)
{
    struct wire_reader reader = wire_read(reading->base, size);
    struct wire_field field;
    bool pickled = false;
    sluice_status status = SLUICE_OK;
    while (status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.number == CONTENT_DOCS && field.type == WIRE_BYTES) {
            pickled = false;
            status = reading_documents(reading, field.data, field.size, array);
        } else if (field.number == CONTENT_DOCS_BYTES && field.type == WIRE_BYTES) {
            pickled = true;
            sluice_document_array_clear(array);
            array->unknown = NULL;
        } else {
            status = reading_unknown(reading, &reader, &field, &array->content_unknown);
        }
    }
    if (status == SLUICE_OK)
        status = reading_end(reading, &reader, "jina.DataRequestProto.DataContentProto");
    if (status == SLUICE_OK && pickled)
        status = sluice_fail(reading->error, SLUICE_UNIMPLEMENTED, where,
                             "docs_bytes is a Python pickle and is not opened; send the documents as docs");
    return status;
}

/* The rope as one row of bytes, kept by the arena. */
static sluice_status keep(struct arena *arena, const struct rope *content, const uint8_t **ret_bytes)
{
    if (content->count == 1) {
        *ret_bytes = content->slices[0].data;
        return content->slices[0].block != NULL ? arena_keep(arena, content->slices[0].block) : SLUICE_OK;
    }
    uint8_t *bytes = arena_alloc(arena, content->size);
    if (bytes == NULL)
        return arena_failure(arena);
    rope_copy_out(content, bytes);
    *ret_bytes = bytes;
    return SLUICE_OK;
}

static sluice_status read_root(sluice_document_array *array, const struct rope *content,
                               sluice_document_array **ret_array, sluice_error *error)
{
    if (array == NULL)
        return no_room(error, SLUICE_NO_MEMORY);
    const uint8_t *bytes = NULL;
    sluice_status status = keep(array->model->arena, content, &bytes);
    if (status != SLUICE_OK) {
        no_room(error, status);
    } else {
        struct reading reading = {.model = array->model, .base = bytes, .where = where, .error = error};
        status = read_content(&reading, content->size, array);
    }
    if (status == SLUICE_OK)
        *ret_array = array;
    else
        sluice_document_array_free(array);
    return status;
}

sluice_status document_array_read_content(const struct rope *content, const sluice_limits *limits,
                                          sluice_document_array **ret_array, sluice_error *error)
{
    return read_root(array_new_root(limits, first_size(content->size)), content, ret_array, error);
}

sluice_status document_array_read_content_in(struct arena *arena, const struct rope *content,
                                             const sluice_limits *limits, sluice_document_array **ret_array,
                                             sluice_error *error)
{
    return read_root(array_new_root_in(arena, limits), content, ret_array, error);
}

sluice_status sluice_document_array_read(const void *data, size_t size, const sluice_limits *limits,
                                         sluice_document_array **ret_array, sluice_error *error)
{
    sluice_document_array *array = array_new_root(limits, first_size(size));
    if (array == NULL)
        return no_room(error, SLUICE_NO_MEMORY);
    const uint8_t *bytes = arena_copy(array->model->arena, data, size);
    sluice_status status;
    if (bytes == NULL) {
        status = no_room(error, arena_failure(array->model->arena));
    } else {
        struct reading reading = {.model = array->model, .base = bytes, .where = where, .error = error};
        status = reading_documents(&reading, bytes, size, array);
    }
    if (status == SLUICE_OK)
        *ret_array = array;
    else
        sluice_document_array_free(array);
    return status;
}

/* Writing */

static sluice_status no_memory(sluice_error *error)
{
    return sluice_fail(error, SLUICE_NO_MEMORY, where, "no memory to write them");
}

/* Sizes of the DocumentArrayProto and of the DataContentProto around it. */
static size_t content_size(struct writing *writing, const sluice_document_array *array, size_t *ret_documents)
{
    *ret_documents = documents_size(writing, array);
    return wire_bytes_size(CONTENT_DOCS, *ret_documents) + unknown_size(array->content_unknown);
}

static void put_content(struct writing *writing, const sluice_document_array *array, size_t documents)
{
    put_head(writing, CONTENT_DOCS, documents);
    put_documents(writing, array);
    put_unknown(writing, array->content_unknown);
}

static struct block *write_block(const sluice_document_array *array, const void *front, size_t front_size,
                                 uint32_t number)
{
    struct writing writing;
    writing_init(&writing);
    size_t documents, size = content_size(&writing, array, &documents);
    size_t all = front_size + (number != 0 ? wire_bytes_size(number, size) : size);
    struct block *block = writing.failed ? NULL : block_new(all);
    if (block != NULL) {
        writing.at = block->data;
        put_raw(&writing, front, front_size);
        if (number != 0)
            put_head(&writing, number, size);
        put_content(&writing, array, documents);
        assert(writing.at == block->data + all);
    }
    writing_done(&writing);
    return block;
}

sluice_status document_array_write_content(const sluice_document_array *array, struct block **ret_block,
                                           sluice_error *error)
{
    return document_array_write_field(array, NULL, 0, 0, ret_block, error);
}

sluice_status document_array_write_field(const sluice_document_array *array, const void *front, size_t front_size,
                                         uint32_t number, struct block **ret_block, sluice_error *error)
{
    struct block *block = write_block(array, front, front_size, number);
    if (block == NULL)
        return no_memory(error);
    *ret_block = block;
    return SLUICE_OK;
}

sluice_status document_array_append_content(const sluice_document_array *array, struct buffer *buffer,
                                            sluice_error *error)
{
    struct writing writing;
    writing_init(&writing);
    size_t documents, size = content_size(&writing, array, &documents);
    if (writing.failed && buffer->failed == SLUICE_OK)
        buffer->failed = SLUICE_NO_MEMORY;
    writing.at = buffer_reserve(buffer, size);
    if (writing.at != NULL) {
        put_content(&writing, array, documents);
        buffer->size += size;
        buffer->data[buffer->size] = '\0';
        assert(writing.at == buffer->data + buffer->size);
    }
    writing_done(&writing);
    if (buffer->failed == SLUICE_LIMIT)
        return sluice_fail(error, SLUICE_LIMIT, where, "they do not fit into %zu bytes", buffer->limit);
    return buffer->failed == SLUICE_OK ? SLUICE_OK : no_memory(error);
}

sluice_status sluice_document_array_write(const sluice_document_array *array, void **ret_data, size_t *ret_size,
                                          sluice_error *error)
{
    struct writing writing;
    writing_init(&writing);
    size_t size = documents_size(&writing, array);
    uint8_t *data = writing.failed ? NULL : malloc(size > 0 ? size : 1);
    if (data != NULL) {
        writing.at = data;
        put_documents(&writing, array);
        assert(writing.at == data + size);
        *ret_data = data;
        *ret_size = size;
    }
    writing_done(&writing);
    return data != NULL ? SLUICE_OK : no_memory(error);
}
