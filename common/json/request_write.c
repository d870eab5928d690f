/* A client's requests, as the late Python client sends them. */
#include "common/json/message.h"
#include "common/json/message_parts.h"
#include "common/json/print_message.h"

enum { PARTS_FIRST_SIZE = 4 << 10 };

static const char results_key[] = "__results__";

/* What executors return is collected under `__results__`: the client always sends it, and only as an object. */
static void print_request_parameters(struct printer *printer, const struct message_parts *parts)
{
    size_t count = sluice_value_size(parts->parameters);
    buffer_append_byte(printer->out, '{');
    for (size_t i = 0; i < count; i++) {
        sluice_text key = sluice_value_key_at(parts->parameters, i);
        const sluice_value *value = sluice_value_at(parts->parameters, i);
        if (i > 0)
            print_separator(printer);
        print_text(printer, key);
        buffer_append(printer->out, ": ", 2);
        if (sluice_text_is(key, results_key) && sluice_value_kind_of(value) != SLUICE_VALUE_MAP)
            buffer_append_text(printer->out, "{}");
        else
            print_value(printer, value);
    }
    if (count == 0) {
        print_first_key(printer, results_key);
        buffer_append_text(printer->out, "{}");
    }
    buffer_append_byte(printer->out, '}');
}

static void print_request(struct printer *printer, const struct message_parts *parts)
{
    buffer_append_byte(printer->out, '{');
    print_first_key(printer, "header");
    print_header_proto(printer, parts);
    print_key(printer, "parameters");
    print_request_parameters(printer, parts);
    print_key(printer, "data");
    print_documents(printer, parts->documents);
    print_key(printer, "exec_endpoint");
    print_text(printer, parts->endpoint);
    if (parts->target.size > 0) {
        print_key(printer, "target_executor");
        print_text(printer, parts->target);
    }
    buffer_append_byte(printer->out, '}');
}

sluice_status json_request_write(const struct rope *message, struct buffer *out, sluice_error *error)
{
    struct printer printer;
    struct message_parts parts = {0};
    struct arena *arena = arena_new(PARTS_FIRST_SIZE, ARENA_NO_LIMIT);
    if (arena == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "json", "no memory to write it");
    sluice_status status = printer_init(&printer, out, error);
    if (status == SLUICE_OK)
        status = message_parts_read(message, NULL, arena, &parts, error);
    if (status == SLUICE_OK) {
        printer.ascii = printer.spaced = printer.tokens = true;
        print_request(&printer, &parts);
        status = printer_end(&printer);
    }
    message_parts_done(&parts);
    arena_free(arena);
    return status;
}
