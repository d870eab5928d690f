/*
 * Tests of the plugin `hashing_encoder`: the bytes of embeddings, settings, whose texts, endpoints, what is left alone.
 * The words have their own test (words_test.c), and the counting (features_test.c).
 */
#include "kit.h"
#include "hashing_encoder_vectors.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLUGIN        "hashing_encoder"
#define TEXT(literal) literal, sizeof(literal) - 1

static struct kit kit;

static void teardown(void)
{
    kit_close(&kit);
}

static sluice_tensor embedding_of(const sluice_document *document)
{
    sluice_tensor embedding;
    ck_assert_msg(sluice_document_embedding(document, &embedding), "there is no embedding");
    ck_assert_int_eq(embedding.dtype, SLUICE_DTYPE_FLOAT32);
    ck_assert_uint_eq(embedding.dimensions, 1);
    return embedding;
}

static bool encoded(const sluice_document *document)
{
    sluice_tensor embedding;
    return sluice_document_embedding(document, &embedding);
}

static double length_of(const sluice_document *document)
{
    sluice_tensor embedding = embedding_of(document);
    double squares = 0;
    for (size_t i = 0; i < embedding.shape[0]; i++)
        squares += sluice_tensor_number(&embedding, i) * sluice_tensor_number(&embedding, i);
    return sqrt(squares);
}

static bool same(const sluice_document *a, const sluice_document *b)
{
    sluice_tensor first = embedding_of(a), second = embedding_of(b);
    return first.size == second.size && memcmp(first.data, second.data, first.size) == 0;
}

/* ---- the numbers ---- */

START_TEST(the_same_bytes_everywhere)
{
    kit_open(&kit, PLUGIN, vectors[_i].uses_with);
    kit_post(&kit, "/index", NULL, vectors[_i].text);
    sluice_tensor embedding = embedding_of(kit_document(&kit, 0));
    ck_assert_uint_eq(embedding.shape[0], vectors[_i].dimension);
    ck_assert_uint_eq(embedding.size, 4 * vectors[_i].dimension);
    ck_assert_mem_eq(embedding.data, vectors[_i].bytes, embedding.size);
    kit_text_is(&kit, 0, vectors[_i].text);
}
END_TEST

/* Texts in any order, and again, leave no trace in one another. */
START_TEST(texts_are_independent)
{
    kit_open(&kit, PLUGIN, NULL);
    kit_begin(&kit);
    for (int i = 0; i < 3; i++) {
        kit_add(&kit, TEXT("One text."));
        kit_add(&kit, TEXT("Другой текст, 你好。"));
        kit_add(&kit, TEXT("!"));
    }
    kit_send(&kit, "/index", NULL);
    for (size_t i = 3; i < 9; i++)
        ck_assert(same(kit_document(&kit, i), kit_document(&kit, i % 3)));
    ck_assert(!same(kit_document(&kit, 0), kit_document(&kit, 1)));
    ck_assert_double_eq_tol(length_of(kit_document(&kit, 0)), 1, 1e-6);
    ck_assert_double_eq_tol(length_of(kit_document(&kit, 1)), 1, 1e-6);
    ck_assert(length_of(kit_document(&kit, 2)) == 0);
}
END_TEST

static double product(size_t a, size_t b)
{
    sluice_tensor first = embedding_of(kit_document(&kit, a)), second = embedding_of(kit_document(&kit, b));
    double sum = 0;
    for (size_t i = 0; i < first.shape[0]; i++)
        sum += sluice_tensor_number(&first, i) * sluice_tensor_number(&second, i);
    return sum;
}

START_TEST(what_is_alike_is_near)
{
    kit_open(&kit, PLUGIN, "{\"dimension\": 1024}");
    kit_begin(&kit);
    kit_add(&kit, TEXT("You may charge a fee for the physical act of transferring a copy."));
    kit_add(&kit, TEXT("May I charge fees for a copy?"));
    kit_add(&kit, TEXT("The weather was fine, and nobody wanted to stay at home."));
    kit_send(&kit, "/index", NULL);
    ck_assert_double_gt(product(0, 1), 0.3);
    ck_assert_double_lt(product(0, 2), 0.2);
    ck_assert_double_gt(product(0, 1), product(1, 2) + 0.2);
}
END_TEST

/* ---- which documents ---- */

/* d0 with two chunks and a match, each with a text. */
static void add_family(void)
{
    sluice_document *document = kit_add(&kit, TEXT("parent"));
    sluice_document_set_string(sluice_document_add_chunk(document), "first");
    sluice_document_set_string(sluice_document_add_chunk(document), "second");
    sluice_document_set_string(sluice_document_add_match(document), "match");
}

static void check_family(bool parent, bool chunks, bool match)
{
    const sluice_document *document = kit_document(&kit, 0);
    ck_assert_int_eq(encoded(document), parent);
    ck_assert_int_eq(encoded(sluice_document_array_at(sluice_document_chunks(document), 0)), chunks);
    ck_assert_int_eq(encoded(sluice_document_array_at(sluice_document_chunks(document), 1)), chunks);
    ck_assert_int_eq(encoded(sluice_document_array_at(sluice_document_matches(document), 0)), match);
}

