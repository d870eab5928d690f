/* Documents as JSON Lines: docarray's field names in docarray's order, unset fields left out. */
#include "common/document/model.h"
#include "common/foundation/log.h"
#include "common/json/base64.h"
#include "common/json/lists.h"
#include "common/json/writer.h"

static void key(struct writer *writer, const char *name)
{
    struct buffer *buffer = &writer->buffer;
    if (buffer->size > 0 && buffer->data[buffer->size - 1] != '{')
        buffer_append_byte(buffer, ',');
    buffer_printf(buffer, "\"%s\":", name);
}

static void text(struct writer *writer, const char *name, sluice_text value)
{
    if (value.size == 0)
        return;
    key(writer, name);
    json_write_string(&writer->buffer, value.data, value.size);
}

static void whole(struct writer *writer, const char *name, uint32_t value)
{
    if (value == 0)
        return;
    key(writer, name);
    buffer_printf(&writer->buffer, "%u", value);
}

static void number(struct writer *writer, const char *name, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (bits == 0)
        return;
    key(writer, name);
    write_double(writer, (double)value);
}

/* Arrays of numbers */

static sluice_status array(struct writer *writer, const char *name, const sluice_document *document,
                           const struct ndarray *numbers)
{
    if (numbers == NULL)
        return SLUICE_OK;
    sluice_tensor tensor;
    ndarray_view(numbers, &tensor);
    const char *reason = lists_fault(&tensor);
    if (reason != NULL)
        return sluice_fail(writer->error, SLUICE_UNIMPLEMENTED, "json",
                           "the %s of the document with id %s has no form in JSON: %s", name,
                           log_quoted(text_or_empty(document->id).data, document->id.size), reason);
    key(writer, name);
    lists_write(&writer->buffer, &tensor, writer->print_row, false);
    return SLUICE_OK;
}

static void location(struct writer *writer, const sluice_document *document)
{
    if (document->location_count == 0)
        return;
    key(writer, "location");
    for (size_t i = 0; i < document->location_count; i++) {
        buffer_append_byte(&writer->buffer, i == 0 ? '[' : ',');
        write_double(writer, (double)document->location[i]);
    }
    buffer_append_byte(&writer->buffer, ']');
}

/* Maps */

static void map(struct writer *writer, const char *name, const sluice_value *value)
{
    if (sluice_value_size(value) == 0)
        return;
    key(writer, name);
    write_value(writer, value);
}

static void scores(struct writer *writer, const char *name, const struct scores *row)
{
    if (scores_size(row) == 0)
        return;
    key(writer, name);
    buffer_append_byte(&writer->buffer, '{');
    for (size_t i = 0; i < row->count; i++) {
        const struct score_entry *entry = &row->entries[i];
        if (i > 0)
            buffer_append_byte(&writer->buffer, ',');
        json_write_string(&writer->buffer, text_or_empty(entry->name).data, entry->name.size);
        buffer_append_text(&writer->buffer, ":{");
        key(writer, "value");
        write_double(writer, (double)entry->score.value);
        text(writer, "op_name", entry->score.op_name);
        text(writer, "description", entry->score.description);
        text(writer, "ref_id", entry->score.ref_id);
        buffer_append_byte(&writer->buffer, '}');
    }
    buffer_append_byte(&writer->buffer, '}');
}

/* Documents */

static sluice_status write_document(struct writer *writer, const sluice_document *document);

static sluice_status nested(struct writer *writer, const char *name, const sluice_document_array *documents)
{
    if (documents == NULL || documents->count == 0)
        return SLUICE_OK;
    key(writer, name);
    for (size_t i = 0; i < documents->count; i++) {
        buffer_append_byte(&writer->buffer, i == 0 ? '[' : ',');
        sluice_status status = write_document(writer, documents->items[i]);
        if (status != SLUICE_OK)
            return status;
    }
    buffer_append_byte(&writer->buffer, ']');
    return SLUICE_OK;
}

static void blob(struct writer *writer, sluice_text bytes)
{
    if (bytes.size == 0)
        return;
    key(writer, "blob");
    buffer_append_byte(&writer->buffer, '"');
    base64_write(&writer->buffer, bytes.data, bytes.size);
    buffer_append_byte(&writer->buffer, '"');
}

static sluice_status write_document(struct writer *writer, const sluice_document *document)
{
    buffer_append_byte(&writer->buffer, '{');
    text(writer, "id", document->id);
    text(writer, "parent_id", document->parent_id);
    whole(writer, "granularity", document->granularity);
    whole(writer, "adjacency", document->adjacency);
    blob(writer, sluice_document_blob(document));
    sluice_status status = array(writer, "tensor", document, document->tensor);
    text(writer, "mime_type", document->mime_type);
    text(writer, "text", sluice_document_text(document));
    number(writer, "weight", document->weight);
    text(writer, "uri", document->uri);
    map(writer, "tags", document->tags);
    number(writer, "offset", document->offset);
    location(writer, document);
    if (status == SLUICE_OK)
        status = array(writer, "embedding", document, document->embedding);
    text(writer, "modality", document->modality);
    scores(writer, "evaluations", document->evaluations);
    scores(writer, "scores", document->scores);
    if (status == SLUICE_OK)
        status = nested(writer, "chunks", document->chunks);
    if (status == SLUICE_OK)
        status = nested(writer, "matches", document->matches);
    map(writer, "_metadata", document->metadata);
    buffer_append_byte(&writer->buffer, '}');
    return status;
}

sluice_status sluice_document_to_json(const sluice_document *document, char **ret_json, size_t *ret_size,
                                      sluice_error *error)
{
    struct writer writer;
    sluice_status status = writer_init(&writer, error);
    if (status == SLUICE_OK)
        status = write_document(&writer, document);
    return writer_take(&writer, status, ret_json, ret_size);
}
