/* Fields of documents and scores. What is not set is null. */
#include "common/json/base64.h"
#include "gateway/graphql/execute.h"
#include "gateway/graphql/write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A score with its name; both lists of a document come as these. */
struct named_score {
    sluice_text name;
    sluice_score score;
};

static bool whole(struct execution *execution, uint32_t number, const struct plan_field *field, const struct path *path)
{
    if (number > INT32_MAX)
        return field_error(execution, field, path, "Int cannot represent non 32-bit signed integer value: %u", number);
    if (number == 0)
        complete_null(execution);
    else
        buffer_printf(execution->out, "%u", number);
    return true;
}

static bool number(struct execution *execution, float value, const struct plan_field *field, const struct path *path)
{
    if (isfinite(value)) {
        write_number(execution->out, (double)value, execution->print);
        return true;
    }
    return field_error(execution, field, path, "Float cannot represent non numeric value: %s",
                       isnan(value) ? "NaN"
                       : value > 0  ? "Infinity"
                                    : "-Infinity");
}

/* 0 means not set; -0.0 is a number that was set. */
static bool number_or_null(struct execution *execution, float value, const struct plan_field *field,
                           const struct path *path)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (bits != 0)
        return number(execution, value, field, path);
    complete_null(execution);
    return true;
}

static bool location(struct execution *execution, const sluice_document *document, const struct plan_field *field,
                     const struct path *path)
{
    size_t count;
    const float *values = sluice_document_location(document, &count);
    if (count == 0) {
        complete_null(execution);
        return true;
    }
    buffer_append_byte(execution->out, '[');
    for (size_t i = 0; i < count; i++) {
        struct path item = {.parent = path, .index = i};
        if (i > 0)
            buffer_append_text(execution->out, ", ");
        if (!number(execution, values[i], field, &item))
            return false;
    }
    buffer_append_byte(execution->out, ']');
    return true;
}

static bool blob(struct execution *execution, const sluice_document *document)
{
    sluice_text bytes = sluice_document_blob(document);
    if (bytes.size == 0) {
        complete_null(execution);
        return true;
    }
    buffer_append_byte(execution->out, '"');
    base64_write(execution->out, bytes.data, bytes.size);
    buffer_append_byte(execution->out, '"');
    return true;
}

static bool array(struct execution *execution, bool present, const sluice_tensor *tensor,
                  const struct plan_field *field, const struct path *path)
{
    if (!present) {
        complete_null(execution);
        return true;
    }
    const char *reason = write_tensor(execution->out, tensor, execution->print_row);
    return reason == NULL || field_error(execution, field, path, "the array has no form as a nested list: %s", reason);
}

static bool tags(struct execution *execution, const sluice_document *document)
{
    const sluice_value *value = sluice_document_tags(document);
    if (sluice_value_size(value) > 0)
        write_value(execution->out, value, execution->print);
    else
        complete_null(execution);
    return true;
}

static struct object document_at(const void *list, size_t index)
{
    return (struct object){&schema_document, sluice_document_array_at(list, index)};
}

static bool documents(struct execution *execution, const sluice_document_array *array_of, struct plan_field *field,
                      const struct path *path)
{
    if (sluice_document_array_size(array_of) > 0)
        return complete_list(execution, field, array_of, sluice_document_array_size(array_of), document_at, path);
    complete_null(execution);
    return true;
}

static struct object score_at(const void *list, size_t index)
{
    return (struct object){&schema_score_item, (const struct named_score *)list + index};
}

/* Scores are taken out into a row of their own, as the two lists of a document are read by different functions. */
static bool scores(struct execution *execution, const sluice_document *document, bool evaluations,
                   struct plan_field *field, const struct path *path)
{
    size_t count = evaluations ? sluice_document_evaluations_size(document) : sluice_document_scores_size(document);
    if (count == 0) {
        complete_null(execution);
        return true;
    }
    struct named_score *row = calloc(count, sizeof *row);
    if (row == NULL) {
        execution->status = SLUICE_NO_MEMORY;
        return false;
    }
    for (size_t i = 0; i < count; i++)
        row[i].name = evaluations ? sluice_document_evaluation_at(document, i, &row[i].score)
                                  : sluice_document_score_at(document, i, &row[i].score);
    bool good = complete_list(execution, field, row, count, score_at, path);
    free(row);
    return good;
}

static bool resolve_score(struct execution *execution, const struct named_score *named, struct plan_field *field,
                          const struct path *path)
{
    switch (field->field->id) {
    case FIELD_NAME: complete_text(execution, named->name); return true;
    case FIELD_SCORE: return complete_object(execution, field, (struct object){&schema_score, named}, path);
    case FIELD_VALUE: return number_or_null(execution, named->score.value, field, path);
    case FIELD_OP_NAME: complete_text_or_null(execution, named->score.op_name); return true;
    case FIELD_DESCRIPTION: complete_text_or_null(execution, named->score.description); return true;
    default: complete_text_or_null(execution, named->score.ref_id); return true;
    }
}

/* The fields that are plain text; false: it is none of them. */
static bool text_of(const sluice_document *document, enum field_id id, sluice_text *ret_text)
{
    switch (id) {
    case FIELD_ID: *ret_text = sluice_document_id(document); return true;
    case FIELD_PARENT_ID: *ret_text = sluice_document_parent_id(document); return true;
    case FIELD_MIME_TYPE: *ret_text = sluice_document_mime_type(document); return true;
    case FIELD_TEXT: *ret_text = sluice_document_text(document); return true;
    case FIELD_URI: *ret_text = sluice_document_uri(document); return true;
    case FIELD_MODALITY: *ret_text = sluice_document_modality(document); return true;
    default: return false;
    }
}

bool resolve_document(struct execution *execution, struct object object, struct plan_field *field,
                      const struct path *path)
{
    const sluice_document *document = object.data;
    sluice_text text;
    sluice_tensor tensor;
    if (object.type != &schema_document)
        return resolve_score(execution, object.data, field, path);
    if (text_of(document, field->field->id, &text)) {
        complete_text_or_null(execution, text);
        return true;
    }
    switch (field->field->id) {
    case FIELD_GRANULARITY: return whole(execution, sluice_document_granularity(document), field, path);
    case FIELD_ADJACENCY: return whole(execution, sluice_document_adjacency(document), field, path);
    case FIELD_BLOB: return blob(execution, document);
    case FIELD_TENSOR: return array(execution, sluice_document_tensor(document, &tensor), &tensor, field, path);
    case FIELD_WEIGHT: return number_or_null(execution, sluice_document_weight(document), field, path);
    case FIELD_TAGS: return tags(execution, document);
    case FIELD_OFFSET: return number_or_null(execution, sluice_document_offset(document), field, path);
    case FIELD_LOCATION: return location(execution, document, field, path);
    case FIELD_EMBEDDING: return array(execution, sluice_document_embedding(document, &tensor), &tensor, field, path);
    case FIELD_EVALUATIONS: return scores(execution, document, true, field, path);
    case FIELD_SCORES: return scores(execution, document, false, field, path);
    case FIELD_CHUNKS: return documents(execution, sluice_document_chunks(document), field, path);
    default: return documents(execution, sluice_document_matches(document), field, path);
    }
}
