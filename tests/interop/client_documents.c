#include "tests/interop/client_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A short name or a text in a document; there is always memory here. */
static sluice_document *append(sluice_document_array *array, const char *id, const char *text)
{
    sluice_document *document = sluice_document_array_append(array);
    if (document == NULL || sluice_document_set_id(document, id, strlen(id)) != SLUICE_OK ||
        (text != NULL && sluice_document_set_string(document, text) != SLUICE_OK))
        abort();
    return document;
}

sluice_document_array *documents_texts(size_t count)
{
    sluice_document_array *array = sluice_document_array_new();
    for (size_t i = 0; i < count; i++) {
        char id[32], text[32];
        snprintf(id, sizeof id, "%04zu", i);
        snprintf(text, sizeof text, "text %zu", i);
        append(array, id, text);
    }
    return array;
}

sluice_document_array *documents_with_a_bad_one(void)
{
    sluice_document_array *array = sluice_document_array_new();
    append(array, "0", "good");
    append(array, "1", "BAD one");
    append(array, "2", "well");
    return array;
}

sluice_document_array *documents_large_text(void)
{
    static const char piece[] = "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8C\x8D"; /* one character of each length: ten bytes */
    sluice_document_array *array = sluice_document_array_new();
    sluice_document *document = append(array, "large", NULL);
    for (size_t size = 0; size < LARGE_TEXT_BYTES; size += sizeof piece - 1)
        if (sluice_document_append_text(document, piece, sizeof piece - 1) != SLUICE_OK)
            abort();
    return array;
}

/* ---- every field ---- */

static void add_tags(sluice_document *document)
{
    sluice_value *tags = sluice_document_edit_tags(document);
    sluice_value_set_number(tags, "number", 1.5);
    sluice_value_set_bool(tags, "flag", true);
    sluice_value_set_null(tags, "nothing");
    sluice_value_set_string(tags, "\xC3\xBC \xF0\x9F\x98\x80", "\xE4\xB8\x96\xE7\x95\x8C");
    sluice_value *inner = sluice_value_set_map(sluice_value_set_map(tags, "map"), "deeper");
    sluice_value_set_number(inner, "x", -2.25);
    sluice_value *list = sluice_value_set_list(tags, "list");
    sluice_value_append_number(list, 0.1);
    sluice_value_append_text(list, sluice_text_of("two"));
    sluice_value_append_number(sluice_value_append_list(list), 3.5);
}

static void add_fields(sluice_document_array *array)
{
    static const float location[] = {1, 2.5f, -3};
    sluice_document *document = append(array, "fields", "t");
    sluice_document_set_uri(document, "https://example.org/a?b=c", 25);
    sluice_document_set_mime_type(document, "text/plain", 10);
    sluice_document_set_modality(document, "text", 4);
    sluice_document_set_parent_id(document, "p", 1);
    sluice_document_set_weight(document, 0.125f);
    sluice_document_set_offset(document, 2);
    sluice_document_set_granularity(document, 3);
    sluice_document_set_adjacency(document, 2);
    sluice_document_set_location(document, location, sizeof location / sizeof location[0]);
    add_tags(document);
    const sluice_score half = {.value = 0.5f, .description = sluice_text_of("half")};
    const sluice_score cosine = {
        .value = -0.25f, .op_name = sluice_text_of("cosine"), .ref_id = sluice_text_of("fields")};
    sluice_document_set_score(document, "half", &half);
    sluice_document_set_score(document, "cos", &cosine);
    sluice_document_set_evaluation(document, "e", &half);
}

static void name_it(sluice_document *document, const char *id)
{
    if (document == NULL || sluice_document_set_id(document, id, strlen(id)) != SLUICE_OK ||
        sluice_document_set_string(document, id) != SLUICE_OK)
        abort();
}

