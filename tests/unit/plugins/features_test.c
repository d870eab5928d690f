/*
 * Tests of executor/plugins/hashing_encoder/features.c and fold.c: long words, many words, stopping, and that what is
 * kept of a long text in between changes nothing.
 */
#include "executor/plugins/hashing_encoder/features.h"
#include "executor/plugins/hashing_encoder/fold.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/ustring.h>
#include <xxhash.h>

enum { DIMENSION = 64 };

static const struct features_options usual = {
    .dimension = DIMENSION, .words_min = 1, .words_max = 3, .characters_min = 1, .characters_max = 4, .seed = 11};

static void add(struct features *features, const char *word, size_t size)
{
    ck_assert_int_eq(features_add_word(features, (sluice_text){word, size}), SLUICE_OK);
}

static void raise_number(int64_t *counts, const char *data, size_t size, uint64_t seed)
{
    uint64_t hash = XXH3_64bits_withSeed(data, size, seed);
    counts[((hash >> 32) * DIMENSION) >> 32] += hash % 2 == 0 ? 1 : -1;
}

/* `all` holds words of ASCII, each with one space before it, and one behind the last. */
static void count_simply(const char *all, size_t size, int64_t *counts)
{
    memset(counts, 0, DIMENSION * sizeof(*counts));
    for (size_t begin = 0; begin + 1 < size; begin++) {
        if (all[begin] != ' ')
            continue;
        size_t words = 0;
        for (size_t end = begin + 1; end < size && words < usual.words_max; end++)
            if (all[end] == ' ') {
                words++;
                raise_number(counts, all + begin + 1, end - begin - 1, usual.seed);
            }
        const char *close = memchr(all + begin + 1, ' ', size - begin - 1);
        size_t length = (size_t)(close - all) + 1 - begin;
        for (size_t n = usual.characters_min; n <= usual.characters_max; n++)
            for (size_t i = 0; i + n <= length; i++)
                raise_number(counts, all + begin + i, n, usual.seed + FEATURES_CHARACTER_SEED);
    }
}

/* More words than are kept, and one longer than all that is kept. */
START_TEST(a_long_text_counts_all)
{
    enum { WORDS = 60000, LONG = 100000 };
    struct features features;
    char *all = malloc((size_t)WORDS * 12 + LONG), word[16];
    size_t size = 0;
    ck_assert_ptr_nonnull(all);
    ck_assert_int_eq(features_init(&features, &usual), SLUICE_OK);
    features_begin(&features, NULL, NULL);
    all[size++] = ' ';
    for (int i = 0; i < WORDS; i++) {
        size_t length = (size_t)snprintf(word, sizeof(word), "w%x", ((unsigned)i * 2654435761u) >> (i % 20));
        size_t begin = size;
        if (i == WORDS / 2) {
            memset(all + size, 'y', LONG);
            size += LONG;
        } else {
            memcpy(all + size, word, length);
            size += length;
        }
        add(&features, all + begin, size - begin);
        all[size++] = ' ';
    }
    int64_t expected[DIMENSION];
    float vector[DIMENSION];
    count_simply(all, size, expected);
    features_finish(&features, vector);
    for (size_t i = 0; i < DIMENSION; i++)
        ck_assert_msg(vector[i] == (float)expected[i], "number %zu is %g instead of %lld", i, (double)vector[i],
                      (long long)expected[i]);
    features_done(&features);
    free(all);
}
END_TEST

/* The default lengths have a loop of their own; each length of a word, to behind its limit. */
START_TEST(default_lengths_count_alike)
{
    struct features_options options = usual;
    struct features features;
    char word[80];
    options.characters_min = 3;
    options.characters_max = 5;
    options.words_max = 0;
    ck_assert_int_eq(features_init(&features, &options), SLUICE_OK);
    for (size_t size = 1; size < sizeof(word) - 1; size++) {
        int64_t expected[DIMENSION] = {0};
        float vector[DIMENSION];
        word[0] = word[size + 1] = ' ';
        for (size_t i = 1; i <= size; i++)
            word[i] = (char)('a' + i * i % 23);
        for (size_t n = 3; n <= 5; n++)
            for (size_t i = 0; i + n <= size + 2; i++)
                raise_number(expected, word + i, n, usual.seed + FEATURES_CHARACTER_SEED);
        features_begin(&features, NULL, NULL);
        add(&features, word + 1, size);
        features_finish(&features, vector);
        for (size_t i = 0; i < DIMENSION; i++)
            ck_assert(vector[i] == (float)expected[i]);
    }
    features_done(&features);
}
END_TEST

