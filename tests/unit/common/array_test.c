#include "common/document/codec.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static sluice_document *add(sluice_document_array *array, const char *id)
{
    sluice_document *document = sluice_document_array_append(array);
    ck_assert_ptr_nonnull(document);
    ck_assert_int_eq(sluice_document_set_id(document, id, strlen(id)), SLUICE_OK);
    return document;
}

/* The ids, joined by blanks. */
static const char *ids(const sluice_document_array *array)
{
    static char text[1000];
    text[0] = '\0';
    for (size_t i = 0; i < sluice_document_array_size(array); i++) {
        sluice_text id = sluice_document_id(sluice_document_array_at(array, i));
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i > 0 ? " " : "", (int)id.size, id.data);
    }
    return text;
}

START_TEST(documents_are_appended_inserted_and_removed)
{
    sluice_document_array *array = sluice_document_array_new();
    ck_assert_uint_eq(sluice_document_array_size(array), 0);
    ck_assert_ptr_null(sluice_document_array_at(array, 0));
    sluice_document *b = add(array, "b");
    add(array, "d");
    sluice_document_set_id(sluice_document_array_insert(array, 0), "a", 1);
    sluice_document_set_id(sluice_document_array_insert(array, 2), "c", 1);
    sluice_document_set_id(sluice_document_array_insert(array, 4), "e", 1);
    ck_assert_ptr_null(sluice_document_array_insert(array, 6));
    ck_assert_str_eq(ids(array), "a b c d e");
    ck_assert_ptr_eq(sluice_document_array_at(array, 1), b);
    ck_assert(sluice_document_array_remove(array, 0));
    ck_assert(sluice_document_array_remove(array, 3));
    ck_assert(!sluice_document_array_remove(array, 3));
    ck_assert_str_eq(ids(array), "b c d");
    sluice_document_array_clear(array);
    ck_assert_uint_eq(sluice_document_array_size(array), 0);
    add(array, "x");
    ck_assert_str_eq(ids(array), "x");
    sluice_document_array_free(array);
    sluice_document_array_free(NULL);
}
END_TEST

enum { MANY = 3000 };

START_TEST(the_first_document_of_an_id_is_found)
{
    sluice_document_array *array = sluice_document_array_new();
    char id[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "%d", i % (MANY / 2)); /* every id twice */
        add(array, id);
        if (i % 500 == 0)
            ck_assert_ptr_eq(sluice_document_array_find(array, sluice_text_of("0")), sluice_document_array_at(array, 0));
    }
    for (int i = 0; i < MANY / 2; i++) {
        snprintf(id, sizeof id, "%d", i);
        ck_assert_ptr_eq(sluice_document_array_find(array, sluice_text_of(id)), sluice_document_array_at(array, (size_t)i));
    }
    ck_assert_ptr_null(sluice_document_array_find(array, sluice_text_of("none")));
    sluice_document *seventh = sluice_document_array_at(array, 7);
    sluice_document_set_id(seventh, "none", 4); /* the index notices */
    ck_assert_ptr_eq(sluice_document_array_find(array, sluice_text_of("none")), seventh);
    ck_assert_ptr_eq(sluice_document_array_find(array, sluice_text_of("7")), sluice_document_array_at(array, MANY / 2 + 7));
    sluice_document_array_remove(array, 0);
    ck_assert_ptr_eq(sluice_document_array_find(array, sluice_text_of("0")), sluice_document_array_at(array, MANY / 2 - 1));
    sluice_document_array_free(array);
    array = sluice_document_array_new();
    sluice_document *nameless = sluice_document_array_append(array);
    ck_assert_ptr_eq(sluice_document_array_find(array, (sluice_text){NULL, 0}), nameless);
    sluice_document_array_free(array);
}
END_TEST

/* a(chunks: b(matches: c), d; matches: e), f */
static sluice_document_array *tree(void)
{
    sluice_document_array *array = sluice_document_array_new();
    sluice_document *a = add(array, "a");
    sluice_document *b = add(sluice_document_edit_chunks(a), "b");
    add(sluice_document_edit_matches(b), "c");
    add(sluice_document_edit_chunks(a), "d");
    add(sluice_document_edit_matches(a), "e");
    add(array, "f");
    return array;
}

static bool collect(sluice_document *document, void *context)
{
    char *text = context;
    sluice_text id = sluice_document_id(document);
    strncat(text, id.data, id.size);
    return strlen(text) < 8;
}

static void walks(const sluice_document_array *array, const char *paths, const char *wanted)
{
    char text[16] = "";
    ck_assert_int_eq(sluice_document_array_traverse(array, paths, collect, text), SLUICE_OK);
    ck_assert_str_eq(text, wanted);
}

