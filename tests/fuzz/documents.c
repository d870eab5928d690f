/*
 * Bytes as the `data` of a request: what is read keeps within the bounds, and writing, reading and copying it changes
 * nothing any more. The first byte chooses bounds and the cuts of the rope.
 */
#include "common/document/codec.h"
#include "tests/fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const sluice_limits choices[] = {
    {.bytes = 64 << 20},
    {.depth = 3, .documents = 5, .elements = 10, .bytes = 1 << 20},
    {.depth = 1000, .bytes = 16 << 20},
    {.bytes = 2000},
};

static sluice_document_array *read(const void *data, size_t size, size_t cut, const sluice_limits *limits, sluice_status wanted)
{
    struct rope rope;
    sluice_document_array *array = NULL;
    sluice_error error = {0};
    struct block *block = block_new(size);
    require(block != NULL);
    memcpy(block->data, data, size);
    rope_init(&rope);
    rope_append(&rope, block, block->data, cut < size ? cut : size);
    if (cut < size)
        rope_append(&rope, block, block->data + cut, size - cut);
    block_unref(block);
    sluice_status status = document_array_read_content(&rope, limits, &array, &error);
    rope_done(&rope);
    require((status == SLUICE_OK) == (array != NULL));
    require(status == SLUICE_OK || (error.status == status && error.text[0] != '\0'));
    require(wanted == SLUICE_CANCELLED || status == wanted);
    return array;
}

static struct block *write(const sluice_document_array *array)
{
    struct block *block = NULL;
    require(document_array_write_content(array, &block, NULL) == SLUICE_OK);
    return block;
}

static void same(const struct block *a, struct block *b)
{
    require(a->size == b->size && memcmp(a->data, b->data, a->size) == 0);
    block_unref(b);
}

static size_t count(const sluice_document_array *array)
{
    size_t documents = sluice_document_array_size(array);
    for (size_t i = 0; i < sluice_document_array_size(array); i++) {
        const sluice_document *document = sluice_document_array_at(array, i);
        sluice_tensor tensor;
        if (sluice_document_tensor(document, &tensor))
            sluice_tensor_number(&tensor, sluice_tensor_count(&tensor) - 1);
        documents += count(sluice_document_chunks(document)) + count(sluice_document_matches(document));
    }
    return documents;
}

/* Copying and taking away, through the public functions. */
static void check_edits(sluice_document_array *array, const struct block *bytes)
{
    sluice_limits roomy = {.depth = 1000, .documents = (size_t)1 << 30, .elements = (size_t)1 << 30};
    sluice_document_array *copy = sluice_document_array_new_with(&roomy), *flat = NULL;
    require(sluice_document_array_extend(copy, array) == SLUICE_OK);
    void *first, *second;
    size_t first_size, second_size;
    require(sluice_document_array_write(array, &first, &first_size, NULL) == SLUICE_OK);
    require(sluice_document_array_write(copy, &second, &second_size, NULL) == SLUICE_OK);
    /* unknown fields of the array itself are not copied; they stand behind the documents */
    require(second_size <= first_size && memcmp(first, second, second_size) == 0);
    free(first);
    free(second);
    if (sluice_document_array_flatten(copy, &flat) == SLUICE_OK)
        require(sluice_document_array_size(flat) == count(copy));
    sluice_document_array_free(flat);
    sluice_document_array_clear(copy);
    sluice_document_array_free(copy);
    same(bytes, write(array));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const sluice_limits *limits = &choices[data[0] & 3];
    sluice_document_array *array = read(data + 1, size - 1, data[0] >> 2, limits, SLUICE_CANCELLED);
    if (array == NULL)
        return 0;
    if (limits->documents > 0)
        require(count(array) <= limits->documents);
    struct block *bytes = write(array);
    sluice_limits roomy = {.depth = 1000};
    sluice_document_array *again = read(bytes->data, bytes->size, 1 + (data[0] >> 2), &roomy, SLUICE_OK);
    same(bytes, write(again));
    sluice_document_array_free(again);
    check_edits(array, bytes);
    block_unref(bytes);
    sluice_document_array_free(array);
    return 0;
}
