#include "tools/post_inputs.h"
#include "common/foundation/file.h"
#include "common/foundation/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 64 * 1024 }; /* read at once, at most */

static const struct {
    const char *option;
    enum post_input_kind kind;
} input_kinds[] = {
    {"text",      POST_TEXT      },
    {"text-file", POST_TEXT_FILE },
    {"file",      POST_BLOB_FILE },
    {"lines",     POST_LINES     },
    {"jsonl",     POST_JSON_LINES}
};

void post_inputs_collect(const struct option_list *list, struct post_input *items)
{
    for (size_t i = 0; i < list->count; i++)
        for (size_t kind = 0; kind < sizeof input_kinds / sizeof input_kinds[0]; kind++)
            if (strcmp(list->values[i].option->name, input_kinds[kind].option) == 0)
                items[i] = (struct post_input){input_kinds[kind].kind, list->values[i].text};
}

static bool is_stdin(const struct post_input *item)
{
    return item->kind != POST_TEXT && strcmp(item->value, "-") == 0;
}

size_t post_inputs_count_stdin(const struct post_input *items, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += is_stdin(&items[i]);
    return found;
}

sluice_status post_inputs_check(const struct post_input *items, size_t count, unsigned repeat, sluice_error *error)
{
    size_t found = post_inputs_count_stdin(items, count);
    if (found > 1)
        return sluice_fail(error, SLUICE_INVALID, "-", "standard input is named %zu times and can be read only once", found);
    if (found > 0 && repeat > 1)
        return sluice_fail(error, SLUICE_INVALID, "--repeat", "standard input can be read only once");
    return SLUICE_OK;
}

/* Bytes that are still to be read; false when nobody knows. */
static bool size_of(const struct post_input *item, uint64_t *ret_size)
{
    struct stat info;
    if (item->kind == POST_TEXT) {
        *ret_size = strlen(item->value);
        return true;
    }
    bool standard = strcmp(item->value, "-") == 0;
    if ((standard ? fstat(STDIN_FILENO, &info) : stat(item->value, &info)) != 0 || !S_ISREG(info.st_mode))
        return false;
    off_t before = standard ? lseek(STDIN_FILENO, 0, SEEK_CUR) : 0;
    *ret_size = before >= 0 && before < info.st_size ? (uint64_t)(info.st_size - before) : 0;
    return true;
}

struct post_totals post_inputs_totals(const struct post_input *items, size_t count, unsigned repeat)
{
    struct post_totals totals = {.documents = count};
    bool sized = true;
    for (size_t i = 0; i < count; i++) {
        uint64_t size = 0;
        sized = sized && size_of(&items[i], &size);
        totals.bytes += size;
        if (items[i].kind == POST_LINES || items[i].kind == POST_JSON_LINES)
            totals.documents = 0; /* and stays so */
    }
    if (!sized)
        totals.bytes = 0;
    totals.documents *= repeat;
    totals.bytes *= repeat;
    return totals;
}

void post_inputs_init(struct post_inputs *inputs, const struct post_input *items, size_t count, unsigned repeat)
{
    *inputs = (struct post_inputs){.items = items, .count = count, .repeat = repeat};
    buffer_init(&inputs->line, POST_DOCUMENT_MAX);
}

static void end_reading(struct post_inputs *inputs)
{
    if (inputs->reading && inputs->fd != STDIN_FILENO)
        close(inputs->fd);
    inputs->reading = false;
}

void post_inputs_done(struct post_inputs *inputs)
{
    end_reading(inputs);
    free(inputs->chunk);
    buffer_done(&inputs->line);
    sluice_document_array_free(inputs->array);
    *inputs = (struct post_inputs){0};
}

static const char *shown(const char *file)
{
    return strcmp(file, "-") == 0 ? "(stdin)" : file;
}

/* A fresh document in a fresh array, so that memory does not grow with their number. */
static sluice_document *fresh_document(struct post_inputs *inputs)
{
    sluice_document_array_free(inputs->array);
    inputs->array = sluice_document_array_new();
    return inputs->array != NULL ? sluice_document_array_append(inputs->array) : NULL;
}

