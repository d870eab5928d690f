#include "common/foundation/text.h"
#include "common/foundation/buffer.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

/* Length of the valid UTF-8 sequence at `at` (1 to 4), or 0. */
static size_t sequence_length(const uint8_t *at, const uint8_t *end)
{
    uint8_t first = at[0];
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || (size_t)(end - at) < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    if ((first == 0xE0 && at[1] < 0xA0) || (first == 0xED && at[1] > 0x9F) || (first == 0xF0 && at[1] < 0x90) ||
        (first == 0xF4 && at[1] > 0x8F))
        return 0;
    return length;
}

static bool is_ascii_32(const uint8_t *at)
{
    uint64_t words[4];
    memcpy(words, at, sizeof words);
    return ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u) == 0;
}

bool text_is_utf8(const void *data, size_t size)
{
    const uint8_t *at = data, *end = at + size;
    while (at < end) {
        /* Most text is ASCII: eight bytes at a time, and more where that went well. */
        uint64_t word;
        if (end - at >= 8 && (memcpy(&word, at, 8), (word & 0x8080808080808080u) == 0)) {
            at += 8;
            while (end - at >= 32 && is_ascii_32(at))
                at += 32;
            continue;
        }
        size_t length = sequence_length(at, end);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

size_t text_cut(const char *text, size_t size)
{
    size_t cut = size;
    while (cut > 0 && size - cut < 4 && ((uint8_t)text[cut - 1] & 0xC0) == 0x80)
        cut--;
    if (cut > 0 && (uint8_t)text[cut - 1] >= 0xC0) {
        const uint8_t *start = (const uint8_t *)text + cut - 1;
        if (sequence_length(start, (const uint8_t *)text + size) == 0)
            return cut - 1;
    }
    return size;
}

enum { NEAREST_WORD_MAX = 64 };

/* Distance in half steps: an edit costs 2, a change of letter case 1. */
static unsigned distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned rows[3][NEAREST_WORD_MAX + 1];
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = (unsigned)(2 * j);
    for (size_t i = 1; i <= a_size; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        row[0] = (unsigned)(2 * i);
        for (size_t j = 1; j <= b_size; j++) {
            unsigned change = a[i - 1] == b[j - 1]                                                    ? 0
                              : tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]) ? 1
                                                                                                      : 2;
            unsigned best = above[j - 1] + change;
            if (above[j] + 2 < best)
                best = above[j] + 2;
            if (row[j - 1] + 2 < best)
                best = row[j - 1] + 2;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two_above[j - 2] + 2 < best)
                best = two_above[j - 2] + 2;
            row[j] = best;
        }
    }
    return rows[a_size % 3][b_size];
}

const char *text_nearest(const char *word, const char *const *candidates)
{
    size_t size = strlen(word);
    if (size == 0 || size > NEAREST_WORD_MAX)
        return NULL;
    unsigned allowed = size < 3 ? 2 : (unsigned)(2 * ((size + 2) / 3));
    const char *nearest = NULL;
    for (; *candidates != NULL; candidates++) {
        size_t candidate_size = strlen(*candidates);
        if (candidate_size > NEAREST_WORD_MAX)
            continue;
        unsigned found = distance(word, size, *candidates, candidate_size);
        if (found <= allowed && found < 2 * (unsigned)(size > candidate_size ? size : candidate_size)) {
            allowed = found > 0 ? found - 1 : 0;
            nearest = *candidates;
            if (found == 0)
                break;
        }
    }
    return nearest;
}

void text_append_python_repr(struct buffer *buffer, const void *data, size_t size)
{
    const uint8_t *at = data, *end = at + size;
    char quote = size > 0 && memchr(data, '\'', size) != NULL && memchr(data, '"', size) == NULL ? '"' : '\'';
    buffer_append_byte(buffer, (uint8_t)quote);
    while (at < end) {
        size_t length = sequence_length(at, end);
        if (length > 1) {
            buffer_append(buffer, at, length);
            at += length;
            continue;
        }
        if (*at == (uint8_t)quote || *at == '\\')
            buffer_printf(buffer, "\\%c", *at);
        else if (*at == '\n')
            buffer_append(buffer, "\\n", 2);
        else if (*at == '\r')
            buffer_append(buffer, "\\r", 2);
        else if (*at == '\t')
            buffer_append(buffer, "\\t", 2);
        else if (length == 0 || *at < 0x20 || *at == 0x7F)
            buffer_printf(buffer, "\\x%02x", *at);
        else
            buffer_append_byte(buffer, *at);
        at++;
    }
    buffer_append_byte(buffer, (uint8_t)quote);
}

/* U+0080 to U+009F: some terminals obey these too. */
static bool is_late_control(const uint8_t *at, size_t length)
{
    return length == 2 && at[0] == 0xC2 && at[1] < 0xA0;
}

void text_append_line(struct buffer *buffer, const void *data, size_t size)
{
    const uint8_t *at = data, *end = at + size;
    while (at < end) {
        size_t length = sequence_length(at, end);
        if (*at == '\n' || *at == '\r' || *at == '\t') {
            buffer_append_byte(buffer, ' ');
        } else if (length == 0 || *at < 0x20 || *at == 0x7F) {
            buffer_printf(buffer, "\\x%02x", *at);
        } else if (is_late_control(at, length)) {
            buffer_printf(buffer, "\\x%02x", at[1]);
        } else {
            buffer_append(buffer, at, length);
        }
        at += length > 0 ? length : 1;
    }
}

int text_hex_digit(int character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    int lower = character | 0x20;
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

const char text_token_characters[] =
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

void text_random_id(char id[TEXT_ID_SIZE + 1])
{
    /* Random bytes for many ids are fetched at once: one id would cost a system call. */
    static _Thread_local uint8_t pool[512];
    static _Thread_local size_t left;
    if (left < TEXT_ID_SIZE / 2) {
        size_t filled = 0;
        while (filled < sizeof pool) {
            ssize_t got = getrandom(pool + filled, sizeof pool - filled, 0);
            if (got > 0)
                filled += (size_t)got;
        }
        left = sizeof pool;
    }
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < TEXT_ID_SIZE / 2; i++) {
        uint8_t byte = pool[--left];
        id[2 * i] = digits[byte >> 4];
        id[2 * i + 1] = digits[byte & 15];
    }
    id[TEXT_ID_SIZE] = '\0';
}

/* Bytes of the UTF-8 sequence that `byte` begins; 1 for what begins none. */
static size_t sequence_size(unsigned char byte)
{
    return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
}

void text_append_json(struct buffer *buffer, const void *data, size_t size)
{
    const unsigned char *at = data, *end = at + size;
    buffer_append_byte(buffer, '"');
    while (at < end) {
        size_t sequence = sequence_size(*at);
        if (*at == '"' || *at == '\\')
            buffer_printf(buffer, "\\%c", *at);
        else if (*at == '\n')
            buffer_append_text(buffer, "\\n");
        else if (*at < 0x20)
            buffer_printf(buffer, "\\u%04x", *at);
        else if (*at < 0x80)
            buffer_append_byte(buffer, *at);
        else if (sequence <= (size_t)(end - at) && text_is_utf8(at, sequence))
            buffer_append(buffer, at, sequence);
        else {
            buffer_append_text(buffer, "\\ufffd");
            sequence = 1;
        }
        at += sequence;
    }
    buffer_append_byte(buffer, '"');
}
