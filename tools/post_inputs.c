#include "tools/post_inputs.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/foundation/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 30) /* of --file and --text-file: one document, one message */

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
    off_t before = standard ? ftello(stdin) : 0;
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
}

static void close_stream(struct post_inputs *inputs)
{
    if (inputs->stream != NULL && inputs->stream != stdin)
        fclose(inputs->stream);
    inputs->stream = NULL;
}

void post_inputs_done(struct post_inputs *inputs)
{
    close_stream(inputs);
    free(inputs->line);
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
    buffer_init(&buffer, FILE_MAX);
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

static sluice_status open_stream(struct post_inputs *inputs, const struct post_input *item, sluice_error *error)
{
    inputs->line_number = 0;
    inputs->stream = strcmp(item->value, "-") == 0 ? stdin : fopen(item->value, "re");
    if (inputs->stream == NULL)
        return sluice_fail(error, errno == ENOENT ? SLUICE_NOT_FOUND : SLUICE_SYSTEM, item->value, "cannot open: %s",
                           strerror(errno));
    return SLUICE_OK;
}

static sluice_status json_document(struct post_inputs *inputs, size_t size, const sluice_document **ret_document,
                                   sluice_error *error)
{
    sluice_document_array_free(inputs->array);
    inputs->array = sluice_document_array_new();
    if (inputs->array == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "out of memory");
    sluice_status status = sluice_document_array_append_json(inputs->array, inputs->line, size, error);
    if (status == SLUICE_OK) {
        inputs->bytes += size;
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

/* The next line of the open stream as a document; *ret_document NULL at its end. Blank lines of JSON Lines are skipped.
 */
static sluice_status next_line(struct post_inputs *inputs, const struct post_input *item,
                               const sluice_document **ret_document, sluice_error *error)
{
    *ret_document = NULL;
    for (;;) {
        errno = 0;
        ssize_t got = getline(&inputs->line, &inputs->line_capacity, inputs->stream);
        if (got < 0 && (ferror(inputs->stream) || errno == ENOMEM))
            return sluice_fail(error, SLUICE_SYSTEM, shown(item->value), "cannot read: %s", strerror(errno));
        if (got < 0) {
            close_stream(inputs);
            return SLUICE_OK;
        }
        inputs->line_number++;
        inputs->consumed += (size_t)got;
        size_t size = (size_t)got;
        if (inputs->line[size - 1] == '\n')
            size--;
        if (item->kind == POST_JSON_LINES && blank(inputs->line, size))
            continue;
        sluice_error cause = {0};
        sluice_status status;
        if (item->kind == POST_JSON_LINES)
            status = json_document(inputs, size, ret_document, &cause);
        else if (!text_is_utf8(inputs->line, size))
            status = sluice_fail(&cause, SLUICE_INVALID, NULL, "this line is no UTF-8 text");
        else
            status = content_document(inputs, false, inputs->line, size, NULL, ret_document, &cause);
        if (status != SLUICE_OK) {
            char where[512];
            snprintf(where, sizeof where, "%s:%llu%s%s", shown(item->value), inputs->line_number,
                     cause.where[0] != '\0' ? ": " : "", cause.where);
            return sluice_fail(error, status, where, "%s", cause.text);
        }
        return SLUICE_OK;
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
        status = open_stream(inputs, item, error);
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
        if (inputs->stream != NULL) {
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
