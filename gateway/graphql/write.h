/* write.h - JSON as Python's json.dumps() writes it: spaces after separators, ASCII only. Private to gateway/graphql.
 */
#ifndef SLUICE_GATEWAY_GRAPHQL_WRITE_H
#define SLUICE_GATEWAY_GRAPHQL_WRITE_H

#include "common/json/json.h"

#include <sluice/document.h>

struct buffer;

void write_text(struct buffer *buffer, sluice_text text);                         /* a string; the text is UTF-8 */
void write_number(struct buffer *buffer, double number, json_print_double print); /* 1.0, 1e-07, NaN */
void write_value(struct buffer *buffer, const sluice_value *value, json_print_double print);

/* The array as nested lists. NULL, or why it has no such form, in a few words; then nothing was appended. */
const char *write_tensor(struct buffer *buffer, const sluice_tensor *tensor, json_print_doubles print_row);

#endif
