#include "common/document/codec.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static sluice_document_array *array;
static sluice_document *document;

static void start(void)
{
    array = sluice_document_array_new();
    document = sluice_document_array_append(array);
}

static void send(void)
{
    void *bytes;
    size_t size;
    ck_assert_int_eq(sluice_document_array_write(array, &bytes, &size, NULL), SLUICE_OK);
    sluice_document_array_free(array);
    ck_assert_int_eq(sluice_document_array_read(bytes, size, NULL, &array, NULL), SLUICE_OK);
    document = sluice_document_array_at(array, 0);
    free(bytes);
}

static void written_is(const char *bytes, size_t size)
{
    void *written;
    size_t written_size;
    ck_assert_int_eq(sluice_document_array_write(array, &written, &written_size, NULL), SLUICE_OK);
    ck_assert_uint_eq(written_size, size);
    ck_assert_mem_eq(written, bytes, size);
    free(written);
}

static const struct {
    sluice_text (*get)(const sluice_document *);
    sluice_status (*set)(sluice_document *, const void *, size_t);
    const char *head; /* tag and size of the field when it holds "a\0b" */
} texts[] = {
    {sluice_document_id, sluice_document_set_id, "\x0a\x03"},
    {sluice_document_parent_id, sluice_document_set_parent_id, "\x3a\x03"},
    {sluice_document_uri, sluice_document_set_uri, "\x4a\x03"},
    {sluice_document_modality, sluice_document_set_modality, "\x52\x03"},
    {sluice_document_mime_type, sluice_document_set_mime_type, "\x5a\x03"},
};

START_TEST(text_fields_travel_and_empty_clears)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        start();
        ck_assert_ptr_nonnull(texts[i].get(document).data);
        ck_assert_uint_eq(texts[i].get(document).size, 0);
        ck_assert_int_eq(texts[i].set(document, "a\0b", 3), SLUICE_OK);
        ck_assert_int_eq(texts[i].set(document, "\xff", 1), SLUICE_INVALID);
        char bytes[7] = "\x0a\x05";
        memcpy(bytes + 2, texts[i].head, 2);
        memcpy(bytes + 4, "a\0b", 3);
        written_is(bytes, 7);
        send();
        ck_assert_uint_eq(texts[i].get(document).size, 3);
        ck_assert_mem_eq(texts[i].get(document).data, "a\0b", 3);
        ck_assert_int_eq(texts[i].set(document, NULL, 0), SLUICE_OK);
        written_is("\x0a\x00", 2);
        sluice_document_array_free(array);
    }
}
END_TEST

START_TEST(numbers_travel_bit_by_bit)
{
    start();
    ck_assert_uint_eq(sluice_document_granularity(document), 0);
    ck_assert_float_eq(sluice_document_weight(document), 0);
    sluice_document_set_granularity(document, 4294967295u);
    sluice_document_set_adjacency(document, 7);
    sluice_document_set_weight(document, -0.0f);
    uint32_t bits = 0x7fa00001; /* a signalling NaN */
    float nan;
    memcpy(&nan, &bits, sizeof nan);
    sluice_document_set_offset(document, nan);
    const float values[] = {1, -0.0f, nan};
    ck_assert_int_eq(sluice_document_set_location(document, values, 3), SLUICE_OK);
    send();
    ck_assert_uint_eq(sluice_document_granularity(document), 4294967295u);
    ck_assert_uint_eq(sluice_document_adjacency(document), 7);
    ck_assert(signbit(sluice_document_weight(document)));
    float offset = sluice_document_offset(document);
    ck_assert_mem_eq(&offset, &nan, sizeof nan);
    size_t count;
    const float *location = sluice_document_location(document, &count);
    ck_assert_uint_eq(count, 3);
    ck_assert_mem_eq(location, values, sizeof values);
    ck_assert_int_eq(sluice_document_set_location(document, NULL, 0), SLUICE_OK);
    sluice_document_location(document, &count);
    ck_assert_uint_eq(count, 0);
    sluice_document_array_free(array);
}
END_TEST

