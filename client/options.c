#include "client/options.h"

#include "common/foundation/text.h"

#include <math.h>
#include <stdlib.h>
#include <strings.h>

static const char *const compression_names[] = {"NoCompression", "Deflate", "Gzip", NULL};

sluice_status options_bad_size(size_t size, const char *function, sluice_error *error)
{
    return sluice_fail(error, SLUICE_INVALID, "options", "struct_size is %zu; start from %s()", size, function);
}

sluice_status options_client(const sluice_client_options *options, sluice_client_options *ret_options,
                             sluice_error *error)
{
    *ret_options = sluice_client_options_default();
    if (options == NULL)
        return SLUICE_OK;
    size_t size = options->struct_size == 0 ? sizeof *options : options->struct_size;
    if (size > sizeof *options)
        return options_bad_size(size, "sluice_client_options_default", error);
    memcpy(ret_options, options, size);
    return SLUICE_OK;
}

static sluice_status bad_number(const char *option, double value, const char *rule, sluice_error *error)
{
    return sluice_fail(error, SLUICE_INVALID, option, "%s is %g; it must be %s", option, value, rule);
}

static sluice_status check_numbers(const sluice_post_options *options, sluice_error *error)
{
    if (!(options->timeout_seconds >= 0) || isinf(options->timeout_seconds))
        return bad_number("timeout_seconds", options->timeout_seconds, "0 (none) or more", error);
    if (!(options->initial_backoff_seconds >= 0) || isinf(options->initial_backoff_seconds))
        return bad_number("initial_backoff_seconds", options->initial_backoff_seconds, "0 or more", error);
    if (!(options->max_backoff_seconds >= 0) || isinf(options->max_backoff_seconds))
        return bad_number("max_backoff_seconds", options->max_backoff_seconds, "0 or more", error);
    if (!(options->backoff_multiplier > 0) || isinf(options->backoff_multiplier))
        return bad_number("backoff_multiplier", options->backoff_multiplier, "more than 0", error);
    return SLUICE_OK;
}

sluice_status options_post(const sluice_post_options *options, sluice_post_options *ret_options, sluice_error *error)
{
    *ret_options = sluice_post_options_default();
    if (options == NULL)
        return SLUICE_OK;
    if (options->struct_size < sizeof options->struct_size || options->struct_size > sizeof *options)
        return options_bad_size(options->struct_size, "sluice_post_options_default", error);
    memcpy(ret_options, options, options->struct_size);
    ret_options->struct_size = sizeof *ret_options;
    if (ret_options->max_attempts < 1)
        ret_options->max_attempts = 1;
    return check_numbers(ret_options, error);
}

sluice_status options_compression(const char *name, enum transport_compression *ret_compression, sluice_error *error)
{
    *ret_compression = TRANSPORT_PLAIN;
    for (size_t i = 0; name != NULL && compression_names[i] != NULL; i++)
        if (strcasecmp(compression_names[i], name) == 0) {
            *ret_compression = (enum transport_compression)i;
            return SLUICE_OK;
        }
    if (name == NULL)
        return SLUICE_OK;
    const char *nearest = text_nearest(name, compression_names);
    return sluice_fail(error, SLUICE_INVALID, "compression", "there is no compression \"%s\"; %s%s%s", name,
                       nearest != NULL ? "did you mean " : "there are Gzip, Deflate and NoCompression",
                       nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
}

size_t options_window(int prefetch, size_t client_window)
{
    if (prefetch == 0)
        return client_window;
    return prefetch < 0 ? SIZE_MAX : (size_t)prefetch;
}

/* ---- metadata ---- */

enum { METADATA_OWN = 2 }; /* pairs that we may add */

static size_t value_size(const sluice_metadata *pair)
{
    return pair->value_size != 0 ? pair->value_size : strlen(pair->value);
}

static void add_pair(struct transport_metadata *metadata, size_t *count, char **text, const char *key,
                     const void *value, size_t size)
{
    struct transport_metadata *pair = &metadata[(*count)++];
    pair->key = memcpy(*text, key, strlen(key) + 1);
    *text += strlen(key) + 1;
    pair->value = memcpy(*text, value, size);
    pair->value_size = size;
    *text += size;
}

sluice_status options_metadata(const sluice_post_options *options, bool ask_gateway,
                               struct transport_metadata **ret_metadata, size_t *ret_count, sluice_error *error)
{
    static const char in_order[] = "__results_in_order__", prefetch[] = "__prefetch__";
    char number[16];
    size_t text_size = sizeof in_order + sizeof prefetch + sizeof number + sizeof "true";
    for (size_t i = 0; i < options->metadata_count; i++) {
        const sluice_metadata *pair = &options->metadata[i];
        if (pair->key == NULL || pair->value == NULL)
            return sluice_fail(error, SLUICE_INVALID, "metadata", "pair %zu has no %s", i,
                               pair->key == NULL ? "key" : "value");
        text_size += strlen(pair->key) + 1 + value_size(pair);
    }
    size_t pairs_size = (options->metadata_count + METADATA_OWN) * sizeof(struct transport_metadata);
    struct transport_metadata *metadata = malloc(pairs_size + text_size);
    if (metadata == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "metadata", "no memory for the metadata");
    char *text = (char *)metadata + pairs_size;
    size_t count = 0;
    for (size_t i = 0; i < options->metadata_count; i++)
        add_pair(metadata, &count, &text, options->metadata[i].key, options->metadata[i].value,
                 value_size(&options->metadata[i]));
    if (ask_gateway && options->stream && options->results_in_order)
        add_pair(metadata, &count, &text, in_order, "true", 4);
    if (ask_gateway && options->stream && options->prefetch > 0) {
        snprintf(number, sizeof number, "%d", options->prefetch);
        add_pair(metadata, &count, &text, prefetch, number, strlen(number));
    }
    *ret_metadata = metadata;
    *ret_count = count;
    return SLUICE_OK;
}
