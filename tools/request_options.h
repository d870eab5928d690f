/* request_options.h - what goes with the documents of a request: options that `post` and `profile` share. */
#ifndef SLUICE_TOOLS_REQUEST_OPTIONS_H
#define SLUICE_TOOLS_REQUEST_OPTIONS_H

#include "common/commandline/options.h"

#include <sluice/client.h>

struct request_options {
    const char *parameters_json, *target_executor, *compression;
    struct option_list parameters, metadata;
};

extern const char *const request_compressions[];

/* Rows of a command's table; `options` is the struct request_options in its settings. */
/* clang-format off */
#define REQUEST_OPTIONS(options) \
    TEXT_OPTION("parameters", 'p', "JSON", options.parameters_json, "Parameters for the executors, a JSON object."), \
    LIST_OPTION("parameter", 0, "KEY=VALUE", options.parameters, \
                "One parameter; VALUE is JSON (5, true, [1,2]), anything else is a text. May be given several times."), \
    TEXT_OPTION("target-executor", 0, "REGEX", options.target_executor, \
                "Only executors whose name begins with a match of this regular expression."), \
    LIST_OPTION("metadata", 'm', "KEY=VALUE", options.metadata, \
                "Metadata of the call, over HTTP a header. May be given several times."), \
    CHOICE_OPTION("compression", 0, "NAME", options.compression, request_compressions, \
                  "Compress what is sent: Gzip, Deflate or NoCompression.")
/* clang-format on */

void request_options_done(struct request_options *options);

/* The options as the client wants them. */
struct request_values {
    sluice_value *parameters; /* NULL: none were given */
    sluice_metadata *metadata;
    size_t metadata_count;
};

/* Read them. SLUICE_INVALID names the option; request_values_done() is due in every case. */
sluice_status request_values_read(struct request_values *values, const struct request_options *options,
                                  sluice_error *error);
void request_values_done(struct request_values *values);

/* Into the options of a call; `values` must outlive it. */
void request_values_apply(const struct request_values *values, const struct request_options *options,
                          sluice_post_options *call);

#endif
