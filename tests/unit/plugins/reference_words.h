/*
 * reference_words.h - the words of a text as ICU alone finds them, for comparison: the whole text in UTF-16, which is the form
 * that ICU's dictionaries count in (over UTF-8 they take short runs of Thai and its like for longer than they are).
 */
#ifndef SLUICE_TESTS_REFERENCE_WORDS_H
#define SLUICE_TESTS_REFERENCE_WORDS_H

#include <sluice/document.h>

#include <unicode/ubrk.h>

struct reference_words {
    UBreakIterator *breaks;
    sluice_text text;
    UChar *units;
    int32_t *places; /* of each unit in the text, in bytes */
    int32_t capacity;
};

bool reference_words_init(struct reference_words *words);
void reference_words_done(struct reference_words *words);

/* Begin a text that is UTF-8; false: ICU failed, or no memory. Then the words, one after the other; false: no more. */
bool reference_words_begin(struct reference_words *words, sluice_text text);
bool reference_words_next(struct reference_words *words, sluice_text *ret_word);

#endif
