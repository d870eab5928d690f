#include "words.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/utf8.h>

/* ---- ASCII ---- */

enum {
    LETTER = 1,        /* ALetter, and '@' (CLDR 42) */
    DIGIT = 2,         /* Numeric */
    UNDERSCORE = 4,    /* ExtendNumLet */
    JOINS_LETTERS = 8, /* MidNumLet and Single_Quote: within a word, between two letters … */
    JOINS_DIGITS = 16, /* … and with MidNum between two digits */
    IN_WORD = LETTER | DIGIT | UNDERSCORE
};

/* Everything else in ASCII, ':' and '"' too, stands alone. */
static const uint8_t classes[256] = {
    ['0' ... '9'] = DIGIT,
    ['@'] = LETTER,
    ['A' ... 'Z'] = LETTER,
    ['a' ... 'z'] = LETTER,
    ['_'] = UNDERSCORE,
    ['\''] = JOINS_LETTERS | JOINS_DIGITS,
    ['.'] = JOINS_LETTERS | JOINS_DIGITS,
    [','] = JOINS_DIGITS,
    [';'] = JOINS_DIGITS,
};

/* Where the word that begins at `at` ends. */
static size_t plain_word_end(const unsigned char *text, size_t at, size_t end)
{
    for (;;) {
        while (at < end && (classes[text[at]] & IN_WORD) != 0)
            at++;
        if (end - at < 2)
            return at;
        unsigned around = classes[text[at - 1]] & classes[text[at + 1]], between = classes[text[at]];
        bool joined = ((around & LETTER) != 0 && (between & JOINS_LETTERS) != 0) ||
                      ((around & DIGIT) != 0 && (between & JOINS_DIGITS) != 0);
        if (!joined)
            return at;
        at++;
    }
}

/* A word before plain_end; without one `at` is there. */
static bool next_plain(struct words *words, sluice_text *ret_word)
{
    const unsigned char *text = (const unsigned char *)words->text;
    size_t at = words->at, end = words->plain_end;
    for (;;) {
        while (at < end && (classes[text[at]] & IN_WORD) == 0)
            at++;
        if (at == end)
            break;
        size_t begin = at;
        at = plain_word_end(text, at, end);
        if (at - begin > 1 || text[begin] != '_') { /* a single '_' is no word to ICU */
            words->at = at;
            *ret_word = (sluice_text){words->text + begin, at - begin};
            return true;
        }
    }
    words->at = end;
    return false;
}

/* ---- where ASCII ends and begins ---- */

#define PLAIN_MIN 64 /* bytes of ASCII for which leaving ICU is worth while */

static size_t first_not_ascii(const char *text, size_t at, size_t end)
{
    for (; at + sizeof(uint64_t) <= end; at += sizeof(uint64_t)) {
        uint64_t eight;
        memcpy(&eight, text + at, sizeof(eight));
        if ((eight & 0x8080808080808080u) != 0)
            break;
    }
    while (at < end && (unsigned char)text[at] < 0x80)
        at++;
    return at;
}

/* Is the character before `at` a space that joins another (WSegSpace)? ASCII has one, Unicode some more. */
static bool space_before(const char *text, size_t at)
{
    if ((unsigned char)text[at - 1] < 0x80)
        return text[at - 1] == ' ';
    int32_t index = at < U8_MAX_LENGTH ? (int32_t)at : U8_MAX_LENGTH;
    const uint8_t *last = (const uint8_t *)text + at - index;
    UChar32 character;
    U8_PREV(last, 0, index, character);
    return character < 0 || u_getIntPropertyValue(character, UCHAR_WORD_BREAK) == U_WB_WSEGSPACE;
}

/* Does a boundary stand before the byte at `at`, an ASCII one or one behind a line feed, whatever is around? */
static bool safe(const char *text, size_t at)
{
    return text[at - 1] == '\n' || (text[at] == ' ' && !space_before(text, at));
}

/* The next stretch begins at `at`, a safe place: ASCII up to plain_end, then mixed up to mixed_end; each may be empty.
 */
static void find_stretch(struct words *words)
{
    const char *text = words->text;
    size_t other = first_not_ascii(text, words->at, words->size), cut = other;
    if (other == words->size) {
        words->plain_end = words->mixed_end = other;
        return;
    }
    while (cut > words->at && !safe(text, cut))
        cut--;
    words->plain_end = cut;
    for (;;) {
        for (cut = other + 1; cut < words->size && !safe(text, cut);)
            cut++;
        size_t enough = words->size - cut < PLAIN_MIN ? words->size : cut + PLAIN_MIN;
        other = first_not_ascii(text, cut, enough);
        if (other == enough)
            break;
    }
    words->mixed_end = cut;
}

