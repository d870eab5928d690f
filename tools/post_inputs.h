/*
 * post_inputs.h - the documents that `sluice post` sends, one by one from texts, files and pipes.
 *
 * Only one document (one line, one file) is in memory at a time. Single-threaded.
 */
#ifndef SLUICE_TOOLS_POST_INPUTS_H
#define SLUICE_TOOLS_POST_INPUTS_H

#include "tools/options.h"

#include <sluice/client.h>

enum post_input_kind { POST_TEXT, POST_TEXT_FILE, POST_BLOB_FILE, POST_LINES, POST_JSON_LINES };

struct post_input {
    enum post_input_kind kind;
    const char *value; /* the text, or a file's name, "-" being standard input */
};

struct post_inputs {
    const struct post_input *items;
    size_t count;
    unsigned repeat; /* how many times all of it */

    /* where it is */
    size_t next;
    unsigned round;
    FILE *stream; /* of the item before `next`, for kinds that give many documents */
    char *line;   /* of getline() */
    size_t line_capacity;
    unsigned long long line_number;
    sluice_document_array *array; /* holds the document that was given last */

    /* what was given */
    unsigned long long documents, bytes;
};

void post_inputs_init(struct post_inputs *inputs, const struct post_input *items, size_t count, unsigned repeat);
void post_inputs_done(struct post_inputs *inputs);

/* A sluice_generator; `context` is the struct. Errors name the file and the line. */
sluice_status post_inputs_next(void *context, const sluice_document **ret_document, sluice_error *error);

#endif
