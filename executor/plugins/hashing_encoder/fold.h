/*
 * fold.h - what makes two spellings of a word the same: Unicode's NFKC_Casefold (UAX #31, "toNFKC_Casefold").
 *
 * Upper and lower case, ligatures, full-width letters, composed and decomposed accents, soft hyphens: all count as one.
 * ASCII takes the short way, as ICU's answer there is the lower-case letter; and so does a word of characters below
 * FOLD_TABLE each of which becomes one character that has nothing to do with those beside it.
 * Everything belongs to one thread.
 */
#ifndef SLUICE_HASHING_ENCODER_FOLD_H
#define SLUICE_HASHING_ENCODER_FOLD_H

#include <sluice/document.h>

#include <unicode/unorm2.h>

#define FOLD_TABLE 0x2100
#define FOLD_HARD  0xFFFF

struct fold {
    const UNormalizer2 *normalizer, *composer; /* ICU's, for the whole process: NFKC_Casefold and NFC */
    uint16_t table[FOLD_TABLE];                /* what a character becomes; 0: not met yet, FOLD_HARD: only ICU knows */
    UChar *units, *folded;                     /* the word before and after, in UTF-16 */
    int32_t units_capacity, folded_capacity;
    char *text; /* the answer */
    size_t text_capacity;
};

/* SLUICE_SYSTEM when ICU has no such data. */
sluice_status fold_init(struct fold *fold, sluice_error *error);
void fold_done(struct fold *fold);

/*
 * The folded word, valid until the next call; it may be empty (a word of ignorable characters). SLUICE_NO_MEMORY,
 * SLUICE_LIMIT for a word that ICU cannot count (above some hundred MiB), SLUICE_SYSTEM.
 */
sluice_status fold_word(struct fold *fold, sluice_text word, sluice_text *ret_folded);

/*
 * The short way alone, for words of at most FOLD_SHORT bytes of which FOLD_SHORT may be read: no loop and no guess.
 * Writes FOLD_SHORT bytes, of which the first `size` are the word; false: it is not ASCII.
 */
enum { FOLD_SHORT = 16 };
bool fold_short_word(const char *word, size_t size, char *to);

#endif
