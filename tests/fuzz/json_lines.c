/*
 * A file as `sluice post --jsonl` and `--lines` read it; the first byte chooses. Every line gives one document, is
 * blank, or ends the reading with an error that names file and line; each document alone is a line that gives the same
 * document.
 */
#include "tests/fuzz/require.h"
#include "tools/post_inputs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATH_SIZE = 64, LINES_BIT = 1, TWICE_BIT = 2 };

static void check_document(const sluice_document *document)
{
    char *line = NULL, *again = NULL;
    size_t size, again_size;
    if (sluice_document_to_json(document, &line, &size, NULL) != SLUICE_OK)
        return; /* an array of numbers that JSON has no form for */
    require(memchr(line, '\n', size) == NULL);
    sluice_document_array *array = sluice_document_array_new();
    require(sluice_document_array_append_json(array, line, size, NULL) == SLUICE_OK);
    require(sluice_document_to_json(sluice_document_array_at(array, 0), &again, &again_size, NULL) == SLUICE_OK);
    require(size == again_size && memcmp(line, again, size) == 0);
    sluice_document_array_free(array);
    free(line);
    free(again);
}

static size_t count_lines(const uint8_t *data, size_t size)
{
    size_t count = size > 0 && data[size - 1] != '\n';
    for (size_t i = 0; i < size; i++)
        count += data[i] == '\n';
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    uint8_t how = data[0];
    data++;
    size--;
    int file = memfd_create("lines", MFD_CLOEXEC);
    require(file >= 0 && write(file, data, size) == (ssize_t)size);
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    const struct post_input item = {(how & LINES_BIT) != 0 ? POST_LINES : POST_JSON_LINES, path};
    struct post_inputs inputs;
    unsigned rounds = (how & TWICE_BIT) != 0 ? 2 : 1;
    post_inputs_init(&inputs, &item, 1, rounds);
    const sluice_document *document = NULL;
    sluice_error error = {.text = ""};
    sluice_status status;
    size_t documents = 0;
    while ((status = post_inputs_next(&inputs, &document, &error)) == SLUICE_OK && document != NULL) {
        check_document(document);
        documents++;
    }
    require(inputs.documents == documents && documents <= rounds * count_lines(data, size));
    require(status == SLUICE_OK || (error.text[0] != '\0' && strncmp(error.where, path, strlen(path)) == 0));
    require((how & LINES_BIT) == 0 || status != SLUICE_OK || documents == rounds * count_lines(data, size));
    post_inputs_done(&inputs);
    close(file);
    return 0;
}
