#include "common/json/json.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/json/module.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const struct json_module *module;
static char problem[PATH_MAX + 200];

/* The module stays loaded until the process ends. */
static void load(void)
{
    char path[PATH_MAX];
    if (!file_installed((const void *)&module, JSON_MODULE_FILE, path, sizeof path)) {
        snprintf(problem, sizeof problem,
                 "JSON needs the file " JSON_MODULE_FILE
                 " of this installation, which is not there; install Sluice again");
        return;
    }
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const struct json_module *(*get)(void) = NULL;
    if (handle != NULL)
        *(void **)&get = dlsym(handle, JSON_MODULE_SYMBOL);
    if (get == NULL) {
        const char *reason = dlerror();
        snprintf(problem, sizeof problem, "the JSON module cannot be loaded: %s", reason != NULL ? reason : path);
        return;
    }
    const struct json_module *found = get();
    if (found->version == JSON_MODULE_VERSION)
        module = found;
    else
        snprintf(problem, sizeof problem, "%s has version %u, this program needs %d; install Sluice again", path,
                 found->version, JSON_MODULE_VERSION);
}

static sluice_status need_module(sluice_error *error)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return module != NULL ? SLUICE_OK : sluice_fail(error, SLUICE_SYSTEM, "json", "%s", problem);
}

void json_place(char *text, size_t capacity, size_t line, size_t column)
{
    if (line > 1)
        snprintf(text, capacity, "line %zu, column %zu", line, column);
    else
        snprintf(text, capacity, "column %zu", column);
}

sluice_status json_read(const char *text, size_t size, size_t depth, const struct json_events *events, void *context,
                        const char *where, sluice_error *error)
{
    sluice_status status = need_module(error);
    if (status != SLUICE_OK)
        return status;
    struct json_failure failure = {0};
    char place[64];
    enum json_outcome outcome = module->read(text, size, depth, events, context, &failure);
    json_place(place, sizeof place, failure.line, failure.column);
    switch (outcome) {
    case JSON_DONE: return SLUICE_OK;
    case JSON_MALFORMED: return sluice_fail(error, SLUICE_INVALID, where, "%s: %s", place, failure.text);
    case JSON_TOO_DEEP:
        return sluice_fail(error, SLUICE_LIMIT, where, "%s: nested deeper than %zu levels", place, depth);
    case JSON_STOPPED: events->stopped(context, failure.line, failure.column); return SLUICE_CANCELLED;
    default: return sluice_fail(error, SLUICE_NO_MEMORY, where, "no memory to read JSON");
    }
}

sluice_status json_parse_only(const char *text, size_t size, size_t depth, sluice_error *error)
{
    sluice_status status = need_module(error);
    if (status != SLUICE_OK)
        return status;
    return module->parse(text, size, depth) == JSON_DONE
               ? SLUICE_OK
               : sluice_fail(error, SLUICE_INVALID, "json", "the fast reader does not read this text");
}

sluice_status json_printer(json_print_double *ret_print, sluice_error *error)
{
    sluice_status status = need_module(error);
    if (status == SLUICE_OK)
        *ret_print = module->print_double;
    return status;
}

sluice_status json_row_printer(json_print_doubles *ret_print, sluice_error *error)
{
    sluice_status status = need_module(error);
    if (status == SLUICE_OK)
        *ret_print = module->print_doubles;
    return status;
}

/* Does any of eight bytes need an escape? (The usual trick: a byte below n borrows into its highest bit.) */
static bool needs_escape(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
    uint64_t below = (word - ones * 0x20) & ~word, quotes = (quote - ones) & ~quote,
             backslashes = (backslash - ones) & ~backslash;
    return ((below | quotes | backslashes) & highs) != 0;
}

typedef uint8_t bytes_16 __attribute__((vector_size(16)));
typedef uint64_t words_2 __attribute__((vector_size(16)));

/* Does any of 32 bytes need one? */
static bool needs_escape_32(const uint8_t *at)
{
    bytes_16 bytes[2];
    memcpy(bytes, at, sizeof bytes);
    words_2 found = (words_2)((bytes[0] < 0x20) | (bytes[0] == '"') | (bytes[0] == '\\')) |
                    (words_2)((bytes[1] < 0x20) | (bytes[1] == '"') | (bytes[1] == '\\'));
    return (found[0] | found[1]) != 0;
}

static void write_escape(struct buffer *buffer, uint8_t byte)
{
    switch (byte) {
    case '"': buffer_append_text(buffer, "\\\""); break;
    case '\\': buffer_append_text(buffer, "\\\\"); break;
    case '\n': buffer_append_text(buffer, "\\n"); break;
    case '\r': buffer_append_text(buffer, "\\r"); break;
    case '\t': buffer_append_text(buffer, "\\t"); break;
    case '\b': buffer_append_text(buffer, "\\b"); break;
    case '\f': buffer_append_text(buffer, "\\f"); break;
    default: buffer_printf(buffer, "\\u%04x", byte);
    }
}

void json_write_string(struct buffer *buffer, const void *data, size_t size)
{
    const uint8_t *at = data, *end = at + size, *plain = at;
    buffer_append_byte(buffer, '"');
    for (; at < end; at++) {
        uint64_t word;
        while (end - at > 32 && !needs_escape_32(at))
            at += 32;
        while (end - at > 8 && (memcpy(&word, at, 8), !needs_escape(word)))
            at += 8;
        if (*at >= 0x20 && *at != '"' && *at != '\\')
            continue;
        buffer_append(buffer, plain, (size_t)(at - plain));
        plain = at + 1;
        write_escape(buffer, *at);
    }
    buffer_append(buffer, plain, (size_t)(end - plain));
    buffer_append_byte(buffer, '"');
}

/* The character that begins at `at`, which is beyond ASCII; returns where it ends. */
static const uint8_t *write_character(struct buffer *buffer, const uint8_t *at)
{
    unsigned follow = at[0] >= 0xF0 ? 3 : at[0] >= 0xE0 ? 2 : 1;
    uint32_t code = at[0] & (0x3Fu >> follow);
    for (unsigned i = 1; i <= follow; i++)
        code = code << 6 | (at[i] & 0x3Fu);
    if (code >= 0x10000)
        buffer_printf(buffer, "\\u%04x\\u%04x", 0xD800 + ((code - 0x10000) >> 10), 0xDC00 + ((code - 0x10000) & 0x3FF));
    else
        buffer_printf(buffer, "\\u%04x", code);
    return at + follow + 1;
}

/* Is any of eight bytes 0x7F or above? Python escapes that one too. */
static bool beyond_ascii(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    return ((word | ((word & ~highs) + ones)) & highs) != 0;
}

void json_write_ascii(struct buffer *buffer, const void *data, size_t size)
{
    const uint8_t *at = data, *end = at + size, *plain = at;
    buffer_append_byte(buffer, '"');
    while (at < end) {
        uint64_t word;
        while (end - at > 8 && (memcpy(&word, at, 8), !needs_escape(word) && !beyond_ascii(word)))
            at += 8;
        if (*at >= 0x20 && *at < 0x7F && *at != '"' && *at != '\\') {
            at++;
            continue;
        }
        buffer_append(buffer, plain, (size_t)(at - plain));
        if (*at < 0x80)
            write_escape(buffer, *at++);
        else
            at = write_character(buffer, at);
        plain = at;
    }
    buffer_append(buffer, plain, (size_t)(end - plain));
    buffer_append_byte(buffer, '"');
}
