/* A gateway's answers: DataRequestProto to JSON, in the form of HTTP and in that of WebSocket's text mode. */
#include "common/json/message.h"
#include "common/json/message_parts.h"
#include "common/json/print_message.h"

#include <stdalign.h>

/* On the stack: so much of the parts of one message and of its documents needs no memory of its own. */
enum { PARTS_LOCAL = 4 << 10, DOCUMENTS_LOCAL = 4 << 10 };

static void print_http(struct printer *printer, const struct message_parts *answer,
                       const struct message_parts *documents, bool failed)
{
    buffer_append_byte(printer->out, '{');
    print_first_key(printer, "header");
    print_header_http(printer, answer);
    print_key(printer, "parameters");
    print_parameters(printer, documents);
    print_key(printer, "routes");
    if (failed)
        print_null(printer);
    else
        print_routes_http(printer, answer);
    print_key(printer, "data");
    print_documents(printer, documents->documents);
    buffer_append_byte(printer->out, '}');
}

static void print_websocket(struct printer *printer, const struct message_parts *answer,
                            const struct message_parts *documents)
{
    buffer_append_byte(printer->out, '{');
    print_first_key(printer, "header");
    print_header_proto(printer, answer);
    if (documents->has_parameters) {
        print_key(printer, "parameters");
        print_parameters(printer, documents);
    }
    if (answer->route_count > 0) {
        print_key(printer, "routes");
        print_routes_proto(printer, answer);
    }
    print_key(printer, "data");
    print_documents(printer, documents->documents);
    buffer_append_byte(printer->out, '}');
}

static void set_failure(const struct json_response_options *options, struct message_parts *answer)
{
    if (options->failure_text == NULL)
        return;
    answer->has_status = true;
    answer->status = (struct status_parts){.code = 1,
                                           .description = sluice_text_of(options->failure_text),
                                           .has_exception = true,
                                           .exception = {.name = sluice_text_of(options->failure_exception)}};
}

sluice_status json_response_write(const struct rope *message, const struct json_response_options *options,
                                  struct buffer *out, sluice_error *error)
{
    struct printer printer;
    struct message_parts answer = {0}, request = {0};
    alignas(16) uint8_t parts_memory[PARTS_LOCAL], documents_memory[DOCUMENTS_LOCAL];
    struct arena *arena = arena_at(parts_memory, sizeof parts_memory, ARENA_NO_LIMIT);
    size_t bytes_max =
        options->limits != NULL && options->limits->bytes > 0 ? options->limits->bytes : SLUICE_DEFAULT_BYTES;
    struct arena *documents = arena_at(documents_memory, sizeof documents_memory, bytes_max);
    bool failed = options->failed_request != NULL;
    sluice_status status = printer_init(&printer, out, error);
    if (status == SLUICE_OK)
        status = message_parts_read_in(message, options->limits, arena, documents, &answer, error);
    if (status == SLUICE_OK && failed)
        status = message_parts_read(options->failed_request, options->limits, arena, &request, error);
    if (status == SLUICE_OK) {
        set_failure(options, &answer);
        printer.ascii = printer.tokens = options->style == JSON_STYLE_WEBSOCKET;
        if (options->style == JSON_STYLE_HTTP)
            print_http(&printer, &answer, failed ? &request : &answer, failed);
        else
            print_websocket(&printer, &answer, failed ? &request : &answer);
        status = printer_end(&printer);
    }
    message_parts_done(&answer);
    message_parts_done(&request);
    arena_free(arena);
    return status;
}

sluice_status json_status_write(const struct rope *status_proto, struct buffer *out, sluice_error *error)
{
    struct printer printer;
    struct status_parts parts;
    alignas(16) uint8_t memory[PARTS_LOCAL];
    struct arena *arena = arena_at(memory, sizeof memory, ARENA_NO_LIMIT);
    sluice_status status = printer_init(&printer, out, error);
    if (status == SLUICE_OK)
        status = status_parts_read(status_proto, arena, &parts, error);
    if (status == SLUICE_OK) {
        print_status_http(&printer, &parts);
        status = printer_end(&printer);
    }
    arena_free(arena);
    return status;
}
