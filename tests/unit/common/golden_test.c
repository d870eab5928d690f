/*
 * Every message that was recorded from Jina 3.34.0 (tests/golden/grpc): read, compared field by field with what Python
 * decoded from it, written again, compared byte by byte.
 */
#include "common/document/codec.h"
#include "common/document/model.h"
#include "common/foundation/file.h"
#include "common/json/base64.h"
#include "common/wire/wire.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

#define GOLDEN "tests/golden/grpc/"

enum { FIELD_PARAMETERS = 2, FIELD_DATA = 4 };

static struct buffer read_golden(const char *name)
{
    char path[300];
    sluice_error error = {0};
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    snprintf(path, sizeof path, "%s%s", GOLDEN, name);
    ck_assert_msg(file_read_path(path, &buffer, &error) == SLUICE_OK, "%s: %s", path, error.text);
    return buffer;
}

/* The model as protobuf's JSON with proto field names: what the index holds. */

static void set_text(sluice_value *map, const char *key, sluice_text text)
{
    if (text.size > 0)
        ck_assert_int_eq(sluice_value_set_text(map, sluice_text_of(key), text), SLUICE_OK);
}

static void set_bytes(sluice_value *map, const char *key, sluice_text bytes)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    base64_write(&text, bytes.data, bytes.size);
    set_text(map, key, (sluice_text){.data = buffer_text(&text), .size = text.size});
    buffer_done(&text);
}

/* Python prints the shortest decimal that reads back to the same float. */
static double short_float(float value)
{
    char text[40];
    for (int digits = 1; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)value);
        if (strtof(text, NULL) == value)
            break;
    }
    return strtod(text, NULL);
}

static void set_float(sluice_value *map, const char *key, float value)
{
    if (value != 0.0f)
        sluice_value_set_number(map, key, short_float(value));
}

static void set_shape(sluice_value *map, const struct shape *shape)
{
    if (shape->count == 0)
        return;
    sluice_value *list = sluice_value_set_list(map, "shape");
    for (size_t i = 0; i < shape->count; i++)
        sluice_value_append_number(list, shape->sizes[i]);
}

static void set_dense(sluice_value *map, const char *key, const struct dense *dense)
{
    if (dense == NULL)
        return;
    sluice_value *inner = sluice_value_set_map(map, key);
    set_bytes(inner, "buffer", dense->buffer);
    set_shape(inner, &dense->shape);
    set_text(inner, "dtype", dense->dtype);
}

static void set_array(sluice_value *map, const char *key, const struct ndarray *array)
{
    if (array == NULL)
        return;
    sluice_value *inner = sluice_value_set_map(map, key);
    set_dense(inner, "dense", array->dense);
    if (array->sparse != NULL) {
        sluice_value *sparse = sluice_value_set_map(inner, "sparse");
        set_dense(sparse, "indices", array->sparse->indices);
        set_dense(sparse, "values", array->sparse->values);
        set_shape(sparse, &array->sparse->shape);
    }
    set_text(inner, "cls_name", array->class_name);
    if (array->parameters != NULL)
        sluice_value_set_copy(inner, sluice_text_of("parameters"), array->parameters);
}

static void set_score(sluice_value *scores, sluice_text name, const sluice_score *score)
{
    char key[100];
    snprintf(key, sizeof key, "%.*s", (int)name.size, name.data);
    sluice_value *map = sluice_value_set_map(scores, key);
    set_float(map, "value", score->value);
    set_text(map, "op_name", score->op_name);
    set_text(map, "description", score->description);
    set_text(map, "ref_id", score->ref_id);
}

static void set_scores(sluice_value *map, const sluice_document *document)
{
    sluice_score score;
    if (sluice_document_scores_size(document) > 0)
        sluice_value_set_map(map, "scores");
    for (size_t i = 0; i < sluice_document_scores_size(document); i++) {
        sluice_text name = sluice_document_score_at(document, i, &score);
        set_score((sluice_value *)(uintptr_t)sluice_value_get(map, "scores"), name, &score);
    }
    if (sluice_document_evaluations_size(document) > 0)
        sluice_value_set_map(map, "evaluations");
    for (size_t i = 0; i < sluice_document_evaluations_size(document); i++) {
        sluice_text name = sluice_document_evaluation_at(document, i, &score);
        set_score((sluice_value *)(uintptr_t)sluice_value_get(map, "evaluations"), name, &score);
    }
}

static void set_documents(sluice_value *map, const char *key, const sluice_document_array *array);

