#include "common/json/printer.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

sluice_status printer_init(struct printer *printer, struct buffer *out, sluice_error *error)
{
    *printer = (struct printer){.out = out, .error = error};
    sluice_status status = json_printer(&printer->print, error);
    return status == SLUICE_OK ? json_row_printer(&printer->print_row, error) : status;
}

sluice_status printer_end(const struct printer *printer)
{
    if (printer->status != SLUICE_OK || printer->out->failed == SLUICE_OK)
        return printer->status;
    return sluice_fail(printer->error, printer->out->failed, "json",
                       printer->out->failed == SLUICE_LIMIT ? "the text is longer than its limit"
                                                            : "no memory to write it");
}

void printer_fail(struct printer *printer, sluice_status status, const char *format, ...)
{
    if (printer->status != SLUICE_OK)
        return;
    va_list arguments;
    va_start(arguments, format);
    sluice_fail_va(printer->error, status, "json", format, arguments);
    va_end(arguments);
    printer->status = status;
}

void print_separator(struct printer *printer)
{
    buffer_append(printer->out, ", ", printer->spaced ? 2 : 1);
}

/* `"name":`, or with a comma in front, and blanks behind both as the style has them: in one piece, as a document has 18
 * of them. */
void print_name(struct printer *printer, const char *name, size_t size, bool first)
{
    struct buffer *out = printer->out;
    size_t blank = printer->spaced ? 1 : 0;
    uint8_t *start = buffer_reserve(out, size + 3 + blank + (first ? 0 : 1 + blank)), *to = start;
    if (to == NULL)
        return;
    if (!first) {
        *to++ = ',';
        if (printer->spaced)
            *to++ = ' ';
    }
    *to++ = '"';
    memcpy(to, name, size);
    to += size;
    *to++ = '"';
    *to++ = ':';
    if (printer->spaced)
        *to++ = ' ';
    out->size += (size_t)(to - start);
    *to = '\0';
}

void print_text(struct printer *printer, sluice_text text)
{
    text = text_or_empty(text);
    if (printer->ascii)
        json_write_ascii(printer->out, text.data, text.size);
    else
        json_write_string(printer->out, text.data, text.size);
}

void print_null(struct printer *printer)
{
    buffer_append(printer->out, "null", 4);
}

void print_text_or_null(struct printer *printer, sluice_text text)
{
    if (text.size > 0)
        print_text(printer, text);
    else
        print_null(printer);
}

void print_number(struct printer *printer, double number)
{
    if (!printer->tokens && !isfinite(number))
        printer_fail(printer, SLUICE_UNIMPLEMENTED, "a number that is not finite has no form in JSON");
    uint8_t *at = buffer_reserve(printer->out, JSON_NUMBER_MAX);
    if (at == NULL)
        return;
    printer->out->size += printer->print(number, (char *)at);
    printer->out->data[printer->out->size] = '\0';
}

static void print_items(struct printer *printer, const sluice_value *value, bool is_map)
{
    buffer_append_byte(printer->out, is_map ? '{' : '[');
    for (size_t i = 0; i < sluice_value_size(value); i++) {
        if (i > 0)
            print_separator(printer);
        if (is_map) {
            print_text(printer, sluice_value_key_at(value, i));
            buffer_append(printer->out, ": ", printer->spaced ? 2 : 1);
        }
        print_value(printer, sluice_value_at(value, i));
    }
    buffer_append_byte(printer->out, is_map ? '}' : ']');
}

void print_value(struct printer *printer, const sluice_value *value)
{
    switch (sluice_value_kind_of(value)) {
    case SLUICE_VALUE_BOOL: buffer_append_text(printer->out, sluice_value_bool(value, false) ? "true" : "false"); break;
    case SLUICE_VALUE_NUMBER: print_number(printer, sluice_value_number(value, 0)); break;
    case SLUICE_VALUE_STRING: print_text(printer, sluice_value_string(value)); break;
    case SLUICE_VALUE_LIST: print_items(printer, value, false); break;
    case SLUICE_VALUE_MAP: print_items(printer, value, true); break;
    default: print_null(printer);
    }
}
