/*
 * json-requests - what becomes of texts as requests, for tests/interop/json_models.py.
 *
 * Reads texts (four bytes of size, little-endian, then the bytes) from stdin; answers each with one line of JSON:
 * {"status":200,"message":BASE64} with a DataRequestProto, or {"status":400|422|500,"body":TEXT}.
 */
#include "common/json/base64.h"
#include "common/json/json.h"
#include "common/json/message.h"

#include <stdio.h>
#include <stdlib.h>

static void write_message(const struct rope *message, struct buffer *line)
{
    char *bytes = malloc(message->size);
    if (bytes == NULL)
        abort();
    rope_copy_out(message, bytes);
    buffer_append_text(line, "{\"status\":200,\"message\":\"");
    base64_write(line, bytes, message->size);
    buffer_append_text(line, "\"}\n");
    free(bytes);
}

static void write_fault(const struct json_fault *fault, struct buffer *line)
{
    struct buffer body;
    buffer_init(&body, BUFFER_NO_LIMIT);
    json_fault_write(fault, &body);
    buffer_printf(line, "{\"status\":%d,\"body\":", json_fault_http(fault->kind));
    json_write_string(line, body.data, body.size);
    buffer_append_text(line, "}\n");
    buffer_done(&body);
}

static void answer(const char *text, size_t size)
{
    /* Jina's way with 1 and 0 in tags is compared as well. */
    const struct json_request_options options = {.tags_as_measured = true};
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct rope message;
    struct json_fault fault;
    struct buffer line;
    rope_init(&message);
    buffer_init(&line, BUFFER_NO_LIMIT);
    if (json_request_read(text, size, &options, arena, &message, &fault, NULL) == SLUICE_OK)
        write_message(&message, &line);
    else
        write_fault(&fault, &line);
    fwrite(line.data, 1, line.size, stdout);
    fflush(stdout);
    buffer_done(&line);
    rope_done(&message);
    arena_free(arena);
}

int main(void)
{
    unsigned char size[4];
    while (fread(size, 1, sizeof size, stdin) == sizeof size) {
        size_t count = size[0] | (size_t)size[1] << 8 | (size_t)size[2] << 16 | (size_t)size[3] << 24;
        char *text = malloc(count + 1);
        if (text == NULL || fread(text, 1, count, stdin) != count)
            return EXIT_FAILURE;
        answer(text, count);
        free(text);
    }
    return EXIT_SUCCESS;
}