/* `uri` is where the content comes from, NULL: nowhere that has a name. */
static sluice_status content_document(struct post_inputs *inputs, bool blob, const void *data, size_t size,
                                      const char *uri, const sluice_document **ret_document, sluice_error *error)
{
    char id[TEXT_ID_SIZE + 1];
    text_random_id(id);
    sluice_document *document = fresh_document(inputs);
    sluice_status status = document != NULL ? sluice_document_set_id(document, id, TEXT_ID_SIZE) : SLUICE_NO_MEMORY;
    if (status == SLUICE_OK)
        status = blob ? sluice_document_set_blob(document, data, size) : sluice_document_set_text(document, data, size);
    if (status == SLUICE_OK && uri != NULL && text_is_utf8(uri, strlen(uri)))
        status = sluice_document_set_uri(document, uri, strlen(uri));
    if (status != SLUICE_OK)
        return sluice_fail(error, status, NULL, "cannot make a document of %zu bytes: %s", size,
                           sluice_status_name(status));
    inputs->bytes += size;
    *ret_document = document;
    return SLUICE_OK;
}

static sluice_status whole_file(struct post_inputs *inputs, const struct post_input *item,
                                const sluice_document **ret_document, sluice_error *error)
{
    bool blob = item->kind == POST_BLOB_FILE, stream = strcmp(item->value, "-") == 0;
    struct buffer buffer;
    buffer_init(&buffer, POST_DOCUMENT_MAX);
    sluice_status status =
        stream ? file_read_all(STDIN_FILENO, "(stdin)", &buffer, error) : file_read_path(item->value, &buffer, error);
    if (status == SLUICE_OK && !blob && !text_is_utf8(buffer.data, buffer.size))
        status =
            sluice_fail(error, SLUICE_INVALID, shown(item->value), "this is no UTF-8 text; --file sends any bytes");
    if (status == SLUICE_OK)
        status = content_document(inputs, blob, buffer_text(&buffer), buffer.size, stream ? NULL : item->value,
                                  ret_document, error);
    inputs->consumed += buffer.size;
    buffer_done(&buffer);
    return status;
}

static sluice_status begin_reading(struct post_inputs *inputs, const struct post_input *item, sluice_error *error)
{
    inputs->line_number = 0;
    inputs->chunk_at = inputs->chunk_size = 0;
    if (inputs->chunk == NULL && (inputs->chunk = malloc(CHUNK)) == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "out of memory");
    inputs->fd = is_stdin(item) ? STDIN_FILENO : open(item->value, O_RDONLY | O_CLOEXEC);
    if (inputs->fd < 0)
        return sluice_fail(error, errno == ENOENT ? SLUICE_NOT_FOUND : SLUICE_SYSTEM, item->value, "cannot open: %s",
                           strerror(errno));
    inputs->reading = true;
    return SLUICE_OK;
}

static sluice_status json_document(struct post_inputs *inputs, const sluice_document **ret_document, sluice_error *error)
{
    sluice_document_array_free(inputs->array);
    inputs->array = sluice_document_array_new();
    if (inputs->array == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "out of memory");
    sluice_status status = sluice_document_array_append_json(inputs->array, buffer_text(&inputs->line), inputs->line.size, error);
    if (status == SLUICE_OK) {
        inputs->bytes += inputs->line.size;
        *ret_document = sluice_document_array_at(inputs->array, 0);
    }
    return status;
}

static bool blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

/* The next chunk, when all of this one was used: of a pipe what is there now. *ret_end: there is none. */
static sluice_status fill_chunk(struct post_inputs *inputs, bool *ret_end, sluice_error *error)
{
    ssize_t got = 1;
    if (inputs->chunk_at == inputs->chunk_size) {
        do
            got = read(inputs->fd, inputs->chunk, CHUNK);
        while (got < 0 && errno == EINTR);
        inputs->chunk_at = 0;
        inputs->chunk_size = got > 0 ? (size_t)got : 0;
    }
    *ret_end = got == 0;
    return got >= 0 ? SLUICE_OK : sluice_fail(error, SLUICE_SYSTEM, NULL, "cannot read: %s", strerror(errno));
}

