#include "common/json/encoding.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct encoding {
    size_t unit; /* bytes: 1, 2, 4 */
    bool big_endian;
    size_t mark; /* bytes to leave out */
};

static bool begins(const uint8_t *data, size_t size, const char *mark, size_t mark_size)
{
    return size >= mark_size && memcmp(data, mark, mark_size) == 0;
}

/* json.detect_encoding() */
static struct encoding detect(const uint8_t *data, size_t size)
{
    if (begins(data, size, "\0\0\xFE\xFF", 4))
        return (struct encoding){4, true, 4};
    if (begins(data, size, "\xFF\xFE\0\0", 4))
        return (struct encoding){4, false, 4};
    if (begins(data, size, "\xFE\xFF", 2))
        return (struct encoding){2, true, 2};
    if (begins(data, size, "\xFF\xFE", 2))
        return (struct encoding){2, false, 2};
    if (begins(data, size, "\xEF\xBB\xBF", 3))
        return (struct encoding){1, false, 3};
    if (size >= 4) {
        if (data[0] == 0)
            return (struct encoding){data[1] != 0 ? 2 : 4, true, 0};
        if (data[1] == 0)
            return (struct encoding){data[2] != 0 || data[3] != 0 ? 2 : 4, false, 0};
    } else if (size == 2) {
        if (data[0] == 0)
            return (struct encoding){2, true, 0};
        if (data[1] == 0)
            return (struct encoding){2, false, 0};
    }
    return (struct encoding){1, false, 0};
}

static uint32_t unit_at(const uint8_t *at, struct encoding encoding)
{
    uint32_t value = 0;
    for (size_t i = 0; i < encoding.unit; i++)
        value = value << 8 | at[encoding.big_endian ? i : encoding.unit - 1 - i];
    return value;
}

static char *put(char *at, uint32_t code)
{
    unsigned bytes = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const uint8_t firsts[] = {0, 0xC0, 0xE0, 0xF0};
    *at++ = (char)(firsts[bytes] | code >> 6 * bytes);
    while (bytes-- > 0)
        *at++ = (char)(0x80 | (code >> 6 * bytes & 63));
    return at;
}

sluice_status json_to_utf8(struct arena *arena, const char **text, size_t *size)
{
    const uint8_t *data = (const uint8_t *)*text;
    struct encoding encoding = detect(data, *size);
    data += encoding.mark;
    size_t count = (*size - encoding.mark) / encoding.unit;
    if ((*size - encoding.mark) % encoding.unit != 0)
        return SLUICE_INVALID;
    if (encoding.unit == 1) {
        *text = (const char *)data;
        *size = count;
        return SLUICE_OK;
    }
    char *target = arena_alloc(arena, count * 4), *at = target;
    if (target == NULL)
        return arena_failure(arena);
    for (size_t i = 0; i < count; i++) {
        uint32_t code = unit_at(data + i * encoding.unit, encoding);
        if (encoding.unit == 2 && code >= 0xD800 && code < 0xDC00 && i + 1 < count) {
            uint32_t low = unit_at(data + (i + 1) * 2, encoding);
            if (low >= 0xDC00 && low < 0xE000) {
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                i++;
            }
        }
        if (code > 0x10FFFF)
            return SLUICE_INVALID;
        at = put(at, code);
    }
    *text = target;
    *size = (size_t)(at - target);
    return SLUICE_OK;
}
