#include "features.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    USUAL_MIN = 3,
    USUAL_MAX = 5,
    USUAL_LENGTH = 64
}; /* the default lengths of character n-grams, for words so short */

_Static_assert(FLT_EVAL_METHOD == 0,
               "each operation must round to its own type, or the bits differ from machine to machine");

#define FLATTEN    __attribute__((flatten)) /* the hash is inlined: it is smaller than the call */
#define STARTS     (sizeof(((struct features *)NULL)->starts) / sizeof(size_t))
#define EXACT_MAX  ((size_t)1 << 31) /* n-grams up to which the sum of squares is a whole number of 64 bits */
#define TEXT_KEPT  ((size_t)1 << 16) /* bytes of words behind which only the last ones are kept */
#define TEXT_LARGE ((size_t)1 << 20) /* bytes of room that are given back with the next text */

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
    if (features->capacity > TEXT_LARGE) { /* a word of megabytes was there before */
        char *shrunk = realloc(features->text, TEXT_KEPT);
        features->capacity = shrunk != NULL ? TEXT_KEPT : features->capacity;
        features->text = shrunk != NULL ? shrunk : features->text;
    }
    features->text[0] = ' ';
    features->size = 1;
    features->start_count = 0;
    features->work = features->counted = 0;
    features->stop = stop;
    features->context = context;
}

/* ---- counting ---- */

/* What the inner loops need, in registers: a store into `numbers` might change any field for all the compiler knows. */
struct counters {
    int64_t *numbers;
    uint64_t dimension, seed;
};

static inline void count(struct counters counters, const char *data, size_t size)
{
    uint64_t hash = XXH3_64bits_withSeed(data, size, counters.seed);
    uint64_t number = ((hash >> 32) * counters.dimension) >> 32;
    counters.numbers[number] += 1 - (int64_t)((hash & 1) << 1);
}

static inline struct counters counters_of(const struct features *features, uint64_t seed)
{
    return (struct counters){features->counts, features->options.dimension, seed};
}

/* `amount` more n-grams are done; is it time to stop? */
static bool stopped(struct features *features, size_t amount)
{
    features->work += amount;
    if (features->work < FEATURES_STEP)
        return false;
    features->counted += features->work;
    features->work = 0;
    return features->stop != NULL && features->stop(features->context);
}