/* Characters of several bytes are counted as one, whatever the length of the word. */
START_TEST(characters_are_not_bytes)
{
    struct features_options options = {
        .dimension = DIMENSION, .words_max = 0, .words_min = 1, .characters_min = 2, .characters_max = 16};
    static const char word[] = "é好\U0001F600x";
    static const char *const grams[] = {
        " é", "é好", "好\U0001F600", "\U0001F600x", "x ", " é好", "é好\U0001F600", "好\U0001F600x", "\U0001F600x ",
        " é好\U0001F600", "é好\U0001F600x", "好\U0001F600x ", " é好\U0001F600x", "é好\U0001F600x ",
        " é好\U0001F600x ",
    };
    struct features features;
    int64_t expected[DIMENSION] = {0};
    float vector[DIMENSION];
    ck_assert_int_eq(features_init(&features, &options), SLUICE_OK);
    features_begin(&features, NULL, NULL);
    add(&features, word, sizeof(word) - 1);
    add(&features, "", 0);
    for (size_t i = 0; i < sizeof(grams) / sizeof(grams[0]); i++)
        raise_number(expected, grams[i], strlen(grams[i]), FEATURES_CHARACTER_SEED);
    features_finish(&features, vector);
    for (size_t i = 0; i < DIMENSION; i++)
        ck_assert(vector[i] == (float)expected[i]);
    features_done(&features);
}
END_TEST

START_TEST(the_vector_has_length_one)
{
    struct features_options options = usual;
    struct features features;
    float vector[DIMENSION];
    options.unit = true;
    ck_assert_int_eq(features_init(&features, &options), SLUICE_OK);
    for (int round = 0; round < 2; round++) { /* a text leaves nothing for the next */
        features_begin(&features, NULL, NULL);
        features_finish(&features, vector);
        for (size_t i = 0; i < DIMENSION; i++)
            ck_assert(vector[i] == 0 && !signbit(vector[i]));
        features_begin(&features, NULL, NULL);
        add(&features, "something", 9);
        features_finish(&features, vector);
        double squares = 0;
        for (size_t i = 0; i < DIMENSION; i++)
            squares += (double)vector[i] * (double)vector[i];
        ck_assert_double_eq_tol(squares, 1, 1e-6);
    }
    features_done(&features);
}
END_TEST

static bool stop_at_second(void *context)
{
    return ++*(int *)context == 2;
}

/* One word of a million letters is left in its middle. */
START_TEST(a_word_can_be_stopped)
{
    enum { LONG = 1000000 };
    struct features features;
    char *word = malloc(LONG);
    int asked = 0;
    ck_assert_ptr_nonnull(word);
    memset(word, 'a', LONG);
    ck_assert_int_eq(features_init(&features, &usual), SLUICE_OK);
    features_begin(&features, stop_at_second, &asked);
    ck_assert_int_eq(features_add_word(&features, (sluice_text){word, LONG}), SLUICE_CANCELLED);
    ck_assert_int_eq(asked, 2);
    for (size_t i = 0; i + 1 < LONG; i += 2)
        memcpy(word + i, "\xc3\xa9", 2);
    asked = 0;
    features_begin(&features, stop_at_second, &asked);
    ck_assert_int_eq(features_add_word(&features, (sluice_text){word, LONG}), SLUICE_CANCELLED);
    ck_assert_int_eq(asked, 2);
    features_begin(&features, NULL, NULL);
    add(&features, word, LONG);
    features_done(&features);
    free(word);
}
END_TEST

static const struct {
    const char *word, *folded;
} folds[] = {
    {"Word", "word"},
    {"@AZ[`az{", "@az[`az{"},
    {"", ""},
    {"STRASSE", "strasse"},
    {"Straße", "strasse"},
    {"CAFÉ", "café"},
    {"cafe\u0301", "caf\u00e9"},
    {"ﬁn", "fin"},
    {"Ｆｕｌｌ", "full"},
    {"ΣΊΣΥΦΟΣ", "σίσυφοσ"},
    {"co\u00adop", "coop"},
    {"\u00ad", ""},
    {"①", "1"},
    {"\uFDFA", "\u0635\u0644\u0649 \u0627\u0644\u0644\u0647 \u0639\u0644\u064A\u0647 \u0648\u0633\u0644\u0645"},
};

START_TEST(folding)
{
    struct fold fold;
    sluice_error error;
    sluice_text folded;
    ck_assert_int_eq(fold_init(&fold, &error), SLUICE_OK);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof(folds) / sizeof(folds[0]); i++) {
            ck_assert_int_eq(fold_word(&fold, sluice_text_of(folds[i].word), &folded), SLUICE_OK);
            ck_assert_msg(sluice_text_is(folded, folds[i].folded), "\"%s\" to \"%.*s\"", folds[i].word,
                          (int)folded.size, folded.data);
        }
    fold_done(&fold);
}
END_TEST

