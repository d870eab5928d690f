/* The endpoints of vector_index, as a client of the plugin sees them. */
#include "index_kit.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_three(void)
{
    kit_begin(&index_kit);
    INDEX_ADD("a", 1, 0);
    INDEX_ADD("b", 0, 1);
    INDEX_ADD("c", 1, 1);
    index_send("/index", NULL);
}

static void ask(float x, float y, const char *parameters)
{
    kit_begin(&index_kit);
    INDEX_ADD("q", x, y);
    index_send("/search", parameters);
}

/* ---- keeping ---- */

START_TEST(what_is_indexed_is_found)
{
    index_open(NULL);
    add_three();
    ck_assert_double_eq(index_result("indexed"), 3);
    ck_assert_double_eq(index_result("replaced"), 0);
    ask(1, 0.1f, NULL);
    index_matches(0, "a c b");
    ck_assert_double_eq(index_status("count"), 3);
    ck_assert_double_eq(index_status("dimension"), 2);
    ck_assert_double_ge(index_status("bytes"), 4096);
    ck_assert_double_gt(index_status("memory_bytes"), 0);
}
END_TEST

START_TEST(indexing_gives_the_documents_back_as_they_came)
{
    index_open(NULL);
    kit_begin(&index_kit);
    sluice_document *document = INDEX_ADD("a", 1, 2);
    sluice_document_add_match(document);
    index_send("/index", NULL);
    sluice_tensor embedding;
    ck_assert(sluice_document_embedding(kit_document(&index_kit, 0), &embedding));
    ck_assert_uint_eq(sluice_document_array_size(sluice_document_matches(kit_document(&index_kit, 0))), 1);
}
END_TEST

START_TEST(an_id_that_is_there_is_replaced)
{
    index_open(NULL);
    add_three();
    kit_begin(&index_kit);
    INDEX_ADD("a", 0, 5);
    INDEX_ADD("new", 3, 3);
    INDEX_ADD("new", 4, 0.5f); /* the last one of a request stays */
    index_send("/index", NULL);
    ck_assert_double_eq(index_result("indexed"), 3);
    ck_assert_double_eq(index_result("replaced"), 2);
    ask(1, 0, "{\"metric\": \"euclidean\"}");
    index_matches(0, "c b new a");
    index_reopen(NULL);
    ask(1, 0, "{\"metric\": \"euclidean\"}");
    index_matches(0, "c b new a");
}
END_TEST

START_TEST(update_replaces_what_is_there_only)
{
    index_open(NULL);
    kit_begin(&index_kit);
    INDEX_ADD("x", 1, 1, 1);
    index_send("/update", NULL); /* of an empty index: nothing, and no dimension either */
    ck_assert_double_eq(index_result("updated"), 0);
    ck_assert_double_eq(index_result("missing"), 1);
    add_three();
    kit_begin(&index_kit);
    INDEX_ADD("a", 0, 9);
    INDEX_ADD("other", 1, 0);
    index_send("/update", NULL);
    ck_assert_double_eq(index_result("updated"), 1);
    ck_assert_double_eq(index_result("missing"), 1);
    ask(1, 0, "{\"metric\": \"euclidean\"}");
    index_matches(0, "c b a");
}
END_TEST

START_TEST(delete_takes_documents_and_ids)
{
    index_open(NULL);
    add_three();
    kit_begin(&index_kit);
    kit_add(&index_kit, "no embedding is needed", 5); /* its id is d0 */
    sluice_document_set_id(sluice_document_array_at(index_kit.sent, 0), "a", 1);
    index_send("/delete", "{\"ids\": [\"b\", \"b\", \"unknown\"]}");
    ck_assert_double_eq(index_result("deleted"), 2);
    ck_assert_double_eq(index_result("missing"), 2);
    ask(1, 0, NULL);
    index_matches(0, "c");
    index_reopen(NULL);
    ck_assert_double_eq(index_status("count"), 1);
    kit_begin(&index_kit);
    index_send("/delete", "{\"ids\": [\"c\"]}");
    ask(1, 0, NULL);
    index_matches(0, "");
    add_three(); /* rows are used again */
    ask(1, 0, NULL);
    index_matches(0, "a c b");
}
END_TEST