static const struct {
    const char *uses_with, *endpoint, *parameters;
    bool parent, chunks, match;
} paths[] = {
    {NULL, "/index", NULL, true, false, false},
    {NULL, "/search", NULL, true, false, false},
    {NULL, "/anything", NULL, true, false, false},
    {NULL, "/delete", NULL, false, false, false},
    {NULL, "/status", NULL, false, false, false},
    {"{\"index_traversal_path\": \"@c\"}", "/index", NULL, false, true, false},
    {"{\"index_traversal_path\": \"@c\"}", "/encode", NULL, false, true, false},
    {"{\"index_traversal_path\": \"@c\"}", "/search", NULL, true, false, false},
    {"{\"search_traversal_path\": \"@m\"}", "/search", NULL, false, false, true},
    {"{\"index_traversal_path\": \"r,c,m\"}", "/update", NULL, true, true, true},
    {"{\"index_traversal_path\": \"c\"}", "/index", "{\"traversal_path\": \"@m\"}", false, false, true},
    {"{\"search_traversal_path\": \"c\"}", "/search", "{\"traversal_path\": \"r,m\"}", true, false, true},
    {NULL, "/index", "{\"traversal_path\": \"cc\"}", false, false, false},
};

START_TEST(paths_choose_documents)
{
    kit_open(&kit, PLUGIN, paths[_i].uses_with);
    kit_begin(&kit);
    add_family();
    kit_send(&kit, paths[_i].endpoint, paths[_i].parameters);
    check_family(paths[_i].parent, paths[_i].chunks, paths[_i].match);
}
END_TEST

START_TEST(what_has_no_text_is_left_alone)
{
    static const float old[] = {1, 2};
    kit_open(&kit, PLUGIN, NULL);
    kit_post(&kit, "/index", NULL, NULL);
    ck_assert_int_eq(kit.status, SLUICE_OK);
    kit_begin(&kit);
    sluice_document_set_embedding_floats(kit_add(&kit, "", 0), old, 2);
    sluice_document_set_blob(kit_add(&kit, "", 0), TEXT("bytes"));
    sluice_document_set_embedding_floats(kit_add(&kit, TEXT("a text")), old, 2);
    kit_send(&kit, "/index", NULL);
    ck_assert_uint_eq(embedding_of(kit_document(&kit, 0)).shape[0], 2);
    ck_assert(!encoded(kit_document(&kit, 1)));
    ck_assert_uint_eq(embedding_of(kit_document(&kit, 2)).shape[0], 256); /* it replaces */
}
END_TEST

START_TEST(nul_bytes_stand_between_words)
{
    kit_open(&kit, PLUGIN, NULL);
    kit_begin(&kit);
    kit_add(&kit, TEXT("left\0right\0"));
    kit_add(&kit, TEXT("left right"));
    kit_add(&kit, TEXT("left"));
    kit_send(&kit, "/index", NULL);
    ck_assert(same(kit_document(&kit, 0), kit_document(&kit, 1)));
    ck_assert(!same(kit_document(&kit, 0), kit_document(&kit, 2)));
    ck_assert_uint_eq(sluice_document_text(kit_document(&kit, 0)).size, 11);
}
END_TEST

/* No document holds them: not one made here, nor one that was read (tests/integration/search_test.py). */
START_TEST(text_that_is_no_utf8_is_no_text)
{
    kit_open(&kit, PLUGIN, NULL);
    kit_begin(&kit);
    ck_assert_int_eq(sluice_document_set_text(kit_add(&kit, "", 0), TEXT("a\xff")), SLUICE_INVALID);
    kit_send(&kit, "/index", NULL);
    ck_assert(!encoded(kit_document(&kit, 0)));
}
END_TEST

START_TEST(a_large_text)
{
    enum { SIZE = 4 << 20 };
    char *text = malloc(SIZE);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < SIZE; i++)
        text[i] = i % 7 == 6 ? ' ' : (char)('a' + i * 2654435761u % 26);
    kit_open(&kit, PLUGIN, NULL);
    kit_begin(&kit);
    kit_add(&kit, text, SIZE);
    free(text);
    kit_send(&kit, "/index", NULL);
    ck_assert_double_eq_tol(length_of(kit_document(&kit, 0)), 1, 1e-6);
}
END_TEST

/* ---- settings ---- */

START_TEST(a_text_may_be_so_long)
{
    kit_open(&kit, PLUGIN, "{\"max_text_bytes\": 10, \"dimension\": 4}");
    kit_post(&kit, "/index", NULL, "0123456789");
    ck_assert(encoded(kit_document(&kit, 0)));
    kit_begin(&kit);
    kit_add(&kit, TEXT("short"));
    kit_add(&kit, TEXT("0123456789\n"));
    kit_send(&kit, "/index", NULL);
    kit_failed(&kit, "ValueError('text 1 at r has 11 bytes, which is more than max_text_bytes, 10')");
}
END_TEST

