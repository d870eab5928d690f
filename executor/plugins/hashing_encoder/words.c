#include "words.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/uscript.h>
#include <unicode/utf8.h>

/* ---- kinds of characters ---- */

enum {
    LETTER = 1,        /* ALetter, and '@' (CLDR 42) */
    DIGIT = 2,         /* Numeric */
    UNDERSCORE = 4,    /* ExtendNumLet */
    JOINS_LETTERS = 8, /* MidLetter, MidNumLet, Single_Quote: within a word, between two letters … */
    JOINS_DIGITS = 16, /* … and MidNum, MidNumLet, Single_Quote between two digits */
    IGNORED = 32,      /* Extend, Format, ZWJ: belongs to the character before (rule WB4) */
    ALONE = 64,        /* no part of a word */
    FOREIGN = 128,     /* for ICU */
    IN_WORD = LETTER | DIGIT | UNDERSCORE
};

/* Everything else in ASCII, ':' and '"' too, stands alone. */
static const uint8_t ascii[128] = {
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

static uint8_t class_by_property(UChar32 character)
{
    /* Dictionaries find words in these scripts, whatever the class. */
    if (u_getIntPropertyValue(character, UCHAR_LINE_BREAK) == U_LB_COMPLEX_CONTEXT ||
        u_getIntPropertyValue(character, UCHAR_SCRIPT) == USCRIPT_HANGUL ||
        u_hasBinaryProperty(character, UCHAR_EXTENDED_PICTOGRAPHIC))
        return FOREIGN;
    switch (u_getIntPropertyValue(character, UCHAR_WORD_BREAK)) {
    case U_WB_ALETTER: return LETTER;
    case U_WB_NUMERIC: return DIGIT;
    case U_WB_EXTENDNUMLET: return UNDERSCORE;
    case U_WB_MIDLETTER: return JOINS_LETTERS;
    case U_WB_MIDNUM: return JOINS_DIGITS;
    case U_WB_MIDNUMLET: return JOINS_LETTERS | JOINS_DIGITS;
    case U_WB_EXTEND:
    case U_WB_FORMAT:
    case U_WB_ZWJ: return IGNORED;
    case U_WB_OTHER: return ALONE;
    default: return FOREIGN;
    }
}

static uint8_t class_of_other(struct words *words, size_t at, size_t *ret_next)
{
    int32_t next = (int32_t)at;
    UChar32 character;
    U8_NEXT_OR_FFFD((const uint8_t *)words->text, next, (int32_t)words->size, character);
    *ret_next = (size_t)next;
    if (character >= WORDS_TABLE)
        return FOREIGN;
    if (words->classes[character] == 0)
        words->classes[character] = class_by_property(character);
    return words->classes[character];
}

/* The class of the character that begins at `at`, before the end, and where the next one begins. */
static inline uint8_t class_at(struct words *words, size_t at, size_t *ret_next)
{
    unsigned char byte = (unsigned char)words->text[at];
    if (byte >= 0x80)
        return class_of_other(words, at, ret_next);
    *ret_next = at + 1;
    return words->classes[byte];
}

/* ---- the scan ---- */

/* Behind characters that belong to the one before. */
static size_t skip_ignored(struct words *words, size_t at)
{
    size_t next = at;
    while (at < words->plain_end && class_at(words, at, &next) == IGNORED)
        at = next;
    return at;
}

/* Where the word goes on behind the joining character at `at`, of class `joins`, with `before` in front of it; or `at`.
 */
static size_t joined(struct words *words, size_t at, unsigned before, unsigned joins)
{
    size_t next = at, behind;
    class_at(words, at, &next);
    behind = skip_ignored(words, next);
    if (behind >= words->plain_end)
        return at;
    unsigned around = before & class_at(words, behind, &next);
    bool goes_on = ((around & LETTER) != 0 && (joins & JOINS_LETTERS) != 0) ||
                   ((around & DIGIT) != 0 && (joins & JOINS_DIGITS) != 0);
    return goes_on ? behind : at;
}

/*
 * Where the word that begins at `at` ends. *ret_word: is it one? To ICU a single '_' is none, nor is anything that ends
 * with a '_' and marks on it.
 */
static size_t word_end(struct words *words, size_t at, bool *ret_word)
{
    const unsigned char *text = (const unsigned char *)words->text;
    size_t end = words->plain_end, characters = 0;
    unsigned before = 0, seen = 0;
    bool marked = false; /* the last character is followed by marks */
    for (;;) {
        size_t start = at;
        while (at < end && text[at] < 0x80 && (ascii[text[at]] & IN_WORD) != 0)
            seen |= before = ascii[text[at++]];
        characters += at - start;
        marked = marked && at == start;
        if (at == end)
            break;
        size_t next = at;
        unsigned class = class_at(words, at, &next);
        if ((class & IN_WORD) != 0) {
            seen |= before = class;
            characters++;
            marked = false;
        } else if ((class & (JOINS_LETTERS | JOINS_DIGITS)) != 0) {
            next = joined(words, at, before, class);
            if (next == at)
                break;
        } else if (class == IGNORED) {
            marked = true;
        } else {
            break;
        }
        at = next;
    }
    *ret_word = (characters > 1 || seen != UNDERSCORE) && !(before == UNDERSCORE && marked);
    return at;
}

/* A word before plain_end; without one `at` is there. */
static bool next_plain(struct words *words, sluice_text *ret_word)
{
    size_t at = words->at, end = words->plain_end, next = at;
    while (at < end) {
        unsigned class = class_at(words, at, &next);
        if ((class & IN_WORD) == 0) {
            at = next;
            continue;
        }
        size_t begin = at;
        bool word;
        at = word_end(words, at, &word);
        if (word) {
            words->at = at;
            *ret_word = (sluice_text){words->text + begin, at - begin};
            return true;
        }
    }
    words->at = end;
    return false;
}

/* ---- where the scan ends and begins ---- */

#define PLAIN_MIN 64 /* bytes without foreign characters for which leaving ICU is worth while */

/* The first foreign character in [at, end), or `end`. */
static size_t first_foreign(struct words *words, size_t at, size_t end)
{
    for (;;) {
        for (; at + sizeof(uint64_t) <= end; at += sizeof(uint64_t)) {
            uint64_t eight;
            memcpy(&eight, words->text + at, sizeof(eight));
            if ((eight & 0x8080808080808080u) != 0)
                break;
        }
        while (at < end && (unsigned char)words->text[at] < 0x80)
            at++;
        size_t next = at;
        if (at >= end)
            return end;
        if (class_at(words, at, &next) == FOREIGN)
            return at;
        at = next;
    }
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

/* Does a boundary stand before the byte at `at`, whatever is around? */
static bool safe(const char *text, size_t at)
{
    return text[at - 1] == '\n' || (text[at] == ' ' && !space_before(text, at));
}

/* The next stretch begins at `at`, a safe place: the scan's up to plain_end, then ICU's up to mixed_end; each may be
 * empty. */
static void find_stretch(struct words *words)
{
    const char *text = words->text;
    size_t foreign = first_foreign(words, words->at, words->size), cut = foreign;
    if (foreign == words->size) {
        words->plain_end = words->mixed_end = foreign;
        return;
    }
    while (cut > words->at && !safe(text, cut))
        cut--;
    words->plain_end = cut;
    for (;;) {
        for (cut = foreign + 1; cut < words->size && !safe(text, cut);)
            cut++;
        size_t enough = words->size - cut < PLAIN_MIN ? words->size : cut + PLAIN_MIN;
        foreign = first_foreign(words, cut, enough);
        if (foreign == enough)
            break;
    }
    words->mixed_end = cut;
}

/* ---- ICU ---- */

#define UNITS_LARGE ((size_t)1 << 20) /* units of room that are given back with the next text */

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
    for (size_t i = 0; i < sizeof(ascii); i++)
        words->classes[i] = ascii[i] != 0 ? ascii[i] : ALONE;
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
    if (words->capacity > UNITS_LARGE) { /* the iterator reads them no more: it gets another text before it is asked */
        free(words->units);
        words->units = NULL;
        words->capacity = 0;
    }
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
