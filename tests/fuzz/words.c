/*
 * The words of a text (executor/plugins/hashing_encoder) against ICU, which reads the whole of it; and the counting of
 * their n-grams, for which any bytes are words. The first byte chooses how to count.
 */
#include "executor/plugins/hashing_encoder/features.h"
#include "executor/plugins/hashing_encoder/fold.h"
#include "executor/plugins/hashing_encoder/words.h"
#include "common/foundation/text.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

enum { DIMENSION = 32, TEXT_MAX = 1 << 16 };

static struct words words;
static struct fold fold;
static UBreakIterator *reference;

static void close_all(void)
{
    words_done(&words);
    fold_done(&fold);
    ubrk_close(reference);
}

static void open_all(void)
{
    sluice_error error;
    UErrorCode code = U_ZERO_ERROR;
    require(words_init(&words, &error) == SLUICE_OK && fold_init(&fold, &error) == SLUICE_OK);
    reference = ubrk_open(UBRK_WORD, "", NULL, 0, &code);
    require(U_SUCCESS(code));
    atexit(close_all);
}

/* The end of ICU's next word, *ret_begin its begin; UBRK_DONE: there is none. */
static int32_t next_reference(sluice_text text, int32_t *ret_begin)
{
    for (;;) {
        *ret_begin = ubrk_current(reference);
        int32_t end = ubrk_next(reference), at = *ret_begin;
        if (end == UBRK_DONE || ubrk_getRuleStatus(reference) >= UBRK_WORD_NONE_LIMIT)
            return end;
        UChar32 first;
        U8_NEXT_OR_FFFD((const uint8_t *)text.data, at, (int32_t)text.size, first);
        if (first > 0x7F && (u_hasBinaryProperty(first, UCHAR_EXTENDED_PICTOGRAPHIC) ||
                             u_hasBinaryProperty(first, UCHAR_REGIONAL_INDICATOR)))
            return end;
    }
}

static void compare(sluice_text text)
{
    UErrorCode code = U_ZERO_ERROR;
    UText source = UTEXT_INITIALIZER;
    utext_openUTF8(&source, text.data, (int64_t)text.size, &code);
    ubrk_setUText(reference, &source, &code);
    require(U_SUCCESS(code));
    ubrk_first(reference);
    words_begin(&words, text);
    sluice_text word;
    int32_t begin;
    while (words_next(&words, &word) == SLUICE_OK) {
        int32_t end = next_reference(text, &begin);
        require(word.data == text.data + begin && word.data + word.size == text.data + end);
    }
    require(next_reference(text, &begin) == UBRK_DONE);
    utext_close(&source);
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
    if (reference == NULL)
        open_all();
    sluice_text text = {(const char *)data + 1, size - 1};
    if (text_is_utf8(text.data, text.size))
        compare(text);
    count(text, data[0]);
    return 0;
}
