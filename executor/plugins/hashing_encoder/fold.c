#include "fold.h"

#include <stdlib.h>
#include <string.h>

#include <unicode/ustring.h>
#include <unicode/utf8.h>

#define CAPACITY_FIRST 64
#define REPLACEMENT    0xFFFD

sluice_status fold_init(struct fold *fold, sluice_error *error)
{
    UErrorCode code = U_ZERO_ERROR;
    *fold = (struct fold){.normalizer = unorm2_getNFKCCasefoldInstance(&code)};
    fold->composer = unorm2_getNFCInstance(&code);
    if (U_FAILURE(code))
        return sluice_fail(error, SLUICE_SYSTEM, "fold", "ICU has no NFKC_Casefold: %s", u_errorName(code));
    return SLUICE_OK;
}

void fold_done(struct fold *fold)
{
    free(fold->units);
    free(fold->folded);
    free(fold->text);
    *fold = (struct fold){0};
}

static bool reserve_text(struct fold *fold, size_t size)
{
    if (size <= fold->text_capacity)
        return true;
    size_t capacity = size < CAPACITY_FIRST ? CAPACITY_FIRST : size + size / 2;
    free(fold->text);
    fold->text = malloc(capacity);
    fold->text_capacity = fold->text == NULL ? 0 : capacity;
    return fold->text != NULL;
}

static bool reserve_units(UChar **units, int32_t *capacity, int32_t count)
{
    if (count <= *capacity)
        return true;
    free(*units);
    *capacity = count < CAPACITY_FIRST ? CAPACITY_FIRST : count;
    *units = reallocarray(NULL, (size_t)*capacity, sizeof(**units));
    if (*units == NULL)
        *capacity = 0;
    return *units != NULL;
}

/* Lower case, as long as the word is ASCII. */
static bool fold_plain(sluice_text word, char *to)
{
    unsigned char all = 0;
    for (size_t i = 0; i < word.size; i++) {
        unsigned char byte = (unsigned char)word.data[i];
        all |= byte;
        to[i] = (char)(byte | (byte >= 'A' && byte <= 'Z' ? 0x20 : 0));
    }
    return all < 0x80;
}

#define EACH(byte) ((uint64_t)(byte)*0x0101010101010101u)

/* Eight letters at a time; every byte must be below 0x80. */
static uint64_t lower(uint64_t eight)
{
    uint64_t from_a = eight + EACH(0x80 - 'A'), behind_z = eight + EACH(0x7F - 'Z');
    return eight | (((from_a & ~behind_z) & EACH(0x80)) >> 2);
}

bool fold_short_word(const char *word, size_t size, char *to)
{
    uint64_t halves[2], kept[2];
    memcpy(halves, word, sizeof(halves));
    for (size_t i = 0; i < 2; i++) {
        size_t here = size < 8 * (i + 1) ? (size < 8 * i ? 0 : size - 8 * i) : 8; /* bytes of the word in this half */
        kept[i] = here == 0 ? 0 : ~(uint64_t)0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        kept[i] >>= 8 * (8 - here) & 63;
#else
        kept[i] <<= 8 * (8 - here) & 63;
#endif
        halves[i] &= kept[i];
    }
    if (((halves[0] | halves[1]) & EACH(0x80)) != 0)
        return false;
    halves[0] = lower(halves[0]);
    halves[1] = lower(halves[1]);
    memcpy(to, halves, sizeof(halves));
    return true;
}

static sluice_status status_of(UErrorCode code)
{
    return code == U_MEMORY_ALLOCATION_ERROR ? SLUICE_NO_MEMORY : SLUICE_SYSTEM;
}

