#include "tests/fuzz/oracle.h"
#include "common/document/codec.h"
#include "tests/fuzz/require.h"

#include <string.h>

enum oracle_outcome oracle_round(const uint8_t *data, size_t size, uint8_t **ret_bytes, size_t *ret_size, char text[1024])
{
    struct rope rope;
    struct block *block = NULL;
    sluice_document_array *array = NULL;
    sluice_error error = {0};
    sluice_limits limits = {.depth = 1000};
    rope_init(&rope);
    rope_append(&rope, NULL, data, size);
    sluice_status status = document_array_read_content(&rope, &limits, &array, &error);
    rope_done(&rope);
    if (status != SLUICE_OK) {
        snprintf(text, 1024, "%s", error.text);
        return status == SLUICE_INVALID ? ORACLE_INVALID : ORACLE_BOUND;
    }
    require(document_array_write_content(array, &block, NULL) == SLUICE_OK);
    sluice_document_array_free(array);
    *ret_bytes = malloc(block->size);
    require(*ret_bytes != NULL);
    memcpy(*ret_bytes, block->data, block->size);
    *ret_size = block->size;
    block_unref(block);
    return ORACLE_READ;
}