START_TEST(everything_is_there_after_a_restart)
{
    index_open(NULL);
    kit_begin(&index_kit);
    sluice_document *document = INDEX_ADD("ключ\n", 0.25f, -3);
    sluice_document_set_uri(document, "file:///a", 9);
    sluice_value_set_number(sluice_document_edit_tags(document), "year", 1999);
    sluice_document_set_string(sluice_document_add_chunk(document), "a chunk");
    sluice_document_add_match(document);
    index_send("/index", NULL);
    index_reopen(NULL);
    ask(0.25f, -3, "{\"return_embeddings\": true, \"filter\": {\"tags__year\": {\"$eq\": 1999}}}");
    const sluice_document *match = sluice_document_array_at(sluice_document_matches(kit_document(&index_kit, 0)), 0);
    ck_assert_ptr_nonnull(match);
    kit_equal(sluice_document_id(match), "ключ\n", 9);
    kit_equal(sluice_document_uri(match), "file:///a", 9);
    kit_equal(sluice_document_text(match), "ключ\n", 9);
    ck_assert_uint_eq(sluice_document_array_size(sluice_document_chunks(match)), 1);
    ck_assert_uint_eq(sluice_document_array_size(sluice_document_matches(match)), 0);
    ck_assert_uint_eq(sluice_document_adjacency(match), 1);
    sluice_tensor embedding;
    ck_assert(sluice_document_embedding(match, &embedding));
    ck_assert_uint_eq(embedding.dtype, SLUICE_DTYPE_FLOAT32);
    ck_assert_double_eq(sluice_tensor_number(&embedding, 0), 0.25);
    ck_assert_double_eq(sluice_tensor_number(&embedding, 1), -3);
}
END_TEST

START_TEST(an_empty_request_is_fine)
{
    index_open(NULL);
    kit_begin(&index_kit);
    index_send("/index", NULL);
    ck_assert_double_eq(index_result("indexed"), 0);
    index_send("/search", NULL);
    index_send("/delete", NULL);
    ck_assert_double_eq(index_result("deleted"), 0);
}
END_TEST

/* ---- searching ---- */

START_TEST(scores_are_named_and_ordered_by_metric)
{
    index_open(NULL);
    kit_begin(&index_kit);
    INDEX_ADD("near", 1, 0);
    INDEX_ADD("far", -2, 0);
    INDEX_ADD("long", 10, 10);
    INDEX_ADD("zero", 0, 0);
    index_send("/index", NULL);
    ask(2, 0, NULL);
    index_matches(0, "near long zero far");
    ck_assert_float_eq_tol(index_score(0, 0, "cosine"), 0, 1e-6f);
    ck_assert_float_eq_tol(index_score(0, 1, "cosine"), 1 - sqrtf(0.5f), 1e-6f);
    ck_assert_float_eq(index_score(0, 2, "cosine"), 1);
    ck_assert_float_eq(index_score(0, 3, "cosine"), 2);
    ask(2, 0, "{\"metric\": \"inner_product\"}");
    index_matches(0, "long near zero far");
    ck_assert_float_eq(index_score(0, 0, "inner_product"), 20);
    ck_assert_float_eq(index_score(0, 3, "inner_product"), -4);
    ask(2, 0, "{\"metric\": \"euclidean\"}");
    index_matches(0, "near zero far long");
    ck_assert_float_eq(index_score(0, 0, "euclidean"), 1);
    ck_assert_float_eq_tol(index_score(0, 3, "euclidean"), sqrtf(164), 1e-5f);
    ask(0, 0, NULL); /* all are equally near to nothing */
    index_matches(0, "far long near zero");
}
END_TEST

START_TEST(equal_scores_are_ordered_by_id)
{
    index_open("\"limit\": 3");
    kit_begin(&index_kit);
    INDEX_ADD("m", 1, 1);
    INDEX_ADD("b", 1, 1);
    INDEX_ADD("a", 1, 1);
    INDEX_ADD("ab", 1, 1);
    INDEX_ADD("z", 1, 1);
    index_send("/index", NULL);
    ask(1, 1, NULL);
    index_matches(0, "a ab b");
    ask(1, 1, "{\"limit\": 1}");
    index_matches(0, "a");
    ask(1, 1, "{\"limit\": 10000}");
    index_matches(0, "a ab b m z");
}
END_TEST

START_TEST(matches_of_before_are_replaced_and_adjacency_counts)
{
    index_open(NULL);
    add_three();
    kit_begin(&index_kit);
    sluice_document *query = INDEX_ADD("q", 1, 0);
    sluice_document_set_adjacency(query, 4);
    sluice_document_add_match(query);
    index_send("/search", "{\"limit\": 2}");
    index_matches(0, "a c");
    const sluice_document *match = sluice_document_array_at(sluice_document_matches(kit_document(&index_kit, 0)), 1);
    ck_assert_uint_eq(sluice_document_adjacency(match), 5);
    sluice_tensor embedding;
    ck_assert(!sluice_document_embedding(match, &embedding));
}
END_TEST

