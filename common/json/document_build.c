/* Documents from JSON nodes that were found good, as docarray builds them. */
#include "common/foundation/text.h"
#include "common/json/base64.h"
#include "common/json/documents.h"
#include "common/json/mime.h"

#include <stdarg.h>
#include <stdio.h>

bool build_problem(struct documents_reading *reading, sluice_status status, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    reading->status = status;
    reading->problem = arena_text(reading->findings.arena, text);
    if (reading->problem == NULL) {
        reading->status = SLUICE_NO_MEMORY;
        reading->problem = "no memory to read it";
    }
    return false;
}

bool build_status(struct documents_reading *reading, sluice_status status)
{
    const struct model *model = reading->model;
    if (status == SLUICE_OK)
        return true;
    if (status == SLUICE_NO_MEMORY)
        return build_problem(reading, status, "no memory to read it");
    if (status == SLUICE_INVALID)
        return build_problem(reading, status, "a text holds half a surrogate pair, which is no character");
    if (arena_failure(model->arena) == SLUICE_LIMIT)
        return build_problem(reading, status, "more memory is needed than the limit \"bytes\" of %zu allows",
                             model->bytes_max);
    if (model->documents >= model->documents_max)
        return build_problem(reading, status, "more documents than the limit \"documents\" of %zu allows",
                             model->documents_max);
    if (model->elements >= model->elements_max)
        return build_problem(reading, status, "more elements than the limit \"elements\" of %zu allows",
                             model->elements_max);
    return build_problem(reading, status, "nested deeper than the limit \"depth\" of %zu allows", model->depth_max);
}

bool build_text(struct documents_reading *reading, const struct json_node *node, sluice_text *ret_text)
{
    if (node == NULL)
        return true;
    if (!coerce_text(node, reading->arena, reading->print, ret_text))
        return build_problem(reading, SLUICE_INTERNAL, "a text was not checked");
    return build_status(reading, text_is_utf8(ret_text->data, ret_text->size) ? SLUICE_OK : SLUICE_INVALID);
}

static void build_float(const struct json_node *node, float *ret_float)
{
    double number = 0;
    if (node != NULL && coerce_number(node, &number))
        *ret_float = (float)number;
}

static bool build_whole(struct documents_reading *reading, const struct json_node *node, const char *name,
                        uint32_t *ret_whole)
{
    int64_t whole = 0;
    if (node != NULL)
        coerce_whole(node, &whole);
    if (whole < 0 || whole > UINT32_MAX)
        return build_problem(reading, SLUICE_INVALID, "\"%s\" is negative or larger than 32 bits", name);
    *ret_whole = (uint32_t)whole;
    return true;
}

/* Content: the last of text, blob and tensor that is not empty. */

static bool build_blob(struct documents_reading *reading, const struct json_node *node, sluice_document *document)
{
    sluice_text text = {.data = ""};
    if (!build_text(reading, node, &text))
        return false;
    size_t size;
    uint8_t *bytes = arena_alloc(reading->arena, base64_room(text.size));
    if (bytes == NULL)
        return build_problem(reading, arena_failure(reading->arena), "no memory to read it");
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return build_problem(reading, SLUICE_INVALID,
                                 "\"blob\" is no base64 text: it holds characters beyond ASCII");
    if (!base64_read(text.data, text.size, bytes, &size))
        return build_problem(reading, SLUICE_INVALID, "\"blob\" is no complete base64 text: its padding is missing");
    if (size > 0) {
        document->content = SLUICE_CONTENT_BLOB;
        document->bytes = (sluice_text){.data = (const char *)bytes, .size = size};
    }
    return true;
}

static bool build_content(struct documents_reading *reading, const struct json_node *const fields[DOCUMENT_FIELDS],
                          sluice_document *document)
{
    sluice_text text = {.data = ""};
    if (!build_text(reading, fields[FIELD_TEXT], &text))
        return false;
    if (text.size > 0) {
        document->content = SLUICE_CONTENT_TEXT;
        document->bytes = text;
    }
    if (fields[FIELD_BLOB] != NULL && !build_blob(reading, fields[FIELD_BLOB], document))
        return false;
    if (fields[FIELD_TENSOR] == NULL)
        return true;
    if (!array_build(reading, fields[FIELD_TENSOR], &document->tensor))
        return false;
    document->content = SLUICE_CONTENT_TENSOR;
    document->bytes = (sluice_text){.data = ""};
    return true;
}

static bool build_types(struct documents_reading *reading, const struct json_node *const fields[DOCUMENT_FIELDS],
                        sluice_document *document)
{
    if (!build_text(reading, fields[FIELD_URI], &document->uri) ||
        !build_text(reading, fields[FIELD_MIME_TYPE], &document->mime_type))
        return false;
    if (reading->as_given)
        return true;
    if (document->mime_type.size > 0)
        document->mime_type = mime_of_name(document->mime_type);
    else if (document->uri.size > 0)
        document->mime_type = mime_of_uri(document->uri);
    return true;
}

/* Lists and maps */

static bool build_location(struct documents_reading *reading, const struct json_node *node, sluice_document *document)
{
    if (node == NULL || node->count == 0)
        return true;
    float *values = arena_alloc(reading->arena, node->count * sizeof *values);
    if (values == NULL)
        return build_problem(reading, arena_failure(reading->arena), "no memory to read it");
    struct json_items items = json_items_of(node);
    for (size_t i = 0; i < node->count; i++)
        build_float(json_next(&items), &values[i]);
    return build_status(reading, sluice_document_set_location(document, values, node->count));
}

