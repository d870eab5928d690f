/* json_text.h - writing the few lines of JSON that the command itself makes. */
#ifndef SLUICE_TOOLS_JSON_TEXT_H
#define SLUICE_TOOLS_JSON_TEXT_H

#include "common/foundation/buffer.h"

/* Append `data` as a JSON string with its quotes. Control characters are escaped, bytes that are no UTF-8 become
 * U+FFFD. */
void json_append_string(struct buffer *buffer, const void *data, size_t size);

#endif
