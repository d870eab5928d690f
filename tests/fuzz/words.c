/*
 * The words of a text (executor/plugins/hashing_encoder) against ICU, which reads the whole of it; and the counting of
 * their n-grams, for which any bytes are words. The first byte chooses how to count.
 */
#include "executor/plugins/hashing_encoder/features.h"
#include "executor/plugins/hashing_encoder/fold.h"
#include "executor/plugins/hashing_encoder/words.h"
#include "common/foundation/text.h"
#include "tests/fuzz/require.h"
#include "tests/unit/plugins/reference_words.h"

#include <stdlib.h>

enum { DIMENSION = 32, TEXT_MAX = 1 << 16 };

static struct words words;
static struct fold fold;
static struct reference_words reference;

static void close_all(void)
{
    words_done(&words);
    fold_done(&fold);
    reference_words_done(&reference);
}

static void open_all(void)
{
    sluice_error error;
    require(words_init(&words, &error) == SLUICE_OK && fold_init(&fold, &error) == SLUICE_OK);
    require(reference_words_init(&reference));
    atexit(close_all);
}

static void compare(sluice_text text)
{
    sluice_text word, expected;
    require(reference_words_begin(&reference, text));
    words_begin(&words, text);
    while (words_next(&words, &word) == SLUICE_OK) {
        require(reference_words_next(&reference, &expected));
        require(word.data == expected.data && word.size == expected.size);
    }
    require(!reference_words_next(&reference, &expected));
}

static void count(sluice_text text, uint8_t choice)
{
    struct features_options options = {.dimension = 1 + choice % DIMENSION,
                                       .words_min = 1,
                                       .words_max = choice % 9,
                                       .characters_min = 1 + choice % 3,
                                       .characters_max = choice % 17,
                                       .unit = choice % 2 == 0};
    struct features features;
    float vector[DIMENSION];
    sluice_text word, folded;
    require(features_init(&features, &options) == SLUICE_OK);
    features_begin(&features, NULL, NULL);
    words_begin(&words, text);
    while (words_next(&words, &word) == SLUICE_OK) {
        require(fold_word(&fold, word, &folded) == SLUICE_OK);
        require(features_add_word(&features, folded) == SLUICE_OK);
    }
    features_finish(&features, vector);
    for (uint32_t i = 0; i < options.dimension; i++)
        require(vector[i] == vector[i] && (!options.unit || (vector[i] >= -1 && vector[i] <= 1)));
    features_done(&features);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > TEXT_MAX)
        return 0;
    if (reference.breaks == NULL)
        open_all();
    sluice_text text = {(const char *)data + 1, size - 1};
    if (text_is_utf8(text.data, text.size))
        compare(text);
    count(text, data[0]);
    return 0;
}
