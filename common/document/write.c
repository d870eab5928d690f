/* docarray.DocumentArrayProto, DocumentProto and NamedScoreProto: from the model to bytes. */
#include "common/document/fields.h"
#include "common/document/writing.h"

static size_t float_field_size(uint32_t number, float value)
{
    return float_is_set(value) ? float_size(number) : 0;
}

static void put_float_if_set(struct writing *writing, uint32_t number, float value)
{
    if (float_is_set(value))
        put_float(writing, number, value);
}

static size_t uint_field_size(uint32_t number, uint32_t value)
{
    return value != 0 ? uint_size(number, value) : 0;
}

static void put_uint_if_set(struct writing *writing, uint32_t number, uint32_t value)
{
    if (value != 0)
        put_uint(writing, number, value);
}

/* Scores */

static size_t score_size(const struct score_entry *entry)
{
    const sluice_score *score = &entry->score;
    return float_field_size(SCORE_VALUE, score->value) + text_size(SCORE_OP_NAME, score->op_name) +
           text_size(SCORE_DESCRIPTION, score->description) + text_size(SCORE_REF_ID, score->ref_id) +
           unknown_size(entry->unknown);
}

static size_t entry_size(const struct score_entry *entry)
{
    return wire_bytes_size(SCORES_KEY, entry->name.size) + wire_bytes_size(SCORES_VALUE, score_size(entry));
}

static size_t scores_wire_size(uint32_t number, const struct scores *scores)
{
    size_t size = 0;
    for (size_t i = 0; i < scores_size(scores); i++)
        size += wire_bytes_size(number, entry_size(&scores->entries[i]));
    return size;
}

static void put_scores(struct writing *writing, uint32_t number, const struct scores *scores)
{
    for (size_t i = 0; i < scores_size(scores); i++) {
        const struct score_entry *entry = &scores->entries[i];
        put_head(writing, number, entry_size(entry));
        put_text(writing, SCORES_KEY, entry->name);
        put_head(writing, SCORES_VALUE, score_size(entry));
        put_float_if_set(writing, SCORE_VALUE, entry->score.value);
        put_text_if_set(writing, SCORE_OP_NAME, entry->score.op_name);
        put_text_if_set(writing, SCORE_DESCRIPTION, entry->score.description);
        put_text_if_set(writing, SCORE_REF_ID, entry->score.ref_id);
        put_unknown(writing, entry->unknown);
    }
}

/* Documents: the two walks below meet messages that hold others in the same order. */

static size_t document_size(struct writing *writing, const sluice_document *document);

static size_t nested_size(struct writing *writing, uint32_t number, const sluice_document_array *array)
{
    size_t size = 0;
    for (size_t i = 0; array != NULL && i < array->count; i++)
        size += wire_bytes_size(number, document_size(writing, array->items[i]));
    return size;
}

/* Text and blob have presence: an empty one that was received is written again. */
static size_t content_size(struct writing *writing, const sluice_document *document)
{
    switch (document->content) {
    case SLUICE_CONTENT_TEXT: return wire_bytes_size(DOCUMENT_TEXT, document->bytes.size);
    case SLUICE_CONTENT_BLOB: return wire_bytes_size(DOCUMENT_BLOB, document->bytes.size);
    case SLUICE_CONTENT_TENSOR: return wire_bytes_size(DOCUMENT_TENSOR, ndarray_size(writing, document->tensor));
    default: return 0;
    }
}

static size_t plain_size(const sluice_document *document)
{
    size_t size = text_size(DOCUMENT_ID, document->id) + text_size(DOCUMENT_PARENT_ID, document->parent_id) +
                  text_size(DOCUMENT_URI, document->uri) + text_size(DOCUMENT_MODALITY, document->modality) +
                  text_size(DOCUMENT_MIME_TYPE, document->mime_type);
    size += uint_field_size(DOCUMENT_GRANULARITY, document->granularity) +
            uint_field_size(DOCUMENT_ADJACENCY, document->adjacency) +
            float_field_size(DOCUMENT_WEIGHT, document->weight) + float_field_size(DOCUMENT_OFFSET, document->offset);
    if (document->location_count > 0)
        size += wire_bytes_size(DOCUMENT_LOCATION, document->location_count * sizeof(float));
    return size + scores_wire_size(DOCUMENT_SCORES, document->scores) +
           scores_wire_size(DOCUMENT_EVALUATIONS, document->evaluations) + unknown_size(document->unknown);
}

