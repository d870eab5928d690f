/*
 * encoding.h - texts in UTF-16 and UTF-32, which Python's json.loads() accepts as well. Private to common/json.
 */
#ifndef SLUICE_JSON_ENCODING_H
#define SLUICE_JSON_ENCODING_H

#include "common/foundation/arena.h"

/*
 * Finds the encoding as Python does (byte order mark, else the zero bytes among the first four) and gives the text in
 * UTF-8 without byte order mark: where it lies when it is UTF-8 already (unchecked), else in the arena. Lone surrogates
 * become three bytes that are no UTF-8. SLUICE_INVALID: a character is cut short or above U+10FFFF. SLUICE_NO_MEMORY,
 * SLUICE_LIMIT: the arena.
 */
sluice_status json_to_utf8(struct arena *arena, const char **text, size_t *size);

#endif
