/*
 * printer.h - prints messages and documents in the two styles of Python's json module.
 *
 * Private to common/json. A failure is kept in the printer: what follows is printed or not, the text is of no use then.
 */
#ifndef SLUICE_JSON_PRINTER_H
#define SLUICE_JSON_PRINTER_H

#include "common/document/model.h"
#include "common/foundation/buffer.h"
#include "common/json/json.h"

struct printer {
    struct buffer *out;
    json_print_double print;
    json_print_doubles print_row;
    bool ascii;  /* escape what is beyond ASCII */
    bool spaced; /* ", " and ": " */
    bool tokens; /* NaN and Infinity may be printed, and an array without dimensions as a number */
    sluice_status status;
    sluice_error *error;
};

sluice_status printer_init(struct printer *printer, struct buffer *out, sluice_error *error);

/* The failure of the printer or its buffer. */
sluice_status printer_end(const struct printer *printer);
void printer_fail(struct printer *printer, sluice_status status, const char *format, ...) SLUICE_PRINTF(3, 4);

void print_separator(struct printer *printer);                   /* between items */

/* `"name":`, with a separator before it unless it is the first. Inline, so that the sizes of constants are constants. */
void print_name(struct printer *printer, const char *name, size_t size, bool first);
static inline void print_first_key(struct printer *printer, const char *name)
{
    print_name(printer, name, strlen(name), true);
}
static inline void print_key(struct printer *printer, const char *name)
{
    print_name(printer, name, strlen(name), false);
}

void print_text(struct printer *printer, sluice_text text);
void print_text_or_null(struct printer *printer, sluice_text text); /* null when empty */
void print_number(struct printer *printer, double number);
void print_null(struct printer *printer);
void print_value(struct printer *printer, const sluice_value *value);

/* print_array.c; `what` names it in a failure. NULL: null. */
void print_array(struct printer *printer, const struct ndarray *array, const char *what);

/* print_document.c: a list of documents with all keys of docarray's model. */
void print_documents(struct printer *printer, const sluice_document_array *documents);

#endif
