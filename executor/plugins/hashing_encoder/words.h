/*
 * words.h - the words of a text: word boundaries of Unicode (UAX #29) as ICU finds them.
 *
 * What counts as a word: a segment that ICU's root word iterator gives a status of at least 100 (letters, digits, kana,
 * ideographs), or one that begins with a pictograph or a flag letter (emoji). White space, punctuation and control
 * characters are no words.
 *
 * Most text never goes through ICU's iterator: a scan by a table of characters finds the same words three times as
 * fast. For ASCII the table is fixed, so those words do not depend on the version of ICU (72 has CLDR 42's tailoring of
 * UAX #29: '@' is a letter, ':' is none). Other characters below WORDS_TABLE (Latin, Greek, Cyrillic, Arabic,
 * Devanagari, …, and punctuation) are classed by ICU's properties when they are first met. What needs more than the
 * rules of letters, numbers and marks (ideographs, kana, Hangul, Thai and its like, Hebrew, emoji, rare spaces) is
 * foreign to the scan, and goes to ICU with its surroundings: the text is cut between the two only where a boundary
 * stands whatever comes before and behind, which is after a line feed, and before a space that no other space precedes.
 * That both find the same is proven by a test.
 *
 * Everything belongs to one thread.
 */
#ifndef SLUICE_HASHING_ENCODER_WORDS_H
#define SLUICE_HASHING_ENCODER_WORDS_H

#include <sluice/document.h>

#include <unicode/ubrk.h>

#define WORDS_TEXT_MAX ((size_t)INT32_MAX) /* bytes of a text: ICU counts with 32 bits */

#define WORDS_TABLE 0x2100 /* characters that the scan may know */

struct words {
    const char *text; /* borrowed while it is walked */
    size_t size;
    size_t at;        /* where the search goes on */
    size_t plain_end; /* [at, plain_end) is the scan's, behind a safe place; [plain_end, mixed_end) is ICU's */
    size_t mixed_end;

    UBreakIterator *breaks;
    UChar *units; /* the mixed stretch in UTF-16 */
    size_t capacity;
    int32_t unit; /* where the last boundary was, in units; `at` is the same place in bytes */
    bool in_mixed;
    uint8_t classes[WORDS_TABLE]; /* words.c has the kinds; 0: not met yet */
};

/* SLUICE_SYSTEM when ICU has no word iterator. */
sluice_status words_init(struct words *words, sluice_error *error);
void words_done(struct words *words);

/* Begin a text of at most WORDS_TEXT_MAX bytes, which must stay until the last word. */
void words_begin(struct words *words, sluice_text text);

/* The next word, a part of the text, in *ret_word. SLUICE_NOT_FOUND: there is none. SLUICE_NO_MEMORY, SLUICE_SYSTEM. */
sluice_status words_next(struct words *words, sluice_text *ret_word);

#endif
