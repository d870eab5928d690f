#include "features.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(FLT_EVAL_METHOD == 0,
               "each operation must round to its own type, or the bits differ from machine to machine");

#define TEXT_KEPT ((size_t)1 << 16) /* bytes of words behind which only the last ones are kept */

sluice_status features_init(struct features *features, const struct features_options *options)
{
    *features = (struct features){.options = *options};
    features->counts = calloc(options->dimension, sizeof(*features->counts));
    features->text = malloc(TEXT_KEPT);
    features->capacity = TEXT_KEPT;
    if (features->counts == NULL || features->text == NULL) {
        features_done(features);
        return SLUICE_NO_MEMORY;
    }
    return SLUICE_OK;
}

void features_done(struct features *features)
{
    free(features->counts);
    free(features->text);
    *features = (struct features){0};
}

void features_begin(struct features *features, bool (*stop)(void *context), void *context)
{
    memset(features->counts, 0, features->options.dimension * sizeof(*features->counts));
    features->text[0] = ' ';
    features->size = 1;
    features->start_count = 0;
    features->work = 0;
    features->stop = stop;
    features->context = context;
}

/* ---- counting ---- */

static inline void count(struct features *features, const char *data, size_t size, uint64_t seed)
{
    uint64_t hash = XXH3_64bits_withSeed(data, size, seed);
    uint64_t number = ((hash >> 32) * features->options.dimension) >> 32;
    features->counts[number] += 1 - (int64_t)((hash & 1) << 1);
}

/* `amount` more n-grams are done; is it time to stop? */
static bool stopped(struct features *features, size_t amount)
{
    features->work += amount;
    if (features->work < FEATURES_STEP)
        return false;
    features->work = 0;
    return features->stop != NULL && features->stop(features->context);
}

static sluice_status count_words(struct features *features, size_t end)
{
    const struct features_options *options = &features->options;
    for (uint32_t n = options->words_min; n <= options->words_max && n <= features->start_count; n++) {
        size_t begin = features->starts[features->start_count - n];
        count(features, features->text + begin, end - begin, options->seed);
        if (stopped(features, 1 + (end - begin) / 8))
            return SLUICE_CANCELLED;
    }
    return SLUICE_OK;
}

static inline size_t next_character(const char *text, size_t at)
{
    for (at++; ((unsigned char)text[at] & 0xC0) == 0x80;)
        at++;
    return at;
}

/* The n-grams of n characters in [begin, end), which begins and ends with a space. */
static sluice_status count_windows(struct features *features, size_t begin, size_t end, uint32_t n)
{
    const char *text = features->text;
    uint64_t seed = features->options.seed + FEATURES_CHARACTER_SEED;
    size_t last = begin;
    for (uint32_t i = 0; i < n; i++) {
        if (last >= end)
            return SLUICE_OK;
        last = last + 1 < end ? next_character(text, last) : end;
    }
    for (;;) {
        count(features, text + begin, last - begin, seed);
        if (stopped(features, 1))
            return SLUICE_CANCELLED;
        if (last >= end)
            return SLUICE_OK;
        begin = next_character(text, begin);
        last = last + 1 < end ? next_character(text, last) : end;
    }
}

/* The same where every character is a byte. */
static sluice_status count_plain_windows(struct features *features, size_t begin, size_t end, uint32_t n)
{
    uint64_t seed = features->options.seed + FEATURES_CHARACTER_SEED;
    while (end - begin >= n) {
        size_t windows = end - begin - n + 1;
        if (windows > FEATURES_STEP)
            windows = FEATURES_STEP;
        for (size_t i = 0; i < windows; i++)
            count(features, features->text + begin + i, n, seed);
        if (stopped(features, windows))
            return SLUICE_CANCELLED;
        begin += windows;
    }
    return SLUICE_OK;
}

static bool plain(const char *text, size_t size)
{
    unsigned char all = 0;
    for (size_t i = 0; i < size; i++)
        all |= (unsigned char)text[i];
    return all < 0x80;
}

static sluice_status count_characters(struct features *features, size_t begin, size_t end)
{
    const struct features_options *options = &features->options;
    bool bytes = plain(features->text + begin, end - begin);
    sluice_status status = SLUICE_OK;
    for (uint32_t n = options->characters_min; n <= options->characters_max && status == SLUICE_OK; n++)
        status = bytes ? count_plain_windows(features, begin, end, n) : count_windows(features, begin, end, n);
    return status;
}

/* ---- the last words ---- */

/* Forget all words but those that n-grams to come begin with, and their leading space. */
static void forget(struct features *features)
{
    uint32_t kept = features->options.words_max > 1 ? features->options.words_max - 1 : 0;
    if (kept > features->start_count)
        kept = features->start_count;
    uint32_t dropped = features->start_count - kept;
    size_t begin = kept > 0 ? features->starts[dropped] - 1 : features->size - 1;
    features->size -= begin;
    memmove(features->text, features->text + begin, features->size);
    for (uint32_t i = 0; i < kept; i++)
        features->starts[i] = features->starts[dropped + i] - begin;
    features->start_count = kept;
}

static sluice_status reserve(struct features *features, size_t size)
{
    size_t needed = features->size + size;
    if (needed <= features->capacity)
        return SLUICE_OK;
    char *grown = realloc(features->text, needed + needed / 2);
    if (grown == NULL)
        return SLUICE_NO_MEMORY;
    features->text = grown;
    features->capacity = needed + needed / 2;
    return SLUICE_OK;
}

sluice_status features_add_word(struct features *features, sluice_text word)
{
    if (word.size == 0)
        return SLUICE_OK;
    if (features->size + word.size + 1 > TEXT_KEPT)
        forget(features);
    sluice_status status = reserve(features, word.size + 1);
    if (status != SLUICE_OK)
        return status;
    if (features->start_count == FEATURES_WORDS_MAX) {
        memmove(features->starts, features->starts + 1, sizeof(features->starts) - sizeof(features->starts[0]));
        features->start_count--;
    }
    size_t begin = features->size, end = begin + word.size;
    features->starts[features->start_count++] = begin;
    memcpy(features->text + begin, word.data, word.size);
    features->text[end] = ' ';
    features->size = end + 1;

    if (features->options.words_max > 0)
        status = count_words(features, end);
    if (status == SLUICE_OK && features->options.characters_max > 0)
        status = count_characters(features, begin - 1, end + 1);
    return status;
}

/* ---- the vector ---- */

void features_finish(struct features *features, float *vector)
{
    double squares = 0, length = 1;
    uint32_t dimension = features->options.dimension;
    if (features->options.unit) {
        for (uint32_t i = 0; i < dimension; i++) {
            double number = (double)features->counts[i];
            squares += number * number;
        }
        length = squares > 0 ? sqrt(squares) : 1;
    }
    for (uint32_t i = 0; i < dimension; i++)
        vector[i] = (float)((double)features->counts[i] / length);
}