START_TEST(traversal_paths_choose_the_documents)
{
    index_open("\"index_traversal_path\": \"c\", \"search_traversal_path\": \"@r\"");
    kit_begin(&index_kit);
    sluice_document *document = kit_add(&index_kit, "whole", 5);
    for (unsigned i = 0; i < 3; i++) {
        sluice_document *chunk = sluice_document_add_chunk(document);
        char id[16];
        snprintf(id, sizeof id, "c%u", i);
        sluice_document_set_id(chunk, id, 2);
        sluice_document_set_embedding_floats(chunk, (const float[]){(float)i, 1}, 2);
    }
    index_send("/index", NULL);
    ck_assert_double_eq(index_result("indexed"), 3);
    ask(1, 1, NULL);
    index_matches(0, "c1 c2 c0");
    const sluice_document *match = sluice_document_array_at(sluice_document_matches(kit_document(&index_kit, 0)), 0);
    kit_equal(sluice_document_parent_id(match), "d0", 2);
    kit_begin(&index_kit);
    kit_add(&index_kit, "without chunks", 14);
    index_send("/search", "{\"traversal_path\": \"c\"}");
    index_matches(0, "");
}
END_TEST

START_TEST(many_queries_are_answered_as_one_by_one)
{
    enum { DOCUMENTS = 500, QUERIES = 150, DIMENSION = 19 };
    float vector[DIMENSION];
    char id[16], alone[QUERIES][512] = {""};
    index_open("\"limit\": 5");
    srand(7);
    kit_begin(&index_kit);
    for (unsigned i = 0; i < DOCUMENTS; i++) {
        for (unsigned j = 0; j < DIMENSION; j++)
            vector[j] = (float)rand() / (float)RAND_MAX - 0.5f;
        snprintf(id, sizeof id, "d%u", i);
        index_add(id, vector, DIMENSION);
    }
    index_send("/index", NULL);
    sluice_document_array *queries = index_kit.sent;
    index_kit.sent = NULL;
    for (unsigned i = 0; i < QUERIES; i++) {
        kit_begin(&index_kit);
        sluice_document_array_append_copy(index_kit.sent, sluice_document_array_at(queries, i));
        index_send("/search", NULL);
        char *json = NULL;
        size_t size = 0;
        sluice_document *best = sluice_document_array_at(sluice_document_matches(kit_document(&index_kit, 0)), 4);
        ck_assert_int_eq(sluice_document_to_json(best, &json, &size, NULL), SLUICE_OK);
        snprintf(alone[i], sizeof alone[i], "%s", json);
        free(json);
    }
    kit_begin(&index_kit);
    for (unsigned i = 0; i < QUERIES; i++)
        sluice_document_array_append_copy(index_kit.sent, sluice_document_array_at(queries, i));
    sluice_document_array_free(queries);
    index_send("/search", NULL);
    for (unsigned i = 0; i < QUERIES; i++) {
        char *json = NULL;
        size_t size = 0;
        sluice_document *best = sluice_document_array_at(sluice_document_matches(kit_document(&index_kit, i)), 4);
        ck_assert_int_eq(sluice_document_to_json(best, &json, &size, NULL), SLUICE_OK);
        ck_assert_str_eq(json, alone[i]); /* the score to its last bit, too */
        free(json);
    }
}
END_TEST

START_TEST(a_filter_chooses)
{
    index_open(NULL);
    kit_begin(&index_kit);
    for (int year = 1990; year < 2010; year++) {
        char id[16];
        snprintf(id, sizeof id, "y%d", year);
        sluice_value_set_number(sluice_document_edit_tags(INDEX_ADD(id, (float)(year - 1989), 1)), "year", year);
    }
    INDEX_ADD("none", 1, 1);
    index_send("/index", NULL);
    const char *some = "{\"metric\": \"euclidean\", \"filter\": {\"tags__year\": {\"$gte\": 1995, \"$lt\": 1998}}}";
    ask(0, 0, some);
    index_matches(0, "y1995 y1996 y1997");
    ask(0, 0, "{\"metric\": \"euclidean\", \"filter\": {\"tags__year\": {\"$exists\": false}}}");
    index_matches(0, "none");
    ask(0, 0, "{\"limit\": 30, \"filter\": {}}");
    ck_assert_uint_eq(sluice_document_array_size(sluice_document_matches(kit_document(&index_kit, 0))), 21);
    ask(0, 0, "{\"filter\": {\"tags__year\": {\"$gt\": 3000}}}");
    index_matches(0, "");
    kit_begin(&index_kit);
    for (unsigned i = 0; i < 100; i++) /* each of many, too */
        INDEX_ADD("q", 0, 0);
    index_send("/search", some);
    for (unsigned i = 0; i < 100; i++)
        index_matches(i, "y1995 y1996 y1997");
    index_fails("/search", "{\"filter\": {\"year\": {\"$gt\": 1}}}",
                "ValueError('\"year\" is no key of a filter; use \"tags__NAME\", $and, $or or $not')");
}
END_TEST