/* The next line into `line`; *ret_end: there is none. The last one needs no line end. */
static sluice_status read_line(struct post_inputs *inputs, bool *ret_end, sluice_error *error)
{
    struct buffer *line = &inputs->line;
    bool complete = false;
    uint64_t before = inputs->consumed;
    buffer_clear(line);
    while (!complete && line->failed == SLUICE_OK) {
        sluice_status status = fill_chunk(inputs, &complete, error);
        if (status != SLUICE_OK)
            return status;
        if (complete)
            break;
        const uint8_t *from = inputs->chunk + inputs->chunk_at;
        const uint8_t *newline = memchr(from, '\n', inputs->chunk_size - inputs->chunk_at);
        size_t size = newline != NULL ? (size_t)(newline - from) : inputs->chunk_size - inputs->chunk_at;
        complete = newline != NULL;
        buffer_append(line, from, size);
        inputs->chunk_at += size + complete;
        inputs->consumed += size + complete;
    }
    *ret_end = inputs->consumed == before;
    if (line->failed == SLUICE_LIMIT)
        return sluice_fail(error, SLUICE_TOO_LARGE, NULL, "this line is longer than the limit of %zu bytes", line->limit);
    return line->failed == SLUICE_OK
               ? SLUICE_OK
               : sluice_fail(error, line->failed, NULL, "no memory for a line of more than %zu bytes", line->size);
}

/* A document of the line that was read. */
static sluice_status line_document(struct post_inputs *inputs, enum post_input_kind kind,
                                   const sluice_document **ret_document, sluice_error *error)
{
    const struct buffer *line = &inputs->line;
    if (kind == POST_JSON_LINES)
        return json_document(inputs, ret_document, error);
    if (!text_is_utf8(line->data, line->size))
        return sluice_fail(error, SLUICE_INVALID, NULL, "this line is no UTF-8 text");
    return content_document(inputs, false, buffer_text(line), line->size, NULL, ret_document, error);
}

/* The next line as a document; *ret_document NULL at its end. Blank lines of JSON Lines are skipped. */
static sluice_status next_line(struct post_inputs *inputs, const struct post_input *item,
                               const sluice_document **ret_document, sluice_error *error)
{
    *ret_document = NULL;
    for (;;) {
        bool end;
        sluice_error cause = {0};
        inputs->line_number++;
        sluice_status status = read_line(inputs, &end, &cause);
        if (status == SLUICE_OK && end) {
            end_reading(inputs);
            return SLUICE_OK;
        }
        if (status == SLUICE_OK && item->kind == POST_JSON_LINES && blank(buffer_text(&inputs->line), inputs->line.size))
            continue;
        if (status == SLUICE_OK)
            status = line_document(inputs, item->kind, ret_document, &cause);
        if (status == SLUICE_OK)
            return SLUICE_OK;
        char where[512];
        snprintf(where, sizeof where, "%s:%llu%s%s", shown(item->value), inputs->line_number,
                 cause.where[0] != '\0' ? ": " : "", cause.where);
        return sluice_fail(error, status, where, "%s", cause.text);
    }
}

/* One document of `item`, or NULL when it has no more. */
static sluice_status begin_item(struct post_inputs *inputs, const struct post_input *item,
                                const sluice_document **ret_document, sluice_error *error)
{
    sluice_status status;
    switch (item->kind) {
    case POST_TEXT:
        if (!text_is_utf8(item->value, strlen(item->value)))
            return sluice_fail(error, SLUICE_INVALID, "--text", "this is no UTF-8 text");
        inputs->consumed += strlen(item->value);
        return content_document(inputs, false, item->value, strlen(item->value), NULL, ret_document, error);
    case POST_TEXT_FILE:
    case POST_BLOB_FILE: return whole_file(inputs, item, ret_document, error);
    case POST_LINES:
    case POST_JSON_LINES:
        status = begin_reading(inputs, item, error);
        return status == SLUICE_OK ? next_line(inputs, item, ret_document, error) : status;
    }
    return SLUICE_INTERNAL;
}

sluice_status post_inputs_next(void *context, const sluice_document **ret_document, sluice_error *error)
{
    struct post_inputs *inputs = context;
    *ret_document = NULL;
    while (*ret_document == NULL) {
        sluice_status status;
        if (inputs->reading) {
            status = next_line(inputs, &inputs->items[inputs->next - 1], ret_document, error);
        } else {
            if (inputs->next == inputs->count) {
                inputs->next = 0;
                inputs->round++;
            }
            if (inputs->count == 0 || inputs->round >= inputs->repeat)
                return SLUICE_OK;
            status = begin_item(inputs, &inputs->items[inputs->next++], ret_document, error);
        }
        if (status != SLUICE_OK)
            return status;
    }
    inputs->documents++;
    return SLUICE_OK;
}
