/* The fields of a document. Scores are in scores.c, arrays of documents in array.c. */
#include "common/document/model.h"
#include "common/foundation/text.h"

enum { APPEND_MIN = 64 };

/* Text fields */

static sluice_status set_text_field(sluice_document *document, sluice_text *field, const void *data, size_t size)
{
    return model_copy_utf8(document->model, data, size, field);
}

sluice_text sluice_document_id(const sluice_document *document)
{
    return text_or_empty(document->id);
}

sluice_text sluice_document_parent_id(const sluice_document *document)
{
    return text_or_empty(document->parent_id);
}

sluice_text sluice_document_uri(const sluice_document *document)
{
    return text_or_empty(document->uri);
}

sluice_text sluice_document_modality(const sluice_document *document)
{
    return text_or_empty(document->modality);
}

sluice_text sluice_document_mime_type(const sluice_document *document)
{
    return text_or_empty(document->mime_type);
}

sluice_status sluice_document_set_id(sluice_document *document, const void *data, size_t size)
{
    document->model->id_changes++;
    return set_text_field(document, &document->id, data, size);
}

sluice_status sluice_document_set_parent_id(sluice_document *document, const void *data, size_t size)
{
    return set_text_field(document, &document->parent_id, data, size);
}

sluice_status sluice_document_set_uri(sluice_document *document, const void *data, size_t size)
{
    return set_text_field(document, &document->uri, data, size);
}

sluice_status sluice_document_set_modality(sluice_document *document, const void *data, size_t size)
{
    return set_text_field(document, &document->modality, data, size);
}

sluice_status sluice_document_set_mime_type(sluice_document *document, const void *data, size_t size)
{
    return set_text_field(document, &document->mime_type, data, size);
}

/* Numbers */

uint32_t sluice_document_granularity(const sluice_document *document)
{
    return document->granularity;
}

uint32_t sluice_document_adjacency(const sluice_document *document)
{
    return document->adjacency;
}

float sluice_document_weight(const sluice_document *document)
{
    return document->weight;
}

float sluice_document_offset(const sluice_document *document)
{
    return document->offset;
}

const float *sluice_document_location(const sluice_document *document, size_t *ret_count)
{
    *ret_count = document->location_count;
    return document->location;
}

void sluice_document_set_granularity(sluice_document *document, uint32_t value)
{
    document->granularity = value;
}

void sluice_document_set_adjacency(sluice_document *document, uint32_t value)
{
    document->adjacency = value;
}

void sluice_document_set_weight(sluice_document *document, float value)
{
    document->weight = value;
}

void sluice_document_set_offset(sluice_document *document, float value)
{
    document->offset = value;
}

sluice_status sluice_document_set_location(sluice_document *document, const float *values, size_t count)
{
    struct model *model = document->model;
    size_t bytes;
    if (__builtin_mul_overflow(count, sizeof *values, &bytes))
        return SLUICE_LIMIT;
    float *copy = arena_copy(model->arena, values, bytes);
    if (copy == NULL)
        return arena_failure(model->arena);
    if (count > document->location_count &&
        model_add_elements(model, count - document->location_count) != SLUICE_OK)
        return SLUICE_LIMIT;
    if (count < document->location_count)
        model->elements -= document->location_count - count;
    document->location = copy;
    document->location_count = document->location_capacity = count;
    return SLUICE_OK;
}

/* Content */

void sluice_document_clear_content(sluice_document *document)
{
    document->model->elements -= ndarray_elements(document->tensor);
    document->content = SLUICE_CONTENT_NONE;
    document->tensor = NULL;
    document->bytes = (sluice_text){.data = ""};
    document->bytes_capacity = 0;
}

sluice_content sluice_document_content(const sluice_document *document)
{
    return document->content;
}

sluice_text sluice_document_text(const sluice_document *document)
{
    return document->content == SLUICE_CONTENT_TEXT ? text_or_empty(document->bytes) : (sluice_text){.data = ""};
}

sluice_text sluice_document_blob(const sluice_document *document)
{
    return document->content == SLUICE_CONTENT_BLOB ? text_or_empty(document->bytes) : (sluice_text){.data = ""};
}

bool sluice_document_tensor(const sluice_document *document, sluice_tensor *ret_tensor)
{
    if (document->tensor == NULL)
        return false;
    ndarray_view(document->tensor, ret_tensor);
    return true;
}

static sluice_status set_bytes(sluice_document *document, sluice_content content, const void *data, size_t size)
{
    sluice_text copy;
    sluice_status status = model_copy_text(document->model, data, size, &copy);
    if (status != SLUICE_OK)
        return status;
    sluice_document_clear_content(document);
    if (size > 0) {
        document->content = content;
        document->bytes = copy;
    }
    return SLUICE_OK;
}

sluice_status sluice_document_set_text(sluice_document *document, const void *data, size_t size)
{
    bool valid = size == 0 || text_is_utf8(data, size);
    return valid ? set_bytes(document, SLUICE_CONTENT_TEXT, data, size) : SLUICE_INVALID;
}

sluice_status sluice_document_set_string(sluice_document *document, const char *text)
{
    sluice_text bytes = sluice_text_of(text);
    return sluice_document_set_text(document, bytes.data, bytes.size);
}

sluice_status sluice_document_set_blob(sluice_document *document, const void *data, size_t size)
{
    return set_bytes(document, SLUICE_CONTENT_BLOB, data, size);
}

