/*
 * features.h - words into a vector of numbers: signed feature hashing.
 *
 * Source: K. Weinberger, A. Dasgupta, J. Langford, A. Smola, J. Attenberg: Feature Hashing for Large Scale Multitask
 * Learning, ICML 2009. Each feature is hashed; the hash says which number of the vector it counts in, and with which
 * sign, so that collisions cancel on average and inner products are unbiased.
 *
 * The features of a text w1 w2 w3 …:
 *   - word n-grams: n words in a row, joined by single spaces ("w1 w2");
 *   - character n-grams, within words: n characters (code points) in a row of the word with one space on each side
 *     (" w1 "), so that beginnings and ends differ from the middle. A word too short for n has none of that length.
 *
 * The hash of a feature's UTF-8 bytes is XXH3_64bits_withSeed of xxHash (fixed since version 0.8.0, the same on every
 * machine), with the seed for word n-grams, and the seed plus FEATURES_CHARACTER_SEED for character n-grams. Of the
 * hash h, number ((h >> 32) * dimension) >> 32 of the vector is raised by one, or lowered when h is odd.
 *
 * Counting is done in whole numbers, and so is the sum of squares (above 2^31 n-grams: in doubles, from the first
 * number to the last). Then one rounding for each operation: that sum to double, its root, each count divided by it,
 * that to float. IEEE 754 defines each of these to the bit, so the same text gives the same bytes everywhere (compiled
 * without contraction and fast-math).
 *
 * Everything belongs to one thread.
 */
#ifndef SLUICE_HASHING_ENCODER_FEATURES_H
#define SLUICE_HASHING_ENCODER_FEATURES_H

#include <sluice/document.h>

#define FEATURES_DIMENSION_MAX  65536
#define FEATURES_WORDS_MAX      8  /* words in an n-gram */
#define FEATURES_CHARACTERS_MAX 16 /* characters in an n-gram */
#define FEATURES_CHARACTER_SEED ((uint64_t)0x9E3779B97F4A7C15u)
#define FEATURES_STEP           ((size_t)1 << 16) /* n-grams between two questions whether to stop */

struct features_options {
    uint32_t dimension;                      /* 1 … FEATURES_DIMENSION_MAX */
    uint32_t words_min, words_max;           /* word n-grams; words_max 0: none */
    uint32_t characters_min, characters_max; /* character n-grams; characters_max 0: none */
    uint64_t seed;
    bool unit; /* the vector gets length 1 (a vector of zeros stays one) */
};

struct features {
    struct features_options options;
    int64_t *counts; /* `dimension` of them */
    char *text;      /* the last words, as " w1 w2 w3 " */
    size_t size, capacity;
    size_t starts[64]; /* of the last words in `text`, the newest last; at least FEATURES_WORDS_MAX of them */
    uint32_t start_count;
    size_t work;                 /* n-grams since the last question; never too few */
    size_t counted;              /* those before */
    bool (*stop)(void *context); /* NULL: never */
    void *context;
};

/* SLUICE_NO_MEMORY. The options are within their bounds. */
sluice_status features_init(struct features *features, const struct features_options *options);
void features_done(struct features *features);

/* Begin a text. `stop`, when not NULL, is asked now and then. */
void features_begin(struct features *features, bool (*stop)(void *context), void *context);

/* SLUICE_NO_MEMORY; SLUICE_CANCELLED when `stop` said so. An empty word counts for nothing. */
sluice_status features_add_word(struct features *features, sluice_text word);

/* The same without a copy: room to write `size` bytes to (NULL: no memory), and then the word is what the first of them
 * are. */
char *features_room(struct features *features, size_t size);
sluice_status features_take_word(struct features *features, size_t size, bool ascii);

/* The vector of the text: `dimension` floats. */
void features_finish(struct features *features, float *vector);

#endif