static bool build_score(struct documents_reading *reading, const struct json_node *node, struct scores **scores)
{
    struct score_entry entry = {.name = node->key}, *slot;
    const struct json_node *object = coerce_object(node, reading->arena, reading->print), *fields[SCORE_FIELDS];
    if (object == NULL)
        return build_problem(reading, SLUICE_NO_MEMORY, "no memory to read it");
    if (!text_is_utf8(entry.name.data, entry.name.size))
        return build_status(reading, SLUICE_INVALID);
    score_fields(object, fields);
    build_float(fields[SCORE_FIELD_VALUE], &entry.score.value);
    if (!build_text(reading, fields[SCORE_FIELD_OP_NAME], &entry.score.op_name) ||
        !build_text(reading, fields[SCORE_FIELD_DESCRIPTION], &entry.score.description) ||
        !build_text(reading, fields[SCORE_FIELD_REF_ID], &entry.score.ref_id))
        return false;
    if (!build_status(reading, scores_slot(reading->model, scores, entry.name, &slot)))
        return false;
    *slot = entry;
    return true;
}

static bool build_scores(struct documents_reading *reading, const struct json_node *node, struct scores **scores)
{
    if (node == NULL)
        return true;
    const struct json_node *object = coerce_object(node, reading->arena, reading->print);
    if (object == NULL)
        return build_problem(reading, SLUICE_NO_MEMORY, "no memory to read it");
    for (const struct json_node *member = object->first; member != NULL; member = member->next)
        if (!build_score(reading, member, scores))
            return false;
    return true;
}

/* Documents */

static bool build_ids(struct documents_reading *reading, const struct json_node *const fields[DOCUMENT_FIELDS],
                      sluice_document *document)
{
    char id[TEXT_ID_SIZE + 1];
    if (!build_text(reading, fields[FIELD_ID], &document->id) ||
        !build_text(reading, fields[FIELD_PARENT_ID], &document->parent_id) ||
        !build_text(reading, fields[FIELD_MODALITY], &document->modality) ||
        !build_whole(reading, fields[FIELD_GRANULARITY], "granularity", &document->granularity) ||
        !build_whole(reading, fields[FIELD_ADJACENCY], "adjacency", &document->adjacency))
        return false;
    if (document->id.size > 0 || reading->as_given)
        return true;
    text_random_id(id);
    return build_status(reading, model_copy_text(reading->model, id, TEXT_ID_SIZE, &document->id));
}

static bool build_documents(struct documents_reading *reading, const struct json_node *list,
                            sluice_document_array *array, const sluice_document *parent, bool as_matches);

static bool build_nested(struct documents_reading *reading, const struct json_node *list, sluice_document *document,
                         bool as_matches)
{
    if (list == NULL || list->count == 0)
        return true;
    sluice_document_array *array =
        as_matches ? sluice_document_edit_matches(document) : sluice_document_edit_chunks(document);
    if (array == NULL)
        return build_status(reading, SLUICE_LIMIT);
    return build_documents(reading, list, array, document, as_matches);
}

/* A chunk is one step finer than its parent and names it, a match one step further away. */
static bool relate(struct documents_reading *reading, sluice_document *document, const sluice_document *parent,
                   bool as_match)
{
    if (parent == NULL || reading->as_given)
        return true;
    uint32_t *steps = as_match ? &document->adjacency : &document->granularity;
    if (__builtin_add_overflow(as_match ? parent->adjacency : parent->granularity, 1u, steps))
        return build_problem(reading, SLUICE_INVALID, "the %s of a nested document is larger than 32 bits",
                             as_match ? "adjacency" : "granularity");
    if (!as_match)
        document->parent_id = parent->id;
    return true;
}

static bool build_document(struct documents_reading *reading, const struct json_node *node, sluice_document *document,
                           const sluice_document *parent, bool as_match)
{
    const struct json_node *object = coerce_object(node, reading->arena, reading->print), *fields[DOCUMENT_FIELDS];
    if (object == NULL)
        return build_problem(reading, SLUICE_NO_MEMORY, "no memory to read it");
    document_fields(object, fields);
    build_float(fields[FIELD_WEIGHT], &document->weight);
    build_float(fields[FIELD_OFFSET], &document->offset);
    return build_ids(reading, fields, document) && relate(reading, document, parent, as_match) &&
           build_types(reading, fields, document) && build_content(reading, fields, document) &&
           build_map(reading, fields[FIELD_TAGS], document->level + 1, true, &document->tags) &&
           build_location(reading, fields[FIELD_LOCATION], document) &&
           (fields[FIELD_EMBEDDING] == NULL || array_build(reading, fields[FIELD_EMBEDDING], &document->embedding)) &&
           build_scores(reading, fields[FIELD_EVALUATIONS], &document->evaluations) &&
           build_scores(reading, fields[FIELD_SCORES], &document->scores) &&
           build_nested(reading, fields[FIELD_CHUNKS], document, false) &&
           build_nested(reading, fields[FIELD_MATCHES], document, true) &&
           build_map(reading, fields[FIELD_METADATA], document->level + 1, true, &document->metadata);
}

static bool build_documents(struct documents_reading *reading, const struct json_node *list,
                            sluice_document_array *array, const sluice_document *parent, bool as_matches)
{
    struct json_items items = json_items_of(list);
    for (const struct json_node *item; (item = json_next(&items)) != NULL;) {
        sluice_status status;
        sluice_document *document = array_add(array, &status);
        if (document == NULL)
            return build_status(reading, status);
        if (!build_document(reading, item, document, parent, as_matches))
            return false;
    }
    return true;
}

bool documents_build(struct documents_reading *reading, const struct json_node *list, sluice_document_array *array)
{
    return build_documents(reading, list, array, NULL, false);
}
