/*
 * A filter of vector_index and tags, both as JSON, divided by a newline: what is refused is refused with a sentence; what is taken
 * gives the same within $and and $or, and the opposite within $not.
 */
#include "executor/plugins/vector_index/filter.h"
#include "executor/plugins/vector_index/flat.h"
#include "tests/fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct filter *make(const sluice_value *source)
{
    struct filter *filter = NULL;
    sluice_error error = {0};
    sluice_status status = filter_new(source, &filter, &error);
    require((status == SLUICE_OK) == (filter != NULL));
    require(status == SLUICE_OK || (status == SLUICE_INVALID && error.text[0] != '\0'));
    return filter;
}

/* The filter as the one entry of a list under `join`; true when that gives `expected`, or is beyond a limit. */
static bool joined(const char *join, const sluice_value *source, const uint8_t *tags, bool expected)
{
    sluice_value *outer = sluice_value_new_map();
    require(outer != NULL);
    bool right = sluice_value_append_copy(sluice_value_set_list(outer, join), source) != SLUICE_OK;
    struct filter *filter = right ? NULL : make(outer);
    right = filter == NULL || filter_passes(filter, tags) == expected;
    filter_free(filter);
    sluice_value_free(outer);
    return right;
}

static void check(const sluice_value *source, const sluice_value *tags)
{
    uint8_t *flat = NULL;
    size_t flat_size = 0;
    struct filter *filter = make(source);
    if (filter == NULL)
        return;
    require(flat_write(tags, &flat, &flat_size) == SLUICE_OK);
    bool passes = filter_passes(filter, flat);
    require(joined("$and", source, flat, passes));
    require(joined("$or", source, flat, passes));
    require(joined("$not", source, flat, !passes));
    free(flat);
    filter_free(filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size > 0 ? (const char *)data : "", *end = memchr(text, '\n', size);
    sluice_value *source = NULL, *tags = NULL;
    size_t first = end != NULL ? (size_t)(end - text) : size;
    if (sluice_value_from_json(text, first, &source, NULL) == SLUICE_OK && end != NULL &&
        sluice_value_from_json(end + 1, size - first - 1, &tags, NULL) == SLUICE_OK)
        check(source, tags);
    sluice_value_free(source);
    sluice_value_free(tags);
    return 0;
}