/* ---- ICU ---- */

/* One character from `*at`, which is moved behind it, as the units of UTF-16 that it takes. */
static UChar32 next_character(const struct words *words, int32_t *at)
{
    UChar32 character;
    U8_NEXT_OR_FFFD((const uint8_t *)words->text, *at, (int32_t)words->mixed_end, character);
    return character;
}

static sluice_status reserve(struct words *words, size_t units)
{
    if (units <= words->capacity)
        return SLUICE_OK;
    size_t capacity = units < 4096 ? 4096 : units;
    UChar *grown = reallocarray(NULL, capacity, sizeof(*grown));
    if (grown == NULL)
        return SLUICE_NO_MEMORY;
    free(words->units);
    words->units = grown;
    words->capacity = capacity;
    return SLUICE_OK;
}

static sluice_status begin_mixed(struct words *words)
{
    sluice_status status = reserve(words, words->mixed_end - words->at); /* no byte makes more than one unit */
    if (status != SLUICE_OK)
        return status;
    int32_t count = 0;
    for (int32_t at = (int32_t)words->at; at < (int32_t)words->mixed_end;) {
        UChar32 character = next_character(words, &at);
        if (character <= 0xFFFF) {
            words->units[count++] = (UChar)character;
        } else {
            words->units[count++] = U16_LEAD(character);
            words->units[count++] = U16_TRAIL(character);
        }
    }
    UErrorCode code = U_ZERO_ERROR;
    ubrk_setText(words->breaks, words->units, count, &code);
    words->unit = ubrk_first(words->breaks);
    words->in_mixed = true;
    return U_SUCCESS(code) ? SLUICE_OK : SLUICE_SYSTEM;
}

static bool pictograph(UChar32 character)
{
    return character >= 0xA9 && (u_hasBinaryProperty(character, UCHAR_EXTENDED_PICTOGRAPHIC) ||
                                 u_hasBinaryProperty(character, UCHAR_REGIONAL_INDICATOR));
}

/* A word before mixed_end; without one `at` is there. */
static bool next_mixed(struct words *words, sluice_text *ret_word)
{
    for (int32_t next = ubrk_next(words->breaks); next != UBRK_DONE; next = ubrk_next(words->breaks)) {
        int32_t begin = (int32_t)words->at, end = begin;
        UChar32 first = next_character(words, &end);
        words->unit += U16_LENGTH(first);
        while (words->unit < next)
            words->unit += U16_LENGTH(next_character(words, &end));
        words->at = (size_t)end;
        if (ubrk_getRuleStatus(words->breaks) >= UBRK_WORD_NONE_LIMIT || pictograph(first)) {
            *ret_word = (sluice_text){words->text + begin, (size_t)(end - begin)};
            return true;
        }
    }
    words->at = words->mixed_end;
    words->in_mixed = false;
    return false;
}

/* ---- the contract ---- */

sluice_status words_init(struct words *words, sluice_error *error)
{
    UErrorCode code = U_ZERO_ERROR;
    *words = (struct words){.text = ""};
    words->breaks = ubrk_open(UBRK_WORD, "", NULL, 0, &code);
    if (U_FAILURE(code))
        return sluice_fail(error, SLUICE_SYSTEM, "words", "ICU has no word boundaries: %s", u_errorName(code));
    return SLUICE_OK;
}

void words_done(struct words *words)
{
    if (words->breaks != NULL)
        ubrk_close(words->breaks);
    free(words->units);
    *words = (struct words){.text = ""};
}

void words_begin(struct words *words, sluice_text text)
{
    words->text = text.data;
    words->size = text.size;
    words->at = 0;
    words->in_mixed = false;
    find_stretch(words);
}

sluice_status words_next(struct words *words, sluice_text *ret_word)
{
    for (;;) {
        if (words->in_mixed) {
            if (next_mixed(words, ret_word))
                return SLUICE_OK;
        } else if (words->at < words->plain_end) {
            if (next_plain(words, ret_word))
                return SLUICE_OK;
        } else if (words->at < words->mixed_end) {
            sluice_status status = begin_mixed(words);
            if (status != SLUICE_OK)
                return status;
        } else if (words->at < words->size) {
            find_stretch(words);
        } else {
            return SLUICE_NOT_FOUND;
        }
    }
}
