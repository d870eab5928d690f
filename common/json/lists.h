/*
 * lists.h - arrays of numbers as nested JSON lists, as Python prints them: the one writer for all forms of documents.
 */
#ifndef SLUICE_JSON_LISTS_H
#define SLUICE_JSON_LISTS_H

#include "common/foundation/buffer.h"
#include "common/json/json.h"

#include <sluice/document.h>

/* Why an array has no form in JSON, in a few words; NULL: it has one. */
const char *lists_fault(const sluice_tensor *tensor);

/*
 * Append an array without a fault; one without dimensions is a number. Numbers that are not finite are printed as the
 * tokens NaN, Infinity and -Infinity, and the result is false. `print_row` is json_row_printer()'s; `spaced`: ", ".
 */
bool lists_write(struct buffer *out, const sluice_tensor *tensor, json_print_doubles print_row, bool spaced);

#endif