START_TEST(text_blob_and_tensor_share_one_slot)
{
    sluice_tensor tensor = {.dtype = SLUICE_DTYPE_INT8, .data = "\x01", .size = 1}, back;
    start();
    ck_assert_int_eq(sluice_document_content(document), SLUICE_CONTENT_NONE);
    ck_assert_int_eq(sluice_document_set_text(document, "a\0b", 3), SLUICE_OK);
    ck_assert_int_eq(sluice_document_content(document), SLUICE_CONTENT_TEXT);
    ck_assert_uint_eq(sluice_document_text(document).size, 3);
    ck_assert_uint_eq(sluice_document_blob(document).size, 0);
    ck_assert_int_eq(sluice_document_set_blob(document, "\xff\x00", 2), SLUICE_OK);
    ck_assert_int_eq(sluice_document_content(document), SLUICE_CONTENT_BLOB);
    ck_assert_uint_eq(sluice_document_text(document).size, 0);
    send();
    ck_assert_mem_eq(sluice_document_blob(document).data, "\xff\x00", 2);
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
    ck_assert_int_eq(sluice_document_content(document), SLUICE_CONTENT_TENSOR);
    ck_assert_uint_eq(sluice_document_blob(document).size, 0);
    ck_assert_int_eq(sluice_document_set_text(document, "\xff", 1), SLUICE_INVALID);
    ck_assert(sluice_document_tensor(document, &back));
    ck_assert_int_eq(sluice_document_set_string(document, "t"), SLUICE_OK);
    ck_assert(!sluice_document_tensor(document, &back));
    ck_assert_int_eq(sluice_document_set_string(document, ""), SLUICE_OK);
    ck_assert_int_eq(sluice_document_content(document), SLUICE_CONTENT_NONE);
    sluice_document_set_blob(document, "x", 1);
    ck_assert_int_eq(sluice_document_set_blob(document, NULL, 0), SLUICE_OK);
    ck_assert_int_eq(sluice_document_content(document), SLUICE_CONTENT_NONE);
    sluice_document_set_string(document, "x");
    sluice_document_clear_content(document);
    written_is("\x0a\x00", 2);
    sluice_document_array_free(array);
}
END_TEST

START_TEST(text_grows_piece_by_piece)
{
    start();
    ck_assert_int_eq(sluice_document_append_text(document, "", 0), SLUICE_OK);
    ck_assert_int_eq(sluice_document_content(document), SLUICE_CONTENT_NONE);
    for (int i = 0; i < 3000; i++) {
        char piece[8];
        int size = snprintf(piece, sizeof piece, "%d ", i);
        ck_assert_int_eq(sluice_document_append_text(document, piece, (size_t)size), SLUICE_OK);
        if (i == 100)
            send(); /* what was received is not written to */
    }
    ck_assert_int_eq(sluice_document_append_text(document, "\xff", 1), SLUICE_INVALID);
    sluice_text text = sluice_document_text(document);
    const char *at = text.data;
    for (int i = 0; i < 3000; i++) {
        char *end;
        ck_assert_int_eq(strtol(at, &end, 10), i);
        at = end + 1;
    }
    ck_assert_ptr_eq(at, text.data + text.size);
    ck_assert_int_eq(sluice_document_append_text(document, text.data, 4), SLUICE_OK); /* of itself */
    ck_assert_mem_eq(sluice_document_text(document).data + text.size, "0 1 ", 4);
    sluice_document_set_blob(document, "blob", 4);
    ck_assert_int_eq(sluice_document_append_text(document, "new", 3), SLUICE_OK);
    ck_assert(sluice_text_is(sluice_document_text(document), "new"));
    sluice_document_array_free(array);
}
END_TEST

START_TEST(chunks_and_matches_know_their_parent)
{
    start();
    ck_assert_uint_eq(sluice_document_array_size(sluice_document_chunks(document)), 0);
    ck_assert_uint_eq(sluice_document_array_size(sluice_document_matches(document)), 0);
    ck_assert_ptr_null(sluice_document_array_at(sluice_document_chunks(document), 0));
    sluice_document_set_id(document, "parent", 6);
    sluice_document_set_granularity(document, 4);
    sluice_document_set_adjacency(document, 2);
    sluice_document *chunk = sluice_document_add_chunk(document), *match = sluice_document_add_match(document);
    ck_assert(sluice_text_is(sluice_document_parent_id(chunk), "parent"));
    ck_assert_uint_eq(sluice_document_granularity(chunk), 5);
    ck_assert_uint_eq(sluice_document_adjacency(chunk), 0);
    ck_assert_uint_eq(sluice_document_id(chunk).size, 32);
    ck_assert(sluice_text_is(sluice_document_parent_id(match), "parent"));
    ck_assert_uint_eq(sluice_document_adjacency(match), 3);
    ck_assert_uint_eq(sluice_document_granularity(match), 0);
    ck_assert_ptr_eq(sluice_document_array_at(sluice_document_chunks(document), 0), chunk);
    sluice_document_set_string(sluice_document_array_append(sluice_document_edit_chunks(document)), "second");
    send();
    ck_assert_uint_eq(sluice_document_array_size(sluice_document_chunks(document)), 2);
    ck_assert(sluice_text_is(sluice_document_text(sluice_document_array_at(sluice_document_chunks(document), 1)), "second"));
    ck_assert_uint_eq(sluice_document_array_size(sluice_document_matches(document)), 1);
    sluice_document_array_free(sluice_document_edit_chunks(document)); /* not an outermost one: nothing happens */
    sluice_document_array_free(array);
}
END_TEST