/* The word in fold->units to fold->folded; *ret_count units. */
static sluice_status normalize(struct fold *fold, int32_t count, int32_t *ret_count)
{
    if (!reserve_units(&fold->folded, &fold->folded_capacity, count))
        return SLUICE_NO_MEMORY;
    for (;;) {
        UErrorCode code = U_ZERO_ERROR;
        int32_t needed =
            unorm2_normalize(fold->normalizer, fold->units, count, fold->folded, fold->folded_capacity, &code);
        if (code == U_BUFFER_OVERFLOW_ERROR) {
            if (!reserve_units(&fold->folded, &fold->folded_capacity, needed))
                return SLUICE_NO_MEMORY;
            continue;
        }
        *ret_count = needed;
        return U_SUCCESS(code) ? SLUICE_OK : status_of(code);
    }
}

/* What the character becomes, if that is one character, and neither has to do with what stands before it; else
 * FOLD_HARD. */
static uint16_t fold_character(const struct fold *fold, UChar32 character)
{
    UErrorCode code = U_ZERO_ERROR;
    UChar from = (UChar)character, to[4];
    int32_t size = unorm2_normalize(fold->normalizer, &from, 1, to, 4, &code);
    if (U_FAILURE(code) || size != 1 || U16_IS_SURROGATE(to[0]) || to[0] == 0 || to[0] == FOLD_HARD ||
        !unorm2_hasBoundaryBefore(fold->normalizer, character) ||
        !unorm2_hasBoundaryBefore(fold->composer, character) || !unorm2_hasBoundaryBefore(fold->composer, to[0]))
        return FOLD_HARD;
    return to[0];
}

/* The word by the table; false: one of its characters is hard. */
static bool fold_by_table(struct fold *fold, sluice_text word, sluice_text *ret_folded)
{
    size_t size = 0;
    for (int32_t at = 0; at < (int32_t)word.size;) {
        UChar32 character;
        U8_NEXT((const uint8_t *)word.data, at, (int32_t)word.size, character);
        if (character < 0 || character >= FOLD_TABLE)
            return false;
        if (fold->table[character] == 0)
            fold->table[character] = fold_character(fold, character);
        uint32_t folded = fold->table[character];
        if (folded == FOLD_HARD)
            return false;
        U8_APPEND_UNSAFE((uint8_t *)fold->text, size, folded);
    }
    *ret_folded = (sluice_text){fold->text, size};
    return true;
}

static sluice_status fold_other(struct fold *fold, sluice_text word, sluice_text *ret_folded)
{
    enum { WORD_MAX = INT32_MAX / 18 }; /* one character becomes at most 18 */
    UErrorCode code = U_ZERO_ERROR;
    int32_t count = 0, size = 0;
    if (word.size > WORD_MAX)
        return SLUICE_LIMIT;
    if (!reserve_text(fold, 3 * word.size))
        return SLUICE_NO_MEMORY;
    if (fold_by_table(fold, word, ret_folded))
        return SLUICE_OK;
    if (!reserve_units(&fold->units, &fold->units_capacity, (int32_t)word.size))
        return SLUICE_NO_MEMORY;
    u_strFromUTF8WithSub(fold->units, fold->units_capacity, &count, word.data, (int32_t)word.size, REPLACEMENT, NULL,
                         &code);
    if (U_FAILURE(code))
        return status_of(code);
    sluice_status status = normalize(fold, count, &count);
    if (status != SLUICE_OK)
        return status;
    if (!reserve_text(fold, (size_t)count * 3 + 1))
        return SLUICE_NO_MEMORY;
    u_strToUTF8WithSub(fold->text, (int32_t)fold->text_capacity, &size, fold->folded, count, REPLACEMENT, NULL, &code);
    *ret_folded = (sluice_text){fold->text, (size_t)size};
    return U_SUCCESS(code) ? SLUICE_OK : status_of(code);
}

sluice_status fold_word(struct fold *fold, sluice_text word, sluice_text *ret_folded)
{
    if (!reserve_text(fold, word.size + 1))
        return SLUICE_NO_MEMORY;
    if (!fold_plain(word, fold->text))
        return fold_other(fold, word, ret_folded);
    *ret_folded = (sluice_text){fold->text, word.size};
    return SLUICE_OK;
}
