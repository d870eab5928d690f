#include "tests/unit/plugins/reference_words.h"

#include <stdlib.h>
#include <unicode/uchar.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

bool reference_words_init(struct reference_words *words)
{
    UErrorCode code = U_ZERO_ERROR;
    *words = (struct reference_words){.breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &code)};
    return U_SUCCESS(code);
}

void reference_words_done(struct reference_words *words)
{
    if (words->breaks != NULL)
        ubrk_close(words->breaks);
    free(words->units);
    free(words->places);
}

bool reference_words_begin(struct reference_words *words, sluice_text text)
{
    int32_t size = (int32_t)text.size, count = 0;
    UErrorCode code = U_ZERO_ERROR;
    words->text = text;
    if (size >= words->capacity) {
        free(words->units);
        free(words->places);
        words->capacity = size + 1;
        words->units = calloc(text.size + 1, sizeof(*words->units));
        words->places = calloc(text.size + 1, sizeof(*words->places));
    }
    if (words->units == NULL || words->places == NULL)
        return false;
    for (int32_t at = 0; at < size;) {
        UChar32 character;
        words->places[count] = at;
        U8_NEXT_OR_FFFD((const uint8_t *)text.data, at, size, character);
        if (U16_LENGTH(character) == 2)
            words->places[count + 1] = at;
        U16_APPEND_UNSAFE(words->units, count, character);
    }
    words->places[count] = size;
    ubrk_setText(words->breaks, words->units, count, &code);
    ubrk_first(words->breaks);
    return U_SUCCESS(code);
}

bool reference_words_next(struct reference_words *words, sluice_text *ret_word)
{
    int32_t begin = ubrk_current(words->breaks);
    for (int32_t end; (end = ubrk_next(words->breaks)) != UBRK_DONE; begin = end) {
        UChar32 first;
        int32_t at = words->places[begin];
        U8_NEXT_OR_FFFD((const uint8_t *)words->text.data, at, (int32_t)words->text.size, first);
        bool emoji = first > 0x7F && (u_hasBinaryProperty(first, UCHAR_EXTENDED_PICTOGRAPHIC) ||
                                      u_hasBinaryProperty(first, UCHAR_REGIONAL_INDICATOR));
        if (!emoji && ubrk_getRuleStatus(words->breaks) < UBRK_WORD_NONE_LIMIT)
            continue;
        *ret_word = (sluice_text){words->text.data + words->places[begin], (size_t)(words->places[end] - words->places[begin])};
        return true;
    }
    return false;
}
