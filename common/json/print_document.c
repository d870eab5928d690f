/* Documents as docarray's document model prints them: all keys, null for what is not set. */
#include "common/json/base64.h"
#include "common/json/printer.h"

static inline void whole(struct printer *printer, const char *name, uint32_t value)
{
    print_key(printer, name);
    if (value != 0)
        buffer_printf(printer->out, "%u", value);
    else
        print_null(printer);
}

/* -0.0 is a number that was set. */
static void print_float_or_null(struct printer *printer, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (bits != 0)
        print_number(printer, (double)value);
    else
        print_null(printer);
}

static inline void number(struct printer *printer, const char *name, float value)
{
    print_key(printer, name);
    print_float_or_null(printer, value);
}

static inline void text(struct printer *printer, const char *name, sluice_text value)
{
    print_key(printer, name);
    print_text_or_null(printer, value);
}

static void blob(struct printer *printer, sluice_text bytes)
{
    print_key(printer, "blob");
    if (bytes.size == 0) {
        print_null(printer);
        return;
    }
    buffer_append_byte(printer->out, '"');
    base64_write(printer->out, bytes.data, bytes.size);
    buffer_append_byte(printer->out, '"');
}

static void array(struct printer *printer, const char *name, const struct ndarray *numbers)
{
    print_key(printer, name);
    print_array(printer, numbers, name);
}

static inline void map(struct printer *printer, const char *name, const sluice_value *value)
{
    print_key(printer, name);
    if (sluice_value_size(value) > 0)
        print_value(printer, value);
    else
        print_null(printer);
}

static void location(struct printer *printer, const sluice_document *document)
{
    print_key(printer, "location");
    if (document->location_count == 0) {
        print_null(printer);
        return;
    }
    buffer_append_byte(printer->out, '[');
    for (size_t i = 0; i < document->location_count; i++) {
        if (i > 0)
            print_separator(printer);
        print_number(printer, (double)document->location[i]);
    }
    buffer_append_byte(printer->out, ']');
}

static void print_score(struct printer *printer, const struct score_entry *entry)
{
    print_text(printer, text_or_empty(entry->name));
    buffer_append(printer->out, ": ", printer->spaced ? 2 : 1);
    buffer_append_byte(printer->out, '{');
    print_first_key(printer, "value");
    print_float_or_null(printer, entry->score.value);
    text(printer, "op_name", entry->score.op_name);
    text(printer, "description", entry->score.description);
    text(printer, "ref_id", entry->score.ref_id);
    buffer_append_byte(printer->out, '}');
}

static inline void scores(struct printer *printer, const char *name, const struct scores *row)
{
    print_key(printer, name);
    if (scores_size(row) == 0) {
        print_null(printer);
        return;
    }
    buffer_append_byte(printer->out, '{');
    for (size_t i = 0; i < row->count; i++) {
        if (i > 0)
            print_separator(printer);
        print_score(printer, &row->entries[i]);
    }
    buffer_append_byte(printer->out, '}');
}

static inline void nested(struct printer *printer, const char *name, const sluice_document_array *documents)
{
    print_key(printer, name);
    if (documents != NULL && documents->count > 0)
        print_documents(printer, documents);
    else
        print_null(printer);
}

static void print_document(struct printer *printer, const sluice_document *document)
{
    buffer_append_byte(printer->out, '{');
    print_first_key(printer, "id");
    print_text_or_null(printer, document->id);
    text(printer, "parent_id", document->parent_id);
    whole(printer, "granularity", document->granularity);
    whole(printer, "adjacency", document->adjacency);
    blob(printer, sluice_document_blob(document));
    array(printer, "tensor", document->tensor);
    text(printer, "mime_type", document->mime_type);
    text(printer, "text", sluice_document_text(document));
    number(printer, "weight", document->weight);
    text(printer, "uri", document->uri);
    map(printer, "tags", document->tags);
    number(printer, "offset", document->offset);
    location(printer, document);
    array(printer, "embedding", document->embedding);
    text(printer, "modality", document->modality);
    scores(printer, "evaluations", document->evaluations);
    scores(printer, "scores", document->scores);
    nested(printer, "chunks", document->chunks);
    nested(printer, "matches", document->matches);
    if (sluice_value_size(document->metadata) > 0)
        map(printer, "_metadata", document->metadata);
    buffer_append_byte(printer->out, '}');
}

void print_documents(struct printer *printer, const sluice_document_array *documents)
{
    buffer_append_byte(printer->out, '[');
    for (size_t i = 0; i < documents->count && printer->status == SLUICE_OK; i++) {
        if (i > 0)
            print_separator(printer);
        print_document(printer, documents->items[i]);
    }
    buffer_append_byte(printer->out, ']');
}
