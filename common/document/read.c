/* docarray.DocumentArrayProto, DocumentProto and NamedScoreProto: from bytes to the model. */
#include "common/document/fields.h"
#include "common/document/reading.h"

static sluice_status read_score(struct reading *reading, const struct wire_field *message, struct score_entry *entry)
{
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    sluice_status status = SLUICE_OK;
    while (status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.number == SCORE_VALUE && field.type == WIRE_FIXED32)
            entry->score.value = wire_float(&field);
        else if (field.number == SCORE_OP_NAME && field.type == WIRE_BYTES)
            status = reading_text(reading, &field, "op_name", &entry->score.op_name);
        else if (field.number == SCORE_DESCRIPTION && field.type == WIRE_BYTES)
            status = reading_text(reading, &field, "description", &entry->score.description);
        else if (field.number == SCORE_REF_ID && field.type == WIRE_BYTES)
            status = reading_text(reading, &field, "ref_id", &entry->score.ref_id);
        else
            status = reading_unknown(reading, &reader, &field, &entry->unknown);
    }
    return status == SLUICE_OK ? reading_end(reading, &reader, "docarray.NamedScoreProto") : status;
}

/* A name that comes twice: the last one's score counts, at the place of the first. */
static sluice_status read_score_entry(struct reading *reading, const struct wire_field *message, struct scores **scores)
{
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    struct score_entry entry = {.name = {.data = ""}}, *slot;
    sluice_status status = SLUICE_OK;
    while (status == SLUICE_OK && wire_next(&reader, &field)) {
        if (field.number == SCORES_KEY && field.type == WIRE_BYTES)
            status = reading_text(reading, &field, "key", &entry.name);
        else if (field.number == SCORES_VALUE && field.type == WIRE_BYTES)
            status = read_score(reading, &field, &entry);
    }
    if (status == SLUICE_OK)
        status = reading_end(reading, &reader, "entry of scores");
    if (status != SLUICE_OK)
        return status;
    status = scores_slot(reading->model, scores, entry.name, &slot);
    if (status != SLUICE_OK)
        return reading_fail(reading, status, message->start);
    *slot = entry;
    return SLUICE_OK;
}

/* Packed, as Python writes it, or one by one. */
static sluice_status read_location(struct reading *reading, const struct wire_field *field, sluice_document *document)
{
    struct model *model = reading->model;
    if (field->size % sizeof(float) != 0)
        return reading_bad_row(reading, field->start, "location");
    for (size_t at = 0; at < field->size; at += sizeof(float)) {
        sluice_status status = model_grow(model, &document->location, &document->location_capacity,
                                          document->location_count, sizeof(float));
        if (status == SLUICE_OK)
            status = model_add_elements(model, 1);
        if (status != SLUICE_OK)
            return reading_fail(reading, status, field->start);
        memcpy(&document->location[document->location_count++], field->data + at, sizeof(float));
    }
    return SLUICE_OK;
}

static sluice_status read_document(struct reading *reading, const struct wire_field *message, sluice_document *document);

static sluice_status add_document(struct reading *reading, const struct wire_field *field, sluice_document_array *array)
{
    sluice_status status;
    sluice_document *document = array_add(array, &status);
    if (document != NULL)
        return read_document(reading, field, document);
    if (status == SLUICE_LIMIT && reading->model->documents >= reading->model->documents_max)
        return sluice_fail(reading->error, status, reading->where,
                           "more documents than the limit \"documents\" of %zu allows (at byte %zu)",
                           reading->model->documents_max, (size_t)(field->start - reading->base));
    return reading_fail(reading, status, field->start);
}

static sluice_status add_nested(struct reading *reading, const struct wire_field *field, size_t level,
                                sluice_document_array **array)
{
    if (level > reading->model->depth_max)
        return reading_too_deep(reading, field->start);
    sluice_status status;
    if (*array == NULL && (*array = array_new_nested(reading->model, level, &status)) == NULL)
        return reading_fail(reading, status, field->start);
    return add_document(reading, field, *array);
}