/* Text that grows gets room to spare, so that appending piece by piece is not quadratic. */
static sluice_status reserve_text(sluice_document *document, size_t size)
{
    sluice_text text = sluice_document_text(document);
    if (size <= document->bytes_capacity && document->content == SLUICE_CONTENT_TEXT)
        return SLUICE_OK;
    size_t capacity = size < APPEND_MIN ? APPEND_MIN : 2 * size;
    char *copy = arena_alloc(document->model->arena, capacity);
    if (copy == NULL)
        return arena_failure(document->model->arena);
    memcpy(copy, text.data, text.size);
    sluice_document_clear_content(document);
    document->content = SLUICE_CONTENT_TEXT;
    document->bytes = (sluice_text){.data = copy, .size = text.size};
    document->bytes_capacity = capacity;
    return SLUICE_OK;
}

sluice_status sluice_document_append_text(sluice_document *document, const void *data, size_t size)
{
    if (size == 0)
        return SLUICE_OK;
    if (!text_is_utf8(data, size))
        return SLUICE_INVALID;
    size_t before = sluice_document_text(document).size;
    if (size > SIZE_MAX / 4 - before)
        return SLUICE_LIMIT;
    sluice_status status = reserve_text(document, before + size);
    if (status == SLUICE_OK) {
        memmove((char *)document->bytes.data + before, data, size);
        document->bytes.size = before + size;
    }
    return status;
}

static sluice_status new_ndarray(sluice_document *document, const sluice_tensor *tensor, struct ndarray **ret_array)
{
    sluice_status status;
    struct ndarray *array = ndarray_new(document->model, tensor, &status);
    if (array != NULL)
        *ret_array = array;
    return status;
}

sluice_status sluice_document_set_tensor(sluice_document *document, const sluice_tensor *tensor)
{
    struct ndarray *array = NULL;
    sluice_status status = new_ndarray(document, tensor, &array);
    if (status == SLUICE_OK) {
        sluice_document_clear_content(document);
        document->content = SLUICE_CONTENT_TENSOR;
        document->tensor = array;
    }
    return status;
}

bool sluice_document_embedding(const sluice_document *document, sluice_tensor *ret_embedding)
{
    if (document->embedding == NULL)
        return false;
    ndarray_view(document->embedding, ret_embedding);
    return true;
}

sluice_status sluice_document_set_embedding(sluice_document *document, const sluice_tensor *embedding)
{
    struct ndarray *array = NULL;
    sluice_status status = embedding != NULL ? new_ndarray(document, embedding, &array) : SLUICE_OK;
    if (status == SLUICE_OK) {
        document->model->elements -= ndarray_elements(document->embedding);
        document->embedding = array;
    }
    return status;
}

sluice_status sluice_document_set_embedding_floats(sluice_document *document, const float *values, size_t count)
{
    if (count > UINT32_MAX)
        return SLUICE_INVALID;
    uint32_t shape = (uint32_t)count;
    sluice_tensor embedding = {.dtype = SLUICE_DTYPE_FLOAT32,
                               .shape = &shape,
                               .dimensions = 1,
                               .data = values,
                               .size = count * sizeof *values};
    return sluice_document_set_embedding(document, &embedding);
}

/* Chunks and matches */

static const sluice_document_array empty_array;

const sluice_document_array *sluice_document_chunks(const sluice_document *document)
{
    return document->chunks != NULL ? document->chunks : &empty_array;
}

const sluice_document_array *sluice_document_matches(const sluice_document *document)
{
    return document->matches != NULL ? document->matches : &empty_array;
}

static sluice_document_array *edit(sluice_document *document, sluice_document_array **array)
{
    sluice_status status;
    if (*array == NULL)
        *array = array_new_nested(document->model, document->level + 1, &status);
    return *array;
}

sluice_document_array *sluice_document_edit_chunks(sluice_document *document)
{
    return edit(document, &document->chunks);
}

sluice_document_array *sluice_document_edit_matches(sluice_document *document)
{
    return edit(document, &document->matches);
}

static sluice_document *add_nested(sluice_document *document, sluice_document_array *array)
{
    if (array == NULL)
        return NULL;
    sluice_status status;
    sluice_document *nested = document_new(document->model, document->level + 1, &status);
    char id[TEXT_ID_SIZE + 1];
    text_random_id(id);
    if (nested == NULL)
        return NULL;
    nested->parent_id = document->id;
    if (sluice_document_set_id(nested, id, TEXT_ID_SIZE) == SLUICE_OK && array_attach(array, nested) == SLUICE_OK)
        return nested;
    document->model->documents--;
    return NULL;
}

sluice_document *sluice_document_add_chunk(sluice_document *document)
{
    sluice_document *chunk = add_nested(document, sluice_document_edit_chunks(document));
    if (chunk != NULL)
        chunk->granularity = document->granularity + 1;
    return chunk;
}

sluice_document *sluice_document_add_match(sluice_document *document)
{
    sluice_document *match = add_nested(document, sluice_document_edit_matches(document));
    if (match != NULL)
        match->adjacency = document->adjacency + 1;
    return match;
}

/* Tags */

const sluice_value *sluice_document_tags(const sluice_document *document)
{
    return document->tags;
}

const sluice_value *sluice_document_metadata(const sluice_document *document)
{
    return document->metadata;
}

static sluice_value *edit_map(sluice_document *document, sluice_value **map)
{
    if (*map == NULL)
        *map = value_new_map(document->model, document->level + 1);
    return *map;
}

sluice_value *sluice_document_edit_tags(sluice_document *document)
{
    return edit_map(document, &document->tags);
}

sluice_value *sluice_document_edit_metadata(sluice_document *document)
{
    return edit_map(document, &document->metadata);
}