START_TEST(dimensions_to_the_limit)
{
    static const char *const uses_with[] = {"{\"dimension\": 1}", "{\"dimension\": 65536}"};
    static const uint32_t dimensions[] = {1, 65536};
    for (size_t i = 0; i < 2; i++) {
        kit_open(&kit, PLUGIN, uses_with[i]);
        kit_post(&kit, "/index", NULL, "one two three");
        ck_assert_uint_eq(embedding_of(kit_document(&kit, 0)).shape[0], dimensions[i]);
        kit_close(&kit);
    }
}
END_TEST

START_TEST(ngrams_to_the_limit)
{
    kit_open(&kit, PLUGIN,
             "{\"word_ngram_min\": 8, \"word_ngram_max\": 8, \"character_ngram_min\": 16, \"character_ngram_max\": 16, "
             "\"normalize\": "
             "\"none\"}");
    kit_begin(&kit);
    kit_add(&kit, TEXT("a b c d e f g"));
    kit_add(&kit, TEXT("a b c d e f g h"));
    kit_add(&kit, TEXT("abcdefghijklm"));
    kit_add(&kit, TEXT("abcdefghijklmn"));
    kit_send(&kit, "/index", NULL);
    for (size_t i = 0; i < 4; i++)
        ck_assert(length_of(kit_document(&kit, i)) == (double)(i % 2));
}
END_TEST

static const struct {
    const char *uses_with, *words;
} refused[] = {
    {"{\"dimension\": 0}", "dimension"},
    {"{\"dimension\": 65537}", "dimension"},
    {"{\"dimension\": 2.5}", "dimension"},
    {"{\"word_ngram_max\": 9}", "word_ngram_max"},
    {"{\"word_ngram_min\": 0}", "word_ngram_min"},
    {"{\"word_ngram_min\": 3}", "word_ngram_min must not be above word_ngram_max, 2"},
    {"{\"character_ngram_max\": 17}", "character_ngram_max"},
    {"{\"character_ngram_min\": 6}", "character_ngram_min must not be above character_ngram_max, 5"},
    {"{\"word_ngram_max\": 0, \"character_ngram_max\": 0}", "nothing to hash"},
    {"{\"seed\": -1}", "seed"},
    {"{\"seed\": 4294967296}", "seed"},
    {"{\"normalize\": \"l1\"}", "normalize"},
    {"{\"fold\": 1}", "fold"},
    {"{\"index_traversal_path\": \"x\"}", "index_traversal_path \"x\" must be made of r, c, m"},
    {"{\"search_traversal_path\": \"\"}", "search_traversal_path"},
    {"{\"max_text_bytes\": 0}", "max_text_bytes"},
    {"{\"max_text_bytes\": 2147483648}", "max_text_bytes"},
    {"{\"dimensions\": 5}", "dimensions"},
};

START_TEST(wrong_settings_do_not_start)
{
    kit_refused(PLUGIN, refused[_i].uses_with, refused[_i].words);
}
END_TEST

static const struct {
    const char *parameters, *description;
} wrong[] = {
    {"{\"traversal_path\": 5}", "ValueError('traversal_path must be a string')"},
    {"{\"traversal_path\": \"r;c\"}",
     "ValueError('traversal_path \"r;c\" must be made of r, c, m and commas, such as \"r\" or \"r,c\"')"                                           },
    {"{\"traversal_path\": \"@rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\"}",
     "ValueError('traversal_path must have at most 63 letters and commas')"                                                                        },
};

START_TEST(a_wrong_parameter_fails_the_call)
{
    kit_open(&kit, PLUGIN, NULL);
    kit_post(&kit, "/index", wrong[_i].parameters, "One two.");
    kit_failed(&kit, wrong[_i].description);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create(PLUGIN);
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, the_same_bytes_everywhere, 0, (int)(sizeof(vectors) / sizeof(vectors[0])));
    tcase_add_test(tests, texts_are_independent);
    tcase_add_test(tests, what_is_alike_is_near);
    tcase_add_loop_test(tests, paths_choose_documents, 0, (int)(sizeof(paths) / sizeof(paths[0])));
    tcase_add_test(tests, what_has_no_text_is_left_alone);
    tcase_add_test(tests, nul_bytes_stand_between_words);
    tcase_add_test(tests, text_that_is_no_utf8_is_no_text);
    tcase_add_test(tests, a_large_text);
    tcase_add_test(tests, a_text_may_be_so_long);
    tcase_add_test(tests, dimensions_to_the_limit);
    tcase_add_test(tests, ngrams_to_the_limit);
    tcase_add_loop_test(tests, wrong_settings_do_not_start, 0, (int)(sizeof(refused) / sizeof(refused[0])));
    tcase_add_loop_test(tests, a_wrong_parameter_fails_the_call, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
    return kit_run("plugins.hashing_encoder", tests);
}
