#include "tools/request_options.h"

#include <stdlib.h>
#include <string.h>

const char *const request_compressions[] = {"Gzip", "Deflate", "NoCompression", NULL};

void request_options_done(struct request_options *options)
{
    option_list_done(&options->parameters);
    option_list_done(&options->metadata);
}

/* KEY=VALUE, the value as JSON or else as a text. */
static sluice_status set_parameter(sluice_value *parameters, const char *pair, sluice_error *error)
{
    const char *equals = strchr(pair, '=');
    if (equals == NULL || equals == pair)
        return sluice_fail(error, SLUICE_INVALID, "--parameter", "wants KEY=VALUE, not \"%s\"", pair);
    char *json = NULL;
    sluice_value *wrapped = NULL;
    int size = asprintf(&json, "{\"value\":%s}", equals + 1);
    if (size < 0)
        return sluice_fail(error, SLUICE_NO_MEMORY, "--parameter", "out of memory");
    sluice_text key = {pair, (size_t)(equals - pair)};
    sluice_status status;
    if (sluice_value_from_json(json, (size_t)size, &wrapped, NULL) == SLUICE_OK && sluice_value_size(wrapped) == 1)
        status = sluice_value_set_copy(parameters, key, sluice_value_get(wrapped, "value"));
    else
        status = sluice_value_set_text(parameters, key, sluice_text_of(equals + 1));
    sluice_value_free(wrapped);
    free(json);
    return status == SLUICE_OK
               ? SLUICE_OK
               : sluice_fail(error, status, "--parameter", "cannot set \"%s\": %s", pair, sluice_status_name(status));
}

/* --parameters, then each --parameter on top of it. */
static sluice_status read_parameters(struct request_values *values, const struct request_options *options,
                                     sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    if (options->parameters_json != NULL) {
        sluice_error cause;
        const char *json = options->parameters_json;
        status = sluice_value_from_json(json, strlen(json), &values->parameters, &cause);
        if (status != SLUICE_OK)
            return sluice_fail(error, status, "--parameters", "wants a JSON object: %s", cause.text);
    } else if (options->parameters.count > 0 && (values->parameters = sluice_value_new_map()) == NULL) {
        return sluice_fail(error, SLUICE_NO_MEMORY, "--parameter", "out of memory");
    }
    for (size_t i = 0; status == SLUICE_OK && i < options->parameters.count; i++)
        status = set_parameter(values->parameters, options->parameters.values[i].text, error);
    return status;
}

/* Each KEY=VALUE of --metadata; the keys are copies. */
static sluice_status read_metadata(struct request_values *values, const struct request_options *options,
                                   sluice_error *error)
{
    size_t count = options->metadata.count;
    values->metadata = calloc(count + 1, sizeof *values->metadata);
    if (values->metadata == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "--metadata", "out of memory");
    for (size_t i = 0; i < count; i++) {
        const char *pair = options->metadata.values[i].text;
        const char *equals = strchr(pair, '=');
        if (equals == NULL || equals == pair)
            return sluice_fail(error, SLUICE_INVALID, "--metadata", "wants KEY=VALUE, not \"%s\"", pair);
        char *key = strndup(pair, (size_t)(equals - pair));
        if (key == NULL)
            return sluice_fail(error, SLUICE_NO_MEMORY, "--metadata", "out of memory");
        values->metadata[values->metadata_count++] = (sluice_metadata){.key = key, .value = equals + 1};
    }
    return SLUICE_OK;
}

sluice_status request_values_read(struct request_values *values, const struct request_options *options,
                                  sluice_error *error)
{
    *values = (struct request_values){0};
    sluice_status status = read_parameters(values, options, error);
    return status == SLUICE_OK ? read_metadata(values, options, error) : status;
}

void request_values_done(struct request_values *values)
{
    sluice_value_free(values->parameters);
    for (size_t i = 0; i < values->metadata_count; i++)
        free((char *)values->metadata[i].key);
    free(values->metadata);
    *values = (struct request_values){0};
}

void request_values_apply(const struct request_values *values, const struct request_options *options,
                          sluice_post_options *call)
{
    call->parameters = values->parameters;
    call->metadata = values->metadata;
    call->metadata_count = values->metadata_count;
    call->target_executor = options->target_executor;
    call->compression = options->compression;
}
