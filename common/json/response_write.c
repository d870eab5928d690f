/* A gateway's answers: DataRequestProto to JSON, in the form of HTTP and in that of WebSocket's text mode. */
#include "common/json/message.h"
#include "common/json/message_parts.h"
#include "common/json/print_message.h"

enum { PARTS_FIRST_SIZE = 4 << 10 }; /* of the arena for the parts of one message */

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
    struct arena *arena = arena_new(PARTS_FIRST_SIZE, ARENA_NO_LIMIT);
    bool failed = options->failed_request != NULL;
    if (arena == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "json", "no memory to write it");
    sluice_status status = printer_init(&printer, out, error);
    if (status == SLUICE_OK)
        status = message_parts_read(message, options->limits, arena, &answer, error);
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
    struct arena *arena = arena_new(PARTS_FIRST_SIZE, ARENA_NO_LIMIT);
    if (arena == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "json", "no memory to write it");
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
