/*
 * settings.h - what uses_with and the parameters of a request say. The texts point into the map they were read from.
 */
#ifndef VECTOR_INDEX_SETTINGS_H
#define VECTOR_INDEX_SETTINGS_H

#include "../paths.h"

enum metric { METRIC_COSINE, METRIC_INNER_PRODUCT, METRIC_EUCLIDEAN };

enum { SETTINGS_LIMIT_MAX = 10000 };

struct settings {
    sluice_text path;
    size_t dimension; /* 0: any */
    enum metric metric;
    size_t limit;
    char index_path[PATHS_SIZE], search_path[PATHS_SIZE]; /* docarray's traversal paths */
    bool return_embeddings, relaxed_durability;
    uint64_t max_bytes;
};

extern const sluice_parameter settings_parameters[]; /* the table of uses_with */

const char *settings_metric_name(enum metric metric);

/* Of a map that was checked by the table. */
sluice_status settings_read(const sluice_value *parameters, struct settings *settings, sluice_error *error);

/* What a request overrides: traversal_path for both paths, and for a search limit, metric and return_embeddings. SLUICE_INVALID
 * says what would be right. */
sluice_status settings_override_path(struct settings *settings, const sluice_value *parameters, sluice_error *error);
sluice_status settings_override_search(struct settings *settings, const sluice_value *parameters, sluice_error *error);

#endif
