/* Deep copies of documents, between arrays of the same or of different owners. */
#include "common/document/model.h"

static sluice_status copy_texts(sluice_document *to, const sluice_document *from)
{
    const struct {
        sluice_text *to;
        const sluice_text *from;
    } fields[] = {{&to->id, &from->id},
                  {&to->parent_id, &from->parent_id},
                  {&to->uri, &from->uri},
                  {&to->modality, &from->modality},
                  {&to->mime_type, &from->mime_type},
                  {&to->bytes, &from->bytes}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        sluice_status status = model_copy_text(to->model, fields[i].from->data, fields[i].from->size, fields[i].to);
        if (status != SLUICE_OK)
            return status;
    }
    return SLUICE_OK;
}

static sluice_status copy_fields(sluice_document *to, const sluice_document *from)
{
    struct model *model = to->model;
    to->content = from->content;
    to->granularity = from->granularity;
    to->adjacency = from->adjacency;
    to->weight = from->weight;
    to->offset = from->offset;
    sluice_status status = copy_texts(to, from);
    if (status == SLUICE_OK && from->location_count > 0)
        status = sluice_document_set_location(to, from->location, from->location_count);
    if (status == SLUICE_OK)
        status = ndarray_copy(model, from->tensor, to->level + 1, &to->tensor);
    if (status == SLUICE_OK)
        status = ndarray_copy(model, from->embedding, to->level + 1, &to->embedding);
    if (status == SLUICE_OK)
        status = value_copy_map(model, from->tags, to->level + 1, &to->tags);
    if (status == SLUICE_OK)
        status = value_copy_map(model, from->metadata, to->level + 1, &to->metadata);
    if (status == SLUICE_OK)
        status = scores_copy(model, from->scores, &to->scores);
    if (status == SLUICE_OK)
        status = scores_copy(model, from->evaluations, &to->evaluations);
    if (status == SLUICE_OK)
        status = model_copy_unknown(model, &to->unknown, from->unknown);
    return status;
}

static sluice_status copy_nested(struct model *model, const sluice_document_array *from, size_t level,
                                 sluice_document_array **ret_array)
{
    if (from == NULL || from->count == 0)
        return SLUICE_OK;
    sluice_status status;
    sluice_document_array *array = array_new_nested(model, level, &status);
    for (size_t i = 0; status == SLUICE_OK && i < from->count; i++) {
        sluice_document *document = array_add(array, &status);
        if (status == SLUICE_OK)
            status = document_copy_into(document, from->items[i], true);
    }
    *ret_array = array;
    return status;
}

sluice_status document_copy_into(sluice_document *to, const sluice_document *from, bool with_nested)
{
    sluice_status status = copy_fields(to, from);
    if (status == SLUICE_OK && with_nested)
        status = copy_nested(to->model, from->chunks, to->level + 1, &to->chunks);
    if (status == SLUICE_OK && with_nested)
        status = copy_nested(to->model, from->matches, to->level + 1, &to->matches);
    return status;
}
