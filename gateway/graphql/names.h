/* names.h - a map from names to pointers that keeps the order of arrival, in an arena. Private to gateway/graphql. */
#ifndef SLUICE_GATEWAY_GRAPHQL_NAMES_H
#define SLUICE_GATEWAY_GRAPHQL_NAMES_H

#include "common/document/index.h"

struct name_entry {
    sluice_text key;
    void *value;
};

/* Zeroed is empty. */
struct names {
    struct name_entry *entries;
    size_t count, capacity;
    struct text_index index;
};

void *names_get(const struct names *names, sluice_text key); /* NULL: not there */

/* The place of the value of `key`, which is added with NULL when it is not there. NULL: no memory. */
void **names_slot(struct names *names, struct arena *arena, sluice_text key);

#endif
