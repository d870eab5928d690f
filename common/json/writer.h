/* writer.h - what the writers of JSON share. Private to common/json. */
#ifndef SLUICE_JSON_WRITER_H
#define SLUICE_JSON_WRITER_H

#include "common/foundation/buffer.h"
#include "common/json/json.h"

#include <sluice/document.h>

struct writer {
    struct buffer buffer;
    json_print_double print;
    json_print_doubles print_row;
    sluice_error *error;
};

sluice_status writer_init(struct writer *writer, sluice_error *error);

/* The text with its NUL, or the failure; the writer is done. */
sluice_status writer_take(struct writer *writer, sluice_status status, char **ret_json, size_t *ret_size);

void write_double(struct writer *writer, double number);
void write_value(struct writer *writer, const sluice_value *value);

#endif