/* blob, tensor and text are a oneof: the last one counts. */
static sluice_status read_content(struct reading *reading, const struct wire_field *field, sluice_document *document)
{
    sluice_text bytes = {.data = (const char *)field->data, .size = field->size};
    if (field->number == DOCUMENT_TENSOR) {
        document->content = SLUICE_CONTENT_TENSOR;
        document->bytes = (sluice_text){.data = ""};
        return reading_ndarray(reading, field, document->level + 1, &document->tensor);
    }
    if (field->number == DOCUMENT_TEXT) {
        sluice_status status = reading_text(reading, field, "text", &bytes);
        if (status != SLUICE_OK)
            return status;
    }
    document->content = field->number == DOCUMENT_TEXT ? SLUICE_CONTENT_TEXT : SLUICE_CONTENT_BLOB;
    document->bytes = bytes;
    document->tensor = NULL;
    return SLUICE_OK;
}

/* The fields that are length-delimited. */
static sluice_status read_bytes_field(struct reading *reading, const struct wire_reader *reader,
                                      const struct wire_field *field, sluice_document *document)
{
    size_t inner = document->level + 1;
    switch (field->number) {
    case DOCUMENT_ID: return reading_text(reading, field, "id", &document->id);
    case DOCUMENT_BLOB:
    case DOCUMENT_TENSOR:
    case DOCUMENT_TEXT: return read_content(reading, field, document);
    case DOCUMENT_PARENT_ID: return reading_text(reading, field, "parent_id", &document->parent_id);
    case DOCUMENT_URI: return reading_text(reading, field, "uri", &document->uri);
    case DOCUMENT_MODALITY: return reading_text(reading, field, "modality", &document->modality);
    case DOCUMENT_MIME_TYPE: return reading_text(reading, field, "mime_type", &document->mime_type);
    case DOCUMENT_LOCATION: return read_location(reading, field, document);
    case DOCUMENT_CHUNKS: return add_nested(reading, field, inner, &document->chunks);
    case DOCUMENT_MATCHES: return add_nested(reading, field, inner, &document->matches);
    case DOCUMENT_EMBEDDING: return reading_ndarray(reading, field, inner, &document->embedding);
    case DOCUMENT_TAGS: return reading_struct(reading, field, inner, &document->tags);
    case DOCUMENT_SCORES: return read_score_entry(reading, field, &document->scores);
    case DOCUMENT_EVALUATIONS: return read_score_entry(reading, field, &document->evaluations);
    case DOCUMENT_METADATA: return reading_struct(reading, field, inner, &document->metadata);
    default: return reading_unknown(reading, reader, field, &document->unknown);
    }
}

static sluice_status read_number_field(struct reading *reading, const struct wire_reader *reader,
                                       const struct wire_field *field, sluice_document *document)
{
    switch ((uint64_t)field->number << 3 | (uint64_t)field->type) {
    case DOCUMENT_GRANULARITY << 3 | WIRE_VARINT: document->granularity = (uint32_t)field->value; break;
    case DOCUMENT_ADJACENCY << 3 | WIRE_VARINT: document->adjacency = (uint32_t)field->value; break;
    case DOCUMENT_WEIGHT << 3 | WIRE_FIXED32: document->weight = wire_float(field); break;
    case DOCUMENT_OFFSET << 3 | WIRE_FIXED32: document->offset = wire_float(field); break;
    case DOCUMENT_LOCATION << 3 | WIRE_FIXED32: return read_location(reading, field, document);
    default: return reading_unknown(reading, reader, field, &document->unknown);
    }
    return SLUICE_OK;
}

static sluice_status read_document(struct reading *reading, const struct wire_field *message, sluice_document *document)
{
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_status status = field.type == WIRE_BYTES ? read_bytes_field(reading, &reader, &field, document)
                                                        : read_number_field(reading, &reader, &field, document);
        if (status != SLUICE_OK)
            return status;
    }
    return reading_end(reading, &reader, "docarray.DocumentProto");
}

sluice_status reading_documents(struct reading *reading, const uint8_t *data, size_t size, sluice_document_array *array)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_status status = field.number == ARRAY_DOCS && field.type == WIRE_BYTES
                                   ? add_document(reading, &field, array)
                                   : reading_unknown(reading, &reader, &field, &array->unknown);
        if (status != SLUICE_OK)
            return status;
    }
    return reading_end(reading, &reader, "docarray.DocumentArrayProto");
}