/* ---- refusing ---- */

START_TEST(a_bad_document_fails_its_request_whole)
{
    index_open(NULL);
    add_three();
    kit_begin(&index_kit);
    INDEX_ADD("x", 5, 5);
    kit_add(&index_kit, "y", 1);
    index_fails("/index", NULL, "ValueError('document 1 (\"d1\") has no embedding; put an encoder before the index')");
    index_fails("/search", NULL, "ValueError('document 1 (\"d1\") has no embedding; put an encoder before the index')");
    kit_begin(&index_kit);
    INDEX_ADD("x", 5, 5);
    INDEX_ADD("y", 1, 2, 3);
    index_fails("/index", NULL, "ValueError('document 1 (\"y\") has an embedding of 3 numbers instead of 2')");
    index_fails("/update", NULL, "ValueError('document 1 (\"y\") has an embedding of 3 numbers instead of 2')");
    index_fails("/search", NULL, "ValueError('document 1 (\"y\") has an embedding of 3 numbers instead of 2')");
    kit_begin(&index_kit);
    INDEX_ADD("", 5, 5);
    index_fails("/index", NULL, "ValueError('document 0 (\"\") has no id')");
    index_fails("/delete", NULL, "ValueError('document 0 has no id')");
    ck_assert_double_eq(index_status("count"), 3);
}
END_TEST

START_TEST(numbers_that_cannot_be_compared_are_refused)
{
    const float bad[] = {NAN, INFINITY, -INFINITY, 1e19f};
    index_open(NULL);
    for (unsigned i = 0; i < 4; i++) {
        kit_begin(&index_kit);
        INDEX_ADD("x", 1, bad[i]);
        index_fails("/index", NULL, "ValueError('document 0 (\"x\") has an embedding that is not finite, or too long: its squared "
                                    "length may be 8.5e37')");
    }
    kit_begin(&index_kit);
    INDEX_ADD("long", 6.4e18f, 6.4e18f);
    INDEX_ADD("opposite", -6.4e18f, -6.4e18f);
    INDEX_ADD("tiny", 1e-40f, 0);
    index_send("/index", NULL);
    ask(6.4e18f, 6.4e18f, "{\"metric\": \"euclidean\"}");
    index_matches(0, "long tiny opposite");
    ck_assert(isfinite(index_score(0, 2, "euclidean")));
    ask(6.4e18f, 6.4e18f, NULL);
    for (size_t i = 0; i < 3; i++)
        ck_assert(isfinite(index_score(0, i, "cosine")));
}
END_TEST

START_TEST(real_dtypes_of_any_shape_are_taken)
{
    index_open(NULL);
    kit_begin(&index_kit);
    double numbers[] = {1, 2, 3, 4};
    uint32_t shape[] = {2, 2};
    sluice_tensor tensor = {.dtype = SLUICE_DTYPE_FLOAT64, .shape = shape, .dimensions = 2, .data = numbers, .size = 32};
    sluice_document_set_embedding(INDEX_ADD("a", 0), &tensor);
    int8_t small[] = {-1, 2, 3, 4};
    tensor = (sluice_tensor){.dtype = SLUICE_DTYPE_INT8, .shape = shape, .dimensions = 2, .data = small, .size = 4};
    sluice_document_set_embedding(INDEX_ADD("b", 0), &tensor);
    index_send("/index", NULL);
    kit_begin(&index_kit);
    INDEX_ADD("q", 1, 2, 3, 4);
    index_send("/search", "{\"metric\": \"euclidean\"}");
    index_matches(0, "a b");
    ck_assert_float_eq(index_score(0, 1, "euclidean"), 2);
    kit_begin(&index_kit);
    float pairs[] = {1, 2, 3, 4, 5, 6, 7, 8};
    tensor = (sluice_tensor){.dtype = SLUICE_DTYPE_COMPLEX64, .shape = shape, .dimensions = 2, .data = pairs, .size = 32};
    sluice_document_set_embedding(INDEX_ADD("c", 0), &tensor);
    index_fails("/index", NULL, "ValueError('document 0 (\"c\") has an embedding whose numbers are not real; use float32')");
}
END_TEST

