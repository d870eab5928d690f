#include "settings.h"
#include "store.h"

#include <string.h>

#define MAX_BYTES_MAX 9007199254740992.0 /* 2^53 */

static const char *const metrics[] = {
    [METRIC_COSINE] = "cosine", [METRIC_INNER_PRODUCT] = "inner_product", [METRIC_EUCLIDEAN] = "euclidean", NULL};

const sluice_parameter settings_parameters[] = {
    {.name = "path",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"\"",
     .help = "The file; empty: index.sqlite in the executor's workspace, where a relative path starts too."},
    {.name = "dimension",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "0",
     .minimum = 0,
     .maximum = STORE_DIMENSION_MAX,
     .help = "Numbers of an embedding; 0: that of the file, or of the first document."},
    {.name = "metric",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"cosine\"",
     .choices = metrics,
     .help = "How documents are compared."},
    {.name = "limit",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "10",
     .minimum = 1,
     .maximum = SETTINGS_LIMIT_MAX,
     .help = "Matches for each document of a search."},
    {.name = "index_traversal_path",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"r\"",
     .help = "Whose embeddings are indexed: r the documents, c their chunks, m their matches, several with commas."},
    {.name = "search_traversal_path",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"r\"",
     .help = "Which documents get matches, written in the same way."},
    {.name = "return_embeddings",
     .type = SLUICE_PARAMETER_BOOL,
     .fallback = "false",
     .help = "Matches carry their embedding."},
    {.name = "relaxed_durability",
     .type = SLUICE_PARAMETER_BOOL,
     .fallback = "false",
     .help = "Answer before the disk has confirmed: what was answered last may be lost with the power."},
    {.name = "max_bytes",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "0",
     .minimum = 0,
     .maximum = MAX_BYTES_MAX,
     .help = "Bound of the file's size; 0: none."},
    {0},
};

const char *settings_metric_name(enum metric metric)
{
    return metrics[metric];
}

static sluice_status read_metric(const sluice_value *value, enum metric *metric, sluice_error *error)
{
    sluice_text name = sluice_value_string(value);
    for (unsigned i = 0; metrics[i] != NULL; i++) {
        if (sluice_text_is(name, metrics[i])) {
            *metric = (enum metric)i;
            return SLUICE_OK;
        }
    }
    return sluice_fail(error, SLUICE_INVALID, NULL, "metric must be \"cosine\", \"inner_product\" or \"euclidean\"");
}

static sluice_status read_path(const sluice_value *value, const char *key, char *path, sluice_error *error)
{
    return paths_read(sluice_value_string(value), key, path, error);
}

sluice_status settings_read(const sluice_value *parameters, struct settings *settings, sluice_error *error)
{
    *settings = (struct settings){
        .path = sluice_value_string(sluice_value_get(parameters, "path")),
        .dimension = (size_t)sluice_value_integer(sluice_value_get(parameters, "dimension"), 0),
        .limit = (size_t)sluice_value_integer(sluice_value_get(parameters, "limit"), 10),
        .return_embeddings = sluice_value_bool(sluice_value_get(parameters, "return_embeddings"), false),
        .relaxed_durability = sluice_value_bool(sluice_value_get(parameters, "relaxed_durability"), false),
        .max_bytes = (uint64_t)sluice_value_integer(sluice_value_get(parameters, "max_bytes"), 0),
    };
    if (memchr(settings->path.data, '\0', settings->path.size) != NULL)
        return sluice_fail(error, SLUICE_INVALID, NULL, "path must not hold a NUL byte");
    sluice_status status = read_metric(sluice_value_get(parameters, "metric"), &settings->metric, error);
    if (status == SLUICE_OK)
        status = read_path(sluice_value_get(parameters, "index_traversal_path"), "index_traversal_path",
                           settings->index_path, error);
    if (status == SLUICE_OK)
        status = read_path(sluice_value_get(parameters, "search_traversal_path"), "search_traversal_path",
                           settings->search_path, error);
    return status;
}

static sluice_status read_limit(const sluice_value *value, size_t *limit, sluice_error *error)
{
    int64_t number = sluice_value_integer(value, 0);
    if (number < 1 || number > SETTINGS_LIMIT_MAX)
        return sluice_fail(error, SLUICE_INVALID, NULL, "limit must be a whole number from 1 to %d", SETTINGS_LIMIT_MAX);
    *limit = (size_t)number;
    return SLUICE_OK;
}

sluice_status settings_override_path(struct settings *settings, const sluice_value *parameters, sluice_error *error)
{
    const sluice_value *value = sluice_value_get(parameters, "traversal_path");
    if (value == NULL)
        return SLUICE_OK;
    sluice_status status = read_path(value, "traversal_path", settings->index_path, error);
    memcpy(settings->search_path, settings->index_path, sizeof settings->search_path);
    return status;
}

sluice_status settings_override_search(struct settings *settings, const sluice_value *parameters, sluice_error *error)
{
    sluice_status status = settings_override_path(settings, parameters, error);
    const sluice_value *value = sluice_value_get(parameters, "limit");
    if (value != NULL && status == SLUICE_OK)
        status = read_limit(value, &settings->limit, error);
    value = sluice_value_get(parameters, "metric");
    if (value != NULL && status == SLUICE_OK)
        status = read_metric(value, &settings->metric, error);
    value = sluice_value_get(parameters, "return_embeddings");
    if (value == NULL || status != SLUICE_OK)
        return status;
    if (sluice_value_kind_of(value) != SLUICE_VALUE_BOOL)
        return sluice_fail(error, SLUICE_INVALID, NULL, "return_embeddings must be true or false");
    settings->return_embeddings = sluice_value_bool(value, false);
    return SLUICE_OK;
}