FLATTEN static sluice_status count_words(struct features *features, size_t end)
{
    const struct features_options *options = &features->options;
    struct counters counters = counters_of(features, options->seed);
    for (uint32_t n = options->words_min; n <= options->words_max && n <= features->start_count; n++) {
        size_t begin = features->starts[features->start_count - n];
        count(counters, features->text + begin, end - begin);
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
FLATTEN static sluice_status count_windows(struct features *features, size_t begin, size_t end, uint32_t n)
{
    const char *text = features->text;
    struct counters counters = counters_of(features, features->options.seed + FEATURES_CHARACTER_SEED);
    size_t last = begin;
    for (uint32_t i = 0; i < n; i++) {
        if (last >= end)
            return SLUICE_OK;
        last = last + 1 < end ? next_character(text, last) : end;
    }
    for (;;) {
        count(counters, text + begin, last - begin);
        if (stopped(features, 1))
            return SLUICE_CANCELLED;
        if (last >= end)
            return SLUICE_OK;
        begin = next_character(text, begin);
        last = last + 1 < end ? next_character(text, last) : end;
    }
}

/* n is a constant where this is inlined, and with it the way through the hash. */
static inline __attribute__((always_inline)) void count_run(struct counters counters, const char *text, size_t windows,
                                                            size_t n)
{
    for (size_t i = 0; i < windows; i++)
        count(counters, text + i, n);
}

FLATTEN static void count_plain_run(struct counters counters, const char *text, size_t windows, uint32_t n)
{
    switch (n) {
    case 1: count_run(counters, text, windows, 1); break;
    case 2: count_run(counters, text, windows, 2); break;
    case 3: count_run(counters, text, windows, 3); break;
    case 4: count_run(counters, text, windows, 4); break;
    case 5: count_run(counters, text, windows, 5); break;
    case 6: count_run(counters, text, windows, 6); break;
    default: count_run(counters, text, windows, n); break;
    }
}

/* The same where every character is a byte. */
static sluice_status count_plain_windows(struct features *features, size_t begin, size_t end, uint32_t n)
{
    struct counters counters = counters_of(features, features->options.seed + FEATURES_CHARACTER_SEED);
    while (end - begin >= n) {
        size_t windows = end - begin - n + 1;
        if (windows > FEATURES_STEP)
            windows = FEATURES_STEP;
        count_plain_run(counters, features->text + begin, windows, n);
        if (stopped(features, windows))
            return SLUICE_CANCELLED;
        begin += windows;
    }
    return SLUICE_OK;
}

/* The default lengths of a short word, in one loop: each loop that ends costs a wrong guess of the processor. */
FLATTEN static void count_usual(struct counters counters, const char *text, size_t length)
{
    size_t at = 0;
    for (; at + USUAL_MAX <= length; at++) {
        count(counters, text + at, 3);
        count(counters, text + at, 4);
        count(counters, text + at, 5);
    }
    if (at + 4 <= length) {
        count(counters, text + at, 3);
        count(counters, text + at, 4);
        at++;
    }
    if (at + 3 <= length)
        count(counters, text + at, 3);
}

static bool plain(const char *text, size_t size)
{
    unsigned char all = 0;
    for (size_t i = 0; i < size; i++)
        all |= (unsigned char)text[i];
    return all < 0x80;
}

static sluice_status count_characters(struct features *features, size_t begin, size_t end, bool ascii)
{
    const struct features_options *options = &features->options;
    sluice_status status = SLUICE_OK;
    if (ascii && options->characters_min == USUAL_MIN && options->characters_max == USUAL_MAX &&
        end - begin <= USUAL_LENGTH) {
        count_usual(counters_of(features, options->seed + FEATURES_CHARACTER_SEED), features->text + begin,
                    end - begin);
        return stopped(features, 3 * (end - begin)) ? SLUICE_CANCELLED : SLUICE_OK;
    }
    for (uint32_t n = options->characters_min; n <= options->characters_max && status == SLUICE_OK; n++)
        status = ascii ? count_plain_windows(features, begin, end, n) : count_windows(features, begin, end, n);
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

char *features_room(struct features *features, size_t size)
{
    if (features->size + size + 1 > TEXT_KEPT)
        forget(features);
    size_t needed = features->size + size + 1;
    if (needed > features->capacity) {
        char *grown = realloc(features->text, needed + needed / 2);
        if (grown == NULL)
            return NULL;
        features->text = grown;
        features->capacity = needed + needed / 2;
    }
    return features->text + features->size;
}

sluice_status features_take_word(struct features *features, size_t size, bool ascii)
{
    if (size == 0)
        return SLUICE_OK;
    if (features->start_count == STARTS) {
        memcpy(features->starts, features->starts + STARTS - FEATURES_WORDS_MAX,
               FEATURES_WORDS_MAX * sizeof(features->starts[0]));
        features->start_count = FEATURES_WORDS_MAX;
    }
    size_t begin = features->size, end = begin + size;
    features->starts[features->start_count++] = begin;
    features->text[end] = ' ';
    features->size = end + 1;

    sluice_status status = SLUICE_OK;
    if (features->options.words_max > 0)
        status = count_words(features, end);
    if (status == SLUICE_OK && features->options.characters_max > 0)
        status = count_characters(features, begin - 1, end + 1, ascii);
    return status;
}

sluice_status features_add_word(struct features *features, sluice_text word)
{
    char *room = features_room(features, word.size);
    if (room == NULL)
        return SLUICE_NO_MEMORY;
    memcpy(room, word.data, word.size);
    return features_take_word(features, word.size, plain(room, word.size));
}

/* ---- the vector ---- */

static double sum_of_squares(const struct features *features)
{
    const int64_t *counts = features->counts;
    uint32_t dimension = features->options.dimension;
    if (features->counted + features->work <= EXACT_MAX) { /* then the sum is at most the square of that: it fits */
        uint64_t sum = 0;
        for (uint32_t i = 0; i < dimension; i++)
            sum += (uint64_t)(counts[i] * counts[i]);
        return (double)sum;
    }
    double sum = 0;
    for (uint32_t i = 0; i < dimension; i++)
        sum += (double)counts[i] * (double)counts[i];
    return sum;
}

void features_finish(struct features *features, float *vector)
{
    double length = features->options.unit ? sqrt(sum_of_squares(features)) : 1;
    if (length == 0) /* no feature, or all have cancelled */
        length = 1;
    for (uint32_t i = 0; i < features->options.dimension; i++)
        vector[i] = (float)((double)features->counts[i] / length);
}