static void add_nested(sluice_document_array *array)
{
    sluice_document *document = append(array, "nested", "one. two.");
    sluice_document *first = sluice_document_add_chunk(document);
    name_it(first, "c0");
    name_it(sluice_document_add_chunk(first), "c00");
    name_it(sluice_document_add_chunk(document), "c1");
    sluice_document *match = sluice_document_add_match(document);
    name_it(match, "m0");
    const sluice_score score = {.value = 0.75f, .op_name = sluice_text_of("cosine")};
    sluice_document_set_score(match, "cos", &score);
    name_it(sluice_document_add_match(match), "m00");
}

sluice_document_array *documents_every_kind(void)
{
    static const char nul[] = "before\0after",
                      emoji[] = "\xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9 \xF0\x9F\x8C\x8D";
    sluice_document_array *array = sluice_document_array_new();
    uint8_t bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    sluice_document_set_text(append(array, "nul", NULL), nul, sizeof nul - 1);
    append(array, "emoji", emoji);
    append(array, "controls", "\x01\x1F\x7F \" \\ / \b\f\n\r\t \xE2\x80\xA8");
    sluice_document_set_blob(append(array, "blob", NULL), bytes, sizeof bytes);
    add_fields(array);
    add_nested(array);
    return array;
}

/* ---- arrays of numbers ---- */

static void add_tensor(sluice_document_array *array, sluice_dtype dtype, bool big_endian)
{
    static const uint32_t shape[] = {2, 3};
    uint8_t bytes[6 * 16] = {0};
    char id[32];
    size_t size = sluice_dtype_size(dtype);
    for (size_t i = 0; i < 6 * size; i++) /* small exponents, so that none is NaN; 0 and 1 for truth values */
        bytes[i] = (uint8_t)(dtype == SLUICE_DTYPE_BOOL ? i % 2 : i % size == 0 || i % size == size - 1 ? i % 48 : 0);
    const sluice_tensor tensor = {
        .dtype = dtype, .big_endian = big_endian, .shape = shape, .dimensions = 2, .data = bytes, .size = 6 * size};
    snprintf(id, sizeof id, "%s%s", sluice_dtype_name(dtype), big_endian ? " big" : "");
    sluice_document *document = append(array, id, NULL);
    if (sluice_document_set_tensor(document, &tensor) != SLUICE_OK ||
        sluice_document_set_embedding(document, &tensor) != SLUICE_OK)
        abort();
}

sluice_document_array *documents_every_dtype(void)
{
    sluice_document_array *array = sluice_document_array_new();
    for (int dtype = SLUICE_DTYPE_BOOL; dtype <= SLUICE_DTYPE_COMPLEX128; dtype++)
        add_tensor(array, (sluice_dtype)dtype, false);
    add_tensor(array, SLUICE_DTYPE_INT16, true);
    add_tensor(array, SLUICE_DTYPE_FLOAT64, true);
    return array;
}

sluice_document_array *documents_for_json(void)
{
    static const float floats[] = {0.5f, -1, 3.25f, 1e-7f, 1e16f};
    static const double doubles[] = {0.1, 1e-300, -2, 4.5, 1e22, 7};
    static const int64_t integers[] = {1, -2, 9007199254740991};
    static const uint32_t rows[] = {2, 3}, three[] = {3}, none[] = {0};
    sluice_document_array *array = sluice_document_array_new();
    sluice_document_set_embedding_floats(append(array, "floats", "t"), floats, sizeof floats / sizeof floats[0]);
    const sluice_tensor matrix = {
        .dtype = SLUICE_DTYPE_FLOAT64, .shape = rows, .dimensions = 2, .data = doubles, .size = sizeof doubles};
    const sluice_tensor whole = {
        .dtype = SLUICE_DTYPE_INT64, .shape = three, .dimensions = 1, .data = integers, .size = sizeof integers};
    const sluice_tensor empty = {
        .dtype = SLUICE_DTYPE_FLOAT64, .shape = none, .dimensions = 1, .data = doubles, .size = 0};
    if (sluice_document_set_tensor(append(array, "matrix", NULL), &matrix) != SLUICE_OK ||
        sluice_document_set_tensor(append(array, "integers", NULL), &whole) != SLUICE_OK ||
        sluice_document_set_embedding(append(array, "empty", "t"), &empty) != SLUICE_OK)
        abort();
    return array;
}
