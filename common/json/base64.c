#include "common/json/base64.h"
#include "common/foundation/buffer.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct buffer *buffer, const void *data, size_t size)
{
    const uint8_t *at = data;
    uint8_t *target = buffer_reserve(buffer, (size + 2) / 3 * 4);
    if (target == NULL)
        return;
    buffer->size += (size + 2) / 3 * 4;
    for (; size >= 3; size -= 3, at += 3) {
        *target++ = (uint8_t)alphabet[at[0] >> 2];
        *target++ = (uint8_t)alphabet[(at[0] & 3) << 4 | at[1] >> 4];
        *target++ = (uint8_t)alphabet[(at[1] & 15) << 2 | at[2] >> 6];
        *target++ = (uint8_t)alphabet[at[2] & 63];
    }
    if (size > 0) {
        uint8_t second = size > 1 ? at[1] : 0;
        *target++ = (uint8_t)alphabet[at[0] >> 2];
        *target++ = (uint8_t)alphabet[(at[0] & 3) << 4 | second >> 4];
        *target++ = size > 1 ? (uint8_t)alphabet[(second & 15) << 2] : '=';
        *target++ = '=';
    }
    *target = '\0';
}

/* The value of a letter plus one; 0: it is none of the alphabet. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64};

/* Whole groups of letters from the start; returns how many letters. */
static size_t read_groups(const char *text, size_t size, uint8_t *target)
{
    size_t i = 0;
    for (; i + 4 <= size; i += 4) {
        const uint8_t *at = (const uint8_t *)text + i;
        unsigned a = values[at[0]], b = values[at[1]], c = values[at[2]], d = values[at[3]];
        if (a == 0 || b == 0 || c == 0 || d == 0)
            break;
        uint32_t bits = (a - 1) << 18 | (b - 1) << 12 | (c - 1) << 6 | (d - 1);
        *target++ = (uint8_t)(bits >> 16);
        *target++ = (uint8_t)(bits >> 8);
        *target++ = (uint8_t)bits;
    }
    return i;
}

bool base64_read(const char *text, size_t size, uint8_t *target, size_t *ret_size)
{
    size_t done = read_groups(text, size, target); /* mostly all but the last group */
    uint8_t *at = target + done / 4 * 3;
    uint32_t bits = 0;
    unsigned digits = 0; /* of the group of four that is open */
    for (size_t i = done, pads = 0; i < size; i++) {
        if (text[i] == '=' && digits >= 2 && digits + ++pads >= 4) {
            digits = 0;
            break; /* what follows the padding is not looked at */
        }
        int value = values[(uint8_t)text[i]] - 1;
        if (value < 0)
            continue;
        pads = 0;
        bits = bits << 6 | (uint32_t)value;
        if (digits > 0)
            *at++ = (uint8_t)(bits >> (6 - 2 * digits));
        digits = (digits + 1) % 4;
    }
    *ret_size = (size_t)(at - target);
    return digits == 0;
}