static size_t document_size(struct writing *writing, const sluice_document *document)
{
    size_t note = writing_note(writing);
    size_t size = plain_size(document) + content_size(writing, document);
    size += nested_size(writing, DOCUMENT_CHUNKS, document->chunks);
    size += nested_size(writing, DOCUMENT_MATCHES, document->matches);
    if (document->embedding != NULL)
        size += wire_bytes_size(DOCUMENT_EMBEDDING, ndarray_size(writing, document->embedding));
    if (document->tags != NULL)
        size += wire_bytes_size(DOCUMENT_TAGS, struct_size(writing, document->tags));
    if (document->metadata != NULL)
        size += wire_bytes_size(DOCUMENT_METADATA, struct_size(writing, document->metadata));
    return writing_noted(writing, note, size);
}

static void put_document(struct writing *writing, uint32_t number, const sluice_document *document);

static void put_nested(struct writing *writing, uint32_t number, const sluice_document_array *array)
{
    for (size_t i = 0; array != NULL && i < array->count; i++)
        put_document(writing, number, array->items[i]);
}

static void put_location(struct writing *writing, const sluice_document *document)
{
    if (document->location_count == 0)
        return;
    put_head(writing, DOCUMENT_LOCATION, document->location_count * sizeof(float));
    put_raw(writing, document->location, document->location_count * sizeof(float));
}

static void put_content(struct writing *writing, const sluice_document *document)
{
    switch (document->content) {
    case SLUICE_CONTENT_TEXT: put_text(writing, DOCUMENT_TEXT, document->bytes); break;
    case SLUICE_CONTENT_BLOB: put_text(writing, DOCUMENT_BLOB, document->bytes); break;
    case SLUICE_CONTENT_TENSOR: put_ndarray(writing, DOCUMENT_TENSOR, document->tensor); break;
    default: break;
    }
}

static void put_document(struct writing *writing, uint32_t number, const sluice_document *document)
{
    put_head(writing, number, writing_take(writing));
    put_text_if_set(writing, DOCUMENT_ID, document->id);
    put_content(writing, document);
    put_uint_if_set(writing, DOCUMENT_GRANULARITY, document->granularity);
    put_uint_if_set(writing, DOCUMENT_ADJACENCY, document->adjacency);
    put_text_if_set(writing, DOCUMENT_PARENT_ID, document->parent_id);
    put_float_if_set(writing, DOCUMENT_WEIGHT, document->weight);
    put_text_if_set(writing, DOCUMENT_URI, document->uri);
    put_text_if_set(writing, DOCUMENT_MODALITY, document->modality);
    put_text_if_set(writing, DOCUMENT_MIME_TYPE, document->mime_type);
    put_float_if_set(writing, DOCUMENT_OFFSET, document->offset);
    put_location(writing, document);
    put_nested(writing, DOCUMENT_CHUNKS, document->chunks);
    put_nested(writing, DOCUMENT_MATCHES, document->matches);
    if (document->embedding != NULL)
        put_ndarray(writing, DOCUMENT_EMBEDDING, document->embedding);
    if (document->tags != NULL)
        put_struct(writing, DOCUMENT_TAGS, document->tags);
    put_scores(writing, DOCUMENT_SCORES, document->scores);
    put_scores(writing, DOCUMENT_EVALUATIONS, document->evaluations);
    if (document->metadata != NULL)
        put_struct(writing, DOCUMENT_METADATA, document->metadata);
    put_unknown(writing, document->unknown);
}

size_t documents_size(struct writing *writing, const sluice_document_array *array)
{
    return nested_size(writing, ARRAY_DOCS, array) + unknown_size(array->unknown);
}

void put_documents(struct writing *writing, const sluice_document_array *array)
{
    put_nested(writing, ARRAY_DOCS, array);
    put_unknown(writing, array->unknown);
}
