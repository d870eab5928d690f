/* utf8.h - is a text that comes in pieces UTF-8 (RFC 3629)? A fault is found in the piece in which it shows. */
#ifndef SLUICE_NET_WEBSOCKET_UTF8_H
#define SLUICE_NET_WEBSOCKET_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero at first, and after a text that was good. */
struct utf8_check {
    uint8_t begun[4]; /* a character that is not complete */
    uint8_t size;
};

/* The next piece. False: the text is not UTF-8, whatever follows. */
bool utf8_check_more(struct utf8_check *check, const uint8_t *data, size_t size);

/* Does the text end here, or within a character? */
static inline bool utf8_check_may_end(const struct utf8_check *check)
{
    return check->size == 0;
}

#endif
