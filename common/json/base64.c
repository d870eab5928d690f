#include "common/json/base64.h"
#include "common/foundation/buffer.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(struct buffer *buffer, const void *data, size_t size)
{
    const uint8_t *at = data;
    for (size_t left = size; left > 0;) {
        uint8_t bytes[3] = {at[0], left > 1 ? at[1] : 0, left > 2 ? at[2] : 0};
        char text[4] = {alphabet[bytes[0] >> 2], alphabet[(bytes[0] & 3) << 4 | bytes[1] >> 4],
                        left > 1 ? alphabet[(bytes[1] & 15) << 2 | bytes[2] >> 6] : '=',
                        left > 2 ? alphabet[bytes[2] & 63] : '='};
        buffer_append(buffer, text, sizeof text);
        size_t used = left < 3 ? left : 3;
        at += used;
        left -= used;
    }
}

static int digit(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

bool base64_read(const char *text, size_t size, uint8_t *target, size_t *ret_size)
{
    uint8_t *at = target;
    uint32_t bits = 0;
    unsigned digits = 0; /* of the group of four that is open */
    for (size_t i = 0, pads = 0; i < size; i++) {
        if (text[i] == '=' && digits >= 2 && digits + ++pads >= 4) {
            digits = 0;
            break; /* what follows the padding is not looked at */
        }
        int value = digit(text[i]);
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