/* The short way gives what the long one gives, whatever stands behind the word. */
START_TEST(short_words_fold_alike)
{
    struct fold fold;
    sluice_error error;
    ck_assert_int_eq(fold_init(&fold, &error), SLUICE_OK);
    for (int first = 0; first < 256; first++)
        for (size_t size = 0; size <= FOLD_SHORT; size++) {
            char word[FOLD_SHORT], got[FOLD_SHORT];
            bool ascii = size == 0 || first < 0x80;
            for (size_t i = 0; i < FOLD_SHORT; i++)
                word[i] = (char)(i < size ? (i == (size_t)first % size ? first : "aZ09@[`{_.'A"[i % 12]) : 0xFF - (int)i);
            ck_assert_int_eq(fold_short_word(word, size, got), ascii);
            sluice_text folded;
            if (ascii) {
                ck_assert_int_eq(fold_word(&fold, (sluice_text){word, size}, &folded), SLUICE_OK);
                ck_assert(folded.size == size && memcmp(folded.data, got, size) == 0);
            }
        }
    fold_done(&fold);
}
END_TEST

/* The table against ICU: characters with what may follow them, and random words. */
static void compare_fold(struct fold *fold, const UNormalizer2 *reference, const UChar32 *characters, size_t count)
{
    enum { ROOM = 512 };
    UChar units[ROOM], expected_units[ROOM];
    char word[ROOM], expected[ROOM];
    UErrorCode code = U_ZERO_ERROR;
    int32_t units_size = 0, expected_size = 0;
    int32_t size = 0;
    u_strFromUTF32(units, ROOM, &units_size, characters, (int32_t)count, &code);
    u_strToUTF8(word, ROOM, &size, units, units_size, &code);
    units_size = unorm2_normalize(reference, units, units_size, expected_units, ROOM, &code);
    u_strToUTF8(expected, ROOM, &expected_size, expected_units, units_size, &code);
    sluice_text folded = {"", 0};
    if (U_FAILURE(code) || fold_word(fold, (sluice_text){word, (size_t)size}, &folded) != SLUICE_OK ||
        folded.size != (size_t)expected_size || memcmp(folded.data, expected, folded.size) != 0)
        ck_abort_msg("U+%04X U+%04X: \"%.*s\" instead of \"%.*s\"", (unsigned)characters[0], (unsigned)characters[count - 1],
                     (int)folded.size, folded.data, (int)expected_size, expected);
}

START_TEST(folding_is_icus)
{
    static const UChar32 others[] = {'a', 'I', 0x301, 0x345, 0x3C3, 0x328, 0x93E, 0xAD, 0x1E9E, 0x1100, 0x1161, 0x2126, 0xAC00, 0x1F600};
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    struct fold fold;
    sluice_error error;
    UErrorCode code = U_ZERO_ERROR;
    const UNormalizer2 *reference = unorm2_getNFKCCasefoldInstance(&code);
    ck_assert(U_SUCCESS(code));
    ck_assert_int_eq(fold_init(&fold, &error), SLUICE_OK);
    for (UChar32 character = 1; character < FOLD_TABLE + 0x100; character++) {
        compare_fold(&fold, reference, &character, 1);
        for (size_t i = (size_t)character % 4; i < OTHERS; i += 4) {
            compare_fold(&fold, reference, (UChar32[]){character, others[i]}, 2);
            compare_fold(&fold, reference, (UChar32[]){others[i], character}, 2);
        }
    }
    uint32_t state = 5;
    for (int round = 0; round < 20000; round++) {
        UChar32 characters[6];
        for (size_t i = 0; i < 6; i++) {
            state = state * 1664525u + 1013904223u;
            characters[i] = 1 + (UChar32)((state >> 8) % (round % 2 == 0 ? 0x600 : FOLD_TABLE));
        }
        compare_fold(&fold, reference, characters, 1 + (size_t)round % 6);
    }
    fold_done(&fold);
}
END_TEST

/* A word that grows eighteenfold, beyond every first guess. */
START_TEST(folding_grows)
{
    enum { COUNT = 5000 };
    struct fold fold;
    sluice_error error;
    sluice_text folded;
    char *word = malloc(COUNT * 3);
    ck_assert_ptr_nonnull(word);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(word + 3 * i, "\uFDFA", 3);
    ck_assert_int_eq(fold_init(&fold, &error), SLUICE_OK);
    ck_assert_int_eq(fold_word(&fold, (sluice_text){word, COUNT * 3}, &folded), SLUICE_OK);
    ck_assert_uint_eq(folded.size, COUNT * strlen(folds[13].folded));
    fold_done(&fold);
    free(word);
}
END_TEST

SUITE_MAIN("plugins.features", a_long_text_counts_all, default_lengths_count_alike, characters_are_not_bytes, the_vector_has_length_one,
           a_word_can_be_stopped, folding, short_words_fold_alike, folding_is_icus, folding_grows)
