#include "common/net/websocket/utf8.h"

#include "common/foundation/text.h"

#include <string.h>

/* Bytes of a character that begins with this one; 0: none does. */
static size_t length_of(uint8_t first)
{
    return first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
}

/* Can these bytes be the beginning of a character? Some second bytes are forbidden after some first ones. */
static bool may_begin(const uint8_t *begun, size_t size)
{
    static const uint8_t ends[2][3] = {{0xBF, 0xBF, 0xBF}, {0x80, 0x80, 0x80}};
    uint8_t whole[4] = {begun[0]};
    size_t length = length_of(begun[0]);

    if (length == 0)
        return false;
    for (int i = 0; i < 2; i++) { /* with the highest or the lowest of what may follow it is whole */
        memcpy(whole + 1, ends[i], sizeof ends[i]);
        memcpy(whole, begun, size);
        if (text_is_utf8(whole, length))
            return true;
    }
    return false;
}

/* Where a character begins that the bytes do not complete; `size` when there is none. */
static size_t incomplete(const uint8_t *data, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        uint8_t byte = data[size - back];
        if ((byte & 0xC0) != 0x80)
            return length_of(byte) > back ? size - back : size;
    }
    return size;
}

bool utf8_check_more(struct utf8_check *check, const uint8_t *data, size_t size)
{
    while (check->size > 0 && size > 0) {
        check->begun[check->size++] = *data++;
        size--;
        if (check->size == length_of(check->begun[0])) {
            if (!text_is_utf8(check->begun, check->size))
                return false;
            check->size = 0;
        } else if (!may_begin(check->begun, check->size)) {
            return false;
        }
    }
    size_t whole = incomplete(data, size);
    if (!text_is_utf8(data, whole))
        return false;
    if (whole == size)
        return true;
    check->size = (uint8_t)(size - whole);
    memcpy(check->begun, data + whole, check->size);
    return may_begin(check->begun, check->size);
}
