/*
 * coerce.h - the conversions that pydantic 1 makes between kinds of values, and Python's dict(): what Jina accepts
 * where text, a number or an object is expected. Private to common/json; pure; any thread.
 */
#ifndef SLUICE_JSON_COERCE_H
#define SLUICE_JSON_COERCE_H

#include "common/json/tree.h"

/* Text as it is; a number or a truth value as Python's str() prints it, in the arena (an empty text: no memory, told by
 * arena_failure()). False for other kinds. */
bool coerce_text(const struct json_node *node, struct arena *arena, json_print_double print, sluice_text *ret_text);
bool coerce_is_text(const struct json_node *node);

/* Python's int(): fractions are cut off, texts like " +1_000 " are read. What does not fit becomes INT64_MIN or _MAX.
 */
bool coerce_whole(const struct json_node *node, int64_t *ret_whole);

/* Python's float(), infinite when it does not fit; texts like " 1e3 ", "nan", "-inf" are read. */
bool coerce_number(const struct json_node *node, double *ret_number);

/*
 * Python's dict(): an object as it is; an empty text or array, and an array of pairs (arrays of two, texts of two
 * characters, objects of two members, whose keys make the pair), as an object made in the arena. NULL: neither, or no
 * memory.
 */
const struct json_node *coerce_object(const struct json_node *node, struct arena *arena, json_print_double print);

#endif