START_TEST(tags_and_metadata_are_maps)
{
    start();
    ck_assert_ptr_null(sluice_document_tags(document));
    ck_assert_ptr_null(sluice_document_metadata(document));
    sluice_value_set_number(sluice_document_edit_tags(document), "a", 1);
    sluice_value_set_bool(sluice_document_edit_metadata(document), "b", true);
    send();
    ck_assert_double_eq(sluice_value_number(sluice_value_get(sluice_document_tags(document), "a"), 0), 1);
    ck_assert(sluice_value_bool(sluice_value_get(sluice_document_metadata(document), "b"), false));
    sluice_value_free(sluice_document_edit_tags(document)); /* the array's: nothing happens */
    sluice_value_clear(sluice_document_edit_tags(document));
    ck_assert_uint_eq(sluice_value_size(sluice_document_tags(document)), 0);
    sluice_document_array_free(array);
}
END_TEST

static const struct {
    size_t (*size)(const sluice_document *);
    sluice_text (*at)(const sluice_document *, size_t, sluice_score *);
    bool (*get)(const sluice_document *, const char *, sluice_score *);
    sluice_status (*set)(sluice_document *, const char *, const sluice_score *);
} named[] = {
    {sluice_document_scores_size, sluice_document_score_at, sluice_document_score, sluice_document_set_score},
    {sluice_document_evaluations_size, sluice_document_evaluation_at, sluice_document_evaluation,
     sluice_document_set_evaluation},
};

START_TEST(scores_and_evaluations_have_names)
{
    for (size_t i = 0; i < 2; i++) {
        sluice_score score = {.value = 0.5f, .op_name = sluice_text_of("op"), .description = sluice_text_of("de"),
                              .ref_id = sluice_text_of("id")}, back;
        start();
        ck_assert_uint_eq(named[i].size(document), 0);
        ck_assert(!named[i].get(document, "a", &back));
        ck_assert_int_eq(named[i].set(document, "a", &score), SLUICE_OK);
        ck_assert_int_eq(named[i].set(document, "b", &(sluice_score){.value = -0.0f}), SLUICE_OK);
        ck_assert_int_eq(named[i].set(document, "a", &(sluice_score){.op_name = {"\xff", 1}}), SLUICE_INVALID);
        send();
        ck_assert_uint_eq(named[i].size(document), 2);
        ck_assert_uint_eq(named[1 - i].size(document), 0);
        ck_assert(sluice_text_is(named[i].at(document, 0, &back), "a"));
        ck_assert_float_eq(back.value, 0.5f);
        ck_assert(sluice_text_is(back.op_name, "op") && sluice_text_is(back.description, "de") &&
                  sluice_text_is(back.ref_id, "id"));
        ck_assert(named[i].get(document, "b", &back));
        ck_assert(signbit(back.value));
        ck_assert(sluice_text_is(back.op_name, ""));
        ck_assert(named[i].get(document, "b", NULL));
        ck_assert(sluice_text_is(named[i].at(document, 2, &back), ""));
        score.value = 2;
        ck_assert_int_eq(named[i].set(document, "a", &score), SLUICE_OK);
        ck_assert_uint_eq(named[i].size(document), 2);
        ck_assert(named[i].get(document, "a", &back) && back.value == 2.0f);
        ck_assert_int_eq(named[i].set(document, "a", NULL), SLUICE_OK);
        ck_assert_int_eq(named[i].set(document, "a", NULL), SLUICE_OK);
        ck_assert_uint_eq(named[i].size(document), 1);
        for (int more = 0; more < 100; more++) {
            char name[16];
            snprintf(name, sizeof name, "n%d", more);
            ck_assert_int_eq(named[i].set(document, name, &(sluice_score){.value = (float)more}), SLUICE_OK);
        }
        ck_assert_int_eq(named[i].set(document, "n50", NULL), SLUICE_OK);
        send();
        ck_assert(!named[i].get(document, "n50", &back));
        ck_assert(named[i].get(document, "n99", &back) && back.value == 99.0f);
        sluice_document_array_free(array);
    }
}
END_TEST

START_TEST(texts_of_c_strings)
{
    ck_assert_uint_eq(sluice_text_of(NULL).size, 0);
    ck_assert_ptr_nonnull(sluice_text_of(NULL).data);
    ck_assert(sluice_text_is(sluice_text_of("abc"), "abc"));
    ck_assert(!sluice_text_is(sluice_text_of("abc"), "abd"));
    ck_assert(!sluice_text_is(sluice_text_of("abc"), "ab"));
    ck_assert(sluice_text_is((sluice_text){NULL, 0}, ""));
}
END_TEST

SUITE_MAIN("common.document", text_fields_travel_and_empty_clears, numbers_travel_bit_by_bit,
           text_blob_and_tensor_share_one_slot, text_grows_piece_by_piece, chunks_and_matches_know_their_parent,
           tags_and_metadata_are_maps, scores_and_evaluations_have_names, texts_of_c_strings)