static void fill(sluice_value *map, const sluice_document *document)
{
    set_text(map, "id", sluice_document_id(document));
    if (sluice_document_content(document) == SLUICE_CONTENT_BLOB)
        set_bytes(map, "blob", sluice_document_blob(document));
    set_array(map, "tensor", document->tensor);
    if (sluice_document_content(document) == SLUICE_CONTENT_TEXT)
        sluice_value_set_text(map, sluice_text_of("text"), sluice_document_text(document));
    if (sluice_document_granularity(document) != 0)
        sluice_value_set_number(map, "granularity", sluice_document_granularity(document));
    if (sluice_document_adjacency(document) != 0)
        sluice_value_set_number(map, "adjacency", sluice_document_adjacency(document));
    set_text(map, "parent_id", sluice_document_parent_id(document));
    set_float(map, "weight", sluice_document_weight(document));
    set_text(map, "uri", sluice_document_uri(document));
    set_text(map, "modality", sluice_document_modality(document));
    set_text(map, "mime_type", sluice_document_mime_type(document));
    set_float(map, "offset", sluice_document_offset(document));
    size_t count;
    const float *location = sluice_document_location(document, &count);
    sluice_value *list = count > 0 ? sluice_value_set_list(map, "location") : NULL;
    for (size_t i = 0; i < count; i++)
        sluice_value_append_number(list, short_float(location[i]));
    set_documents(map, "chunks", sluice_document_chunks(document));
    set_documents(map, "matches", sluice_document_matches(document));
    set_array(map, "embedding", document->embedding);
    if (sluice_document_tags(document) != NULL)
        sluice_value_set_copy(map, sluice_text_of("tags"), sluice_document_tags(document));
    set_scores(map, document);
    if (sluice_document_metadata(document) != NULL)
        sluice_value_set_copy(map, sluice_text_of("_metadata"), sluice_document_metadata(document));
}

static void set_documents(sluice_value *map, const char *key, const sluice_document_array *array)
{
    size_t size = sluice_document_array_size(array);
    sluice_value *list = size > 0 ? sluice_value_set_list(map, key) : NULL;
    for (size_t i = 0; i < size; i++)
        fill(sluice_value_append_map(list), sluice_document_array_at(array, i));
}

/* Comparing */

static void same(const char *name, const sluice_value *found, const sluice_value *wanted)
{
    if (sluice_value_equal(found, wanted))
        return;
    char *found_text = NULL, *wanted_text = NULL;
    sluice_value_to_json(found, &found_text, NULL);
    sluice_value_to_json(wanted, &wanted_text, NULL);
    ck_abort_msg("%s\nfound  %s\nwanted %s", name, found_text, wanted_text);
}

static void same_bytes(const char *name, const void *found, size_t found_size, const struct wire_field *wanted)
{
    ck_assert_msg(found_size == wanted->size && memcmp(found, wanted->data, found_size) == 0, "%s: other bytes", name);
}

/* The field of a message, or an empty one. A message that holds no field of this number twice is enough here. */
static struct wire_field field_of(const struct buffer *message, uint32_t number)
{
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field, found = {.data = (const uint8_t *)""};
    while (wire_next(&reader, &field))
        if (field.number == number && field.type == WIRE_BYTES)
            found = field;
    return found;
}

struct counts {
    unsigned contents, documents, parameters, pickles, unreadable;
};

static void check_content(const char *name, const struct buffer *message, const sluice_value *data, struct counts *counts)
{
    struct wire_field field = field_of(message, FIELD_DATA);
    struct rope rope;
    sluice_document_array *array = NULL;
    sluice_error error = {0};
    rope_init(&rope);
    rope_append(&rope, NULL, field.data, field.size);
    sluice_status status = document_array_read_content(&rope, NULL, &array, &error);
    rope_done(&rope);
    if (sluice_value_get(data, "docs_bytes") != NULL) {
        ck_assert_msg(status == SLUICE_UNIMPLEMENTED, "%s: %s", name, error.text);
        counts->pickles++;
        return;
    }
    ck_assert_msg(status == SLUICE_OK, "%s: %s", name, error.text);
    sluice_value *found = sluice_value_new_map();
    set_documents(sluice_value_set_map(found, "docs"), "docs", array);
    same(name, found, data);
    sluice_value_free(found);
    struct block *block = NULL;
    ck_assert_int_eq(document_array_write_content(array, &block, NULL), SLUICE_OK);
    same_bytes(name, block->data, block->size, &field);
    block_unref(block);
    counts->contents++;
    counts->documents += (unsigned)sluice_document_array_size(array);
    sluice_document_array_free(array);
}

