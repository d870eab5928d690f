/*
 * post_inputs.h - the documents that `sluice post` sends, one by one from texts, files and pipes.
 *
 * Only one document (one line, one file) is in memory at a time; POST_DOCUMENT_MAX bytes are the most that one can have.
 * Single-threaded.
 */
#ifndef SLUICE_TOOLS_POST_INPUTS_H
#define SLUICE_TOOLS_POST_INPUTS_H

#include "common/commandline/options.h"
#include "common/foundation/buffer.h"

#include <sluice/client.h>

#define POST_DOCUMENT_MAX ((size_t)1 << 30)

enum post_input_kind { POST_TEXT, POST_TEXT_FILE, POST_BLOB_FILE, POST_LINES, POST_JSON_LINES };

struct post_input {
    enum post_input_kind kind;
    const char *value; /* the text, or a file's name, "-" being standard input */
};

/* Rows of a command's table; `list` is a struct option_list in its settings. */
/* clang-format off */
#define INPUT_OPTIONS(list) \
    INPUT_OPTION("text", 't', "TEXT", list, "One document with this text."), \
    INPUT_OPTION("text-file", 0, "FILE", list, "One document whose text is this file, and whose uri its name."), \
    INPUT_OPTION("file", 'f', "FILE", list, "One document whose blob is this file, and whose uri its name."), \
    INPUT_OPTION("lines", 'l', "FILE", list, "One document for each line of this file, its text being the line."), \
    INPUT_OPTION("jsonl", 'j', "FILE", list, "JSON Lines: one document for each line, in docarray's JSON form.")
/* clang-format on */

/* What these options say, in their order; `items` has room for list->count. */
void post_inputs_collect(const struct option_list *list, struct post_input *items);

/* How many of them are standard input. */
size_t post_inputs_count_stdin(const struct post_input *items, size_t count);

/* SLUICE_INVALID: standard input would have to be read more than once, because of its name or of `repeat`. */
sluice_status post_inputs_check(const struct post_input *items, size_t count, unsigned repeat, sluice_error *error);

/* How much there is, as far as that is known before it is read. */
struct post_totals {
    uint64_t documents; /* 0: unknown; lines are not counted beforehand */
    uint64_t bytes;     /* of texts and files, as `consumed` counts them; 0: unknown, such as that of a pipe */
};

struct post_totals post_inputs_totals(const struct post_input *items, size_t count, unsigned repeat);

struct post_inputs {
    const struct post_input *items;
    size_t count;
    unsigned repeat; /* how many times all of it */

    /* where it is */
    size_t next;
    unsigned round;
    bool reading; /* the item before `next`, which gives many documents, from `fd` */
    int fd;
    uint8_t *chunk; /* what was read of it; the first `chunk_at` of `chunk_size` bytes were used */
    size_t chunk_at, chunk_size;
    struct buffer line; /* without its end */
    unsigned long long line_number;
    sluice_document_array *array; /* holds the document that was given last */

    /* what was given */
    unsigned long long documents, bytes;
    unsigned long long consumed; /* bytes of texts and files, with the line ends */
};

void post_inputs_init(struct post_inputs *inputs, const struct post_input *items, size_t count, unsigned repeat);
void post_inputs_done(struct post_inputs *inputs);

/* A sluice_generator; `context` is the struct. Errors name the file and the line. */
sluice_status post_inputs_next(void *context, const sluice_document **ret_document, sluice_error *error);

#endif
