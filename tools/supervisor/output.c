#include "tools/supervisor/output.h"
#include "common/foundation/file.h"
#include "common/foundation/text.h"
#include "tools/logline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { CHUNK = 16 * 1024, CHUNKS_AT_ONCE = 16 };

void output_init(struct output *output, const char *name, int target)
{
    output->name = name;
    output->target = target;
    buffer_init(&output->line, OUTPUT_LINE_MAX);
}

static bool json_wanted(void)
{
    const char *format = getenv("SLUICE_LOG_FORMAT");
    return format != NULL && strcasecmp(format, "json") == 0;
}

static void emit(struct output *output)
{
    struct buffer *line = &output->line;
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    if (logline_is_log((const char *)line->data, line->size)) {
        buffer_append(&text, line->data, line->size);
    } else if (json_wanted()) {
        buffer_append_text(&text, "{\"component\":");
        text_append_json(&text, output->name, strlen(output->name));
        buffer_append_text(&text, ",\"message\":");
        text_append_json(&text, line->data, line->size);
        buffer_append_byte(&text, '}');
    } else {
        buffer_printf(&text, "%s: ", output->name);
        buffer_append(&text, line->data, line->size);
    }
    buffer_append_byte(&text, '\n');
    file_write_all(output->target, text.data, text.size, NULL);
    buffer_done(&text);
    buffer_clear(line);
}

static void take_bytes(struct output *output, const uint8_t *bytes, size_t size)
{
    while (size > 0) {
        const uint8_t *newline = memchr(bytes, '\n', size);
        size_t part = newline != NULL ? (size_t)(newline - bytes) : size;
        size_t room = OUTPUT_LINE_MAX - output->line.size;
        size_t taken = part < room ? part : room;
        buffer_append(&output->line, bytes, taken);
        if (taken < part || newline != NULL || output->line.size == OUTPUT_LINE_MAX)
            emit(output);
        if (taken == part && newline != NULL)
            taken++;
        bytes += taken;
        size -= taken;
    }
}

bool output_take(struct output *output, int fd)
{
    uint8_t chunk[CHUNK];
    for (int i = 0; i < CHUNKS_AT_ONCE; i++) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got > 0)
            take_bytes(output, chunk, (size_t)got);
        else if (got == 0)
            return false;
        else if (errno != EINTR)
            return errno == EAGAIN;
    }
    return true;
}

void output_done(struct output *output)
{
    if (output->line.size > 0)
        emit(output);
    buffer_done(&output->line);
}