/* The field of a SingleDocumentRequestProto. */
static void check_single(const char *name, const struct buffer *message, const sluice_value *document)
{
    struct wire_field field = field_of(message, FIELD_DATA);
    struct buffer array_bytes;
    sluice_document_array *array = NULL;
    sluice_error error = {0};
    buffer_init(&array_bytes, BUFFER_NO_LIMIT);
    wire_append_bytes(&array_bytes, 1, field.data, field.size);
    sluice_status status = sluice_document_array_read(array_bytes.data, array_bytes.size, NULL, &array, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", name, error.text);
    sluice_value *found = sluice_value_new_map();
    fill(found, sluice_document_array_at(array, 0));
    same(name, found, document);
    sluice_value_free(found);
    sluice_document_array_free(array);
    buffer_done(&array_bytes);
}

static void check_parameters(const char *name, const struct buffer *message, const sluice_value *parameters)
{
    struct wire_field field = field_of(message, FIELD_PARAMETERS);
    sluice_value *map = NULL;
    sluice_error error = {0};
    sluice_status status = value_read_struct(field.data, field.size, NULL, &map, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", name, error.text);
    same(name, map, parameters);
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    value_write_struct(map, &buffer);
    same_bytes(name, buffer.data, buffer.size, &field);
    buffer_done(&buffer);
    sluice_value_free(map);
}

static void check_unreadable(const char *name, const struct buffer *message, struct counts *counts)
{
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    bool bad = false;
    while (wire_next(&reader, &field)) {
        struct rope rope;
        sluice_document_array *array = NULL;
        rope_init(&rope);
        rope_append(&rope, NULL, field.data != NULL ? field.data : (const uint8_t *)"", field.size);
        bad |= field.number == FIELD_DATA && document_array_read_content(&rope, NULL, &array, NULL) == SLUICE_INVALID;
        rope_done(&rope);
        sluice_document_array_free(array);
    }
    ck_assert_msg(bad || reader.malformed, "%s: Python could not read it, Sluice could", name);
    counts->unreadable++;
}

/* A message and what Python saw in it. */
static void check_message(const char *name, const sluice_value *decoded, struct counts *counts)
{
    struct buffer message = read_golden(name);
    if (sluice_value_kind_of(decoded) == SLUICE_VALUE_STRING) {
        check_unreadable(name, &message, counts);
    } else {
        if (sluice_value_get(decoded, "data") != NULL)
            check_content(name, &message, sluice_value_get(decoded, "data"), counts);
        if (sluice_value_get(decoded, "document") != NULL)
            check_single(name, &message, sluice_value_get(decoded, "document"));
        if (sluice_value_get(decoded, "parameters") != NULL && sluice_value_get(decoded, "schemas") == NULL) {
            check_parameters(name, &message, sluice_value_get(decoded, "parameters"));
            counts->parameters++;
        }
    }
    buffer_done(&message);
}

static void check_side(const sluice_value *entry, const char *files_key, const char *decoded_key, struct counts *counts)
{
    const sluice_value *files = sluice_value_get(entry, files_key), *decoded = sluice_value_get(entry, decoded_key);
    for (size_t i = 0; i < sluice_value_size(files); i++) {
        char name[200];
        sluice_text file = sluice_value_string(sluice_value_at(files, i));
        snprintf(name, sizeof name, "%.*s", (int)file.size, file.data);
        bool many = sluice_value_kind_of(decoded) == SLUICE_VALUE_LIST;
        check_message(name, many ? sluice_value_at(decoded, i) : decoded, counts);
    }
}

START_TEST(recorded_messages_mean_what_python_saw_and_come_back)
{
    struct buffer text = read_golden("index.json");
    sluice_value *index = NULL;
    sluice_error error = {0};
    sluice_status status = sluice_value_from_json((const char *)text.data, text.size, &index, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    buffer_done(&text);
    struct counts counts = {0};
    const sluice_value *cases = sluice_value_get(index, "cases");
    for (size_t i = 0; i < sluice_value_size(cases); i++) {
        check_side(sluice_value_at(cases, i), "request_files", "request", &counts);
        check_side(sluice_value_at(cases, i), "response_files", "response", &counts);
    }
    sluice_value_free(index);
    /* No fewer than the sections documents and requests hold: messages that get lost are noticed. */
    printf("%u contents, %u documents, %u parameters, %u pickles, %u unreadable\n", counts.contents, counts.documents,
           counts.parameters, counts.pickles, counts.unreadable);
    ck_assert_uint_ge(counts.contents, 232);
    ck_assert_uint_ge(counts.documents, 432);
    ck_assert_uint_ge(counts.parameters, 126);
    ck_assert_uint_ge(counts.pickles, 3);
    ck_assert_uint_ge(counts.unreadable, 3);
}
END_TEST

SUITE_MAIN("common.golden", recorded_messages_mean_what_python_saw_and_come_back)