START_TEST(paths_lead_to_documents)
{
    sluice_document_array *array = tree();
    walks(array, "r", "af");
    walks(array, "", "af");
    walks(array, "c", "bd");
    walks(array, "m", "e");
    walks(array, "cm", "c");
    walks(array, "rc", "bd");
    walks(array, "cc", "");
    walks(array, "m,r,cm", "eafc");
    walks(array, "r,r,r,r,r,r", "afafafaf"); /* stopped by the visitor */
    char text[16] = "";
    ck_assert_int_eq(sluice_document_array_traverse(array, "r,x", collect, text), SLUICE_INVALID);
    ck_assert_int_eq(sluice_document_array_traverse(array, "c m", collect, text), SLUICE_INVALID);
    ck_assert_str_eq(text, ""); /* checked before the first visit */
    sluice_document_array_free(array);
}
END_TEST

START_TEST(flat_means_chunks_matches_parent)
{
    sluice_document_array *array = tree(), *flat;
    ck_assert_int_eq(sluice_document_array_flatten(array, &flat), SLUICE_OK);
    sluice_document_array_free(array);
    ck_assert_str_eq(ids(flat), "c b d e a f");
    for (size_t i = 0; i < 6; i++)
        ck_assert_uint_eq(sluice_document_array_size(sluice_document_chunks(sluice_document_array_at(flat, i))), 0);
    sluice_document_array_free(flat);
    array = sluice_document_array_new();
    add(array, "x");
    ck_assert_int_eq(sluice_document_array_flatten(sluice_document_chunks(sluice_document_array_at(array, 0)), &flat), SLUICE_OK);
    ck_assert_uint_eq(sluice_document_array_size(flat), 0);
    sluice_document_array_free(flat);
    sluice_document_array_free(array);
}
END_TEST

static void bytes_equal(const sluice_document_array *a, const sluice_document_array *b)
{
    void *first, *second;
    size_t first_size, second_size;
    ck_assert_int_eq(sluice_document_array_write(a, &first, &first_size, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_document_array_write(b, &second, &second_size, NULL), SLUICE_OK);
    ck_assert_uint_eq(first_size, second_size);
    ck_assert_mem_eq(first, second, first_size);
    free(first);
    free(second);
}

START_TEST(copies_are_deep_and_complete)
{
    sluice_document_array *array = tree(), *copy = sluice_document_array_new();
    sluice_document *a = sluice_document_array_at(array, 0);
    sluice_value_set_number(sluice_value_set_map(sluice_document_edit_tags(a), "m"), "n", 1);
    sluice_value_set_string(sluice_document_edit_metadata(a), "k", "v");
    sluice_document_set_embedding_floats(a, (const float[]){1, 2}, 2);
    sluice_document_set_tensor(a, &(sluice_tensor){.dtype = SLUICE_DTYPE_INT8, .data = "x", .size = 1});
    sluice_document_set_location(a, (const float[]){1, 2, 3}, 3);
    sluice_document_set_score(a, "s", &(sluice_score){.value = 1, .op_name = sluice_text_of("o")});
    sluice_document_set_evaluation(a, "e", &(sluice_score){.ref_id = sluice_text_of("r")});
    sluice_document_set_weight(a, 1);
    sluice_document_set_offset(a, 2);
    sluice_document_set_granularity(a, 3);
    sluice_document_set_adjacency(a, 4);
    sluice_document_set_uri(a, "u", 1);
    sluice_document_set_modality(a, "m", 1);
    sluice_document_set_mime_type(a, "t", 1);
    sluice_document_set_parent_id(a, "p", 1);
    sluice_document_set_blob(sluice_document_array_at(array, 1), "\xff", 1);
    ck_assert_int_eq(sluice_document_array_extend(copy, array), SLUICE_OK);
    bytes_equal(array, copy);
    ck_assert_int_eq(sluice_document_array_extend(array, array), SLUICE_OK);
    ck_assert_str_eq(ids(array), "a f a f");
    sluice_document_array_free(array);
    ck_assert_str_eq(ids(copy), "a f"); /* does not need the other */
    sluice_document_array_free(copy);
}
END_TEST

START_TEST(a_document_may_be_copied_into_its_own_chunks)
{
    sluice_document_array *array = tree();
    sluice_document *a = sluice_document_array_at(array, 0);
    sluice_document *copy = sluice_document_array_append_copy(sluice_document_edit_chunks(a), a);
    ck_assert_ptr_nonnull(copy);
    ck_assert_str_eq(ids(sluice_document_chunks(a)), "b d a");
    ck_assert_str_eq(ids(sluice_document_chunks(copy)), "b d");
    sluice_document_array_free(array);
}
END_TEST

SUITE_MAIN("common.array", documents_are_appended_inserted_and_removed, the_first_document_of_an_id_is_found,
           paths_lead_to_documents, flat_means_chunks_matches_parent, copies_are_deep_and_complete,
           a_document_may_be_copied_into_its_own_chunks)