START_TEST(the_dimension_may_be_set)
{
    index_open("\"dimension\": 3");
    kit_begin(&index_kit);
    INDEX_ADD("a", 1, 2);
    index_fails("/index", NULL, "ValueError('document 0 (\"a\") has an embedding of 2 numbers instead of 3')");
    index_fails("/search", NULL, "ValueError('document 0 (\"a\") has an embedding of 2 numbers instead of 3')");
    kit_begin(&index_kit);
    INDEX_ADD("a", 1, 2, 3);
    index_send("/index", NULL);
    index_reopen("\"dimension\": 3");
    kit_close(&index_kit);
    index_refused("\"dimension\": 4", "holds vectors of 3 numbers, dimension is set to 4");
}
END_TEST

START_TEST(the_edge_of_the_dimension)
{
    enum { MOST = 65536 };
    static float vector[MOST + 1] = {1};
    index_open(NULL);
    kit_begin(&index_kit);
    index_add("more", vector, MOST + 1);
    index_fails("/index", NULL,
                "ValueError('document 0 (\"more\") has an embedding without numbers, or with more than 65536')");
    kit_begin(&index_kit);
    index_add("most", vector, MOST);
    index_send("/index", NULL);
    index_send("/search", NULL);
    index_matches(0, "most");
    kit_close(&index_kit);
    kit_refused("vector_index", "{\"dimension\": 65537}", "65536");
    index_open("\"dimension\": 65536");
}
END_TEST

static const struct {
    const char *endpoint, *parameters, *description;
} wrong_parameters[] = {
    {"/search", "{\"limit\": 0}", "ValueError('limit must be a whole number from 1 to 10000')"},
    {"/search", "{\"limit\": 10001}", "ValueError('limit must be a whole number from 1 to 10000')"},
    {"/search", "{\"limit\": 1.5}", "ValueError('limit must be a whole number from 1 to 10000')"},
    {"/search", "{\"metric\": \"manhattan\"}", "ValueError('metric must be \"cosine\", \"inner_product\" or \"euclidean\"')"},
    {"/search", "{\"return_embeddings\": 1}", "ValueError('return_embeddings must be true or false')"},
    {"/search", "{\"filter\": 3}", "ValueError('a filter is a map, such as {\"tags__year\": {\"$gt\": 2000}}')"},
    {"/index", "{\"traversal_path\": \"x\"}",
     "ValueError('traversal_path \"x\" must be made of r, c, m and commas, such as \"r\" or \"r,c\"')"},
    {"/delete", "{\"ids\": \"a\"}", "ValueError('ids must be a list of strings')"},
    {"/delete", "{\"ids\": [3]}", "ValueError('ids must be a list of strings, none of them empty')"},
};

START_TEST(wrong_parameters_are_refused)
{
    index_open(NULL);
    add_three();
    kit_begin(&index_kit);
    INDEX_ADD("q", 1, 0);
    index_fails(wrong_parameters[_i].endpoint, wrong_parameters[_i].parameters, wrong_parameters[_i].description);
    index_send("/index", "{\"limit\": 0}"); /* is not its parameter */
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("vector_index");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, index_make_folder, index_remove_folder);
    tcase_add_test(tests, what_is_indexed_is_found);
    tcase_add_test(tests, indexing_gives_the_documents_back_as_they_came);
    tcase_add_test(tests, an_id_that_is_there_is_replaced);
    tcase_add_test(tests, update_replaces_what_is_there_only);
    tcase_add_test(tests, delete_takes_documents_and_ids);
    tcase_add_test(tests, everything_is_there_after_a_restart);
    tcase_add_test(tests, an_empty_request_is_fine);
    tcase_add_test(tests, scores_are_named_and_ordered_by_metric);
    tcase_add_test(tests, equal_scores_are_ordered_by_id);
    tcase_add_test(tests, matches_of_before_are_replaced_and_adjacency_counts);
    tcase_add_test(tests, traversal_paths_choose_the_documents);
    tcase_add_test(tests, many_queries_are_answered_as_one_by_one);
    tcase_add_test(tests, a_filter_chooses);
    tcase_add_test(tests, a_bad_document_fails_its_request_whole);
    tcase_add_test(tests, numbers_that_cannot_be_compared_are_refused);
    tcase_add_test(tests, real_dtypes_of_any_shape_are_taken);
    tcase_add_test(tests, the_dimension_may_be_set);
    tcase_add_test(tests, the_edge_of_the_dimension);
    tcase_add_loop_test(tests, wrong_parameters_are_refused, 0, sizeof wrong_parameters / sizeof wrong_parameters[0]);
    return kit_run("plugins.vector_index", tests);
}
