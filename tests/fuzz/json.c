/*
 * Text as a line of JSON. The first byte chooses: a document (what was read is written, read and written again: the same
 * text), or a map, read once as it is and once so that the module takes its second reader: the same value.
 */
#include "common/foundation/buffer.h"
#include "tests/fuzz/require.h"

#include <sluice/document.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sluice_status add(sluice_document_array *array, const char *json, size_t size)
{
    sluice_error error = {0};
    size_t before = sluice_document_array_size(array);
    sluice_status status = sluice_document_array_append_json(array, json, size, &error);
    require(sluice_document_array_size(array) == before + (status == SLUICE_OK));
    require(status == SLUICE_OK || error.text[0] != '\0');
    require(status != SLUICE_SYSTEM); /* the module is there */
    return status;
}

static void check_document(const char *json, size_t size)
{
    sluice_limits limits = {.bytes = 64 << 20};
    sluice_document_array *array = sluice_document_array_new_with(&limits);
    char *first = NULL, *second = NULL;
    size_t first_size, second_size;
    if (add(array, json, size) == SLUICE_OK &&
        sluice_document_to_json(sluice_document_array_at(array, 0), &first, &first_size, NULL) == SLUICE_OK) {
        require(add(array, first, first_size) == SLUICE_OK);
        require(sluice_document_to_json(sluice_document_array_at(array, 1), &second, &second_size, NULL) == SLUICE_OK);
        require(first_size == second_size && memcmp(first, second, first_size) == 0);
    }
    free(first);
    free(second);
    sluice_document_array_free(array);
}

/* {"a":TEXT} and {"a":TEXT,"b":NaN}, which the first reader refuses. */
static sluice_value *wrapped(const char *json, size_t size, const char *after)
{
    struct buffer text;
    sluice_value *map = NULL;
    sluice_error error = {0};
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "{\"a\":");
    buffer_append(&text, json, size);
    buffer_append_text(&text, after);
    sluice_status status = sluice_value_from_json(buffer_text(&text), text.size, &map, &error);
    require((status == SLUICE_OK) == (map != NULL) && (status == SLUICE_OK || error.text[0] != '\0'));
    require(status != SLUICE_SYSTEM);
    buffer_done(&text);
    return map;
}

static void check_value(const char *json, size_t size)
{
    sluice_value *fast = wrapped(json, size, "}"), *slow = wrapped(json, size, ",\"b\":NaN}"), *again = NULL;
    require((fast == NULL) == (slow == NULL));
    if (fast != NULL) {
        if (sluice_value_size(fast) == 1 && sluice_value_size(slow) == 2) /* else the text holds keys of its own */
            require(sluice_value_equal(sluice_value_get(fast, "a"), sluice_value_get(slow, "a")));
        char *text = NULL;
        require(sluice_value_to_json(fast, &text, NULL) == SLUICE_OK);
        require(sluice_value_from_json(text, strlen(text), &again, NULL) == SLUICE_OK);
        require(sluice_value_equal(fast, again));
        free(text);
    }
    sluice_value_free(fast);
    sluice_value_free(slow);
    sluice_value_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] == 'd')
        check_document((const char *)data + 1, size - 1);
    else
        check_value((const char *)data + 1, size - 1);
    return 0;
}
