/* suggest.h - "Did you mean ...?" as the package graphql words it. Private to gateway/graphql. */
#ifndef SLUICE_GATEWAY_GRAPHQL_SUGGEST_H
#define SLUICE_GATEWAY_GRAPHQL_SUGGEST_H

#include "gateway/graphql/schema.h"

/* Each gives a text that begins with a blank, or "". In the arena. */
const char *suggest_field(struct arena *arena, const struct type *type, sluice_text name);
const char *suggest_input(struct arena *arena, const struct input *inputs, size_t count, sluice_text name);
const char *suggest_type(struct arena *arena, sluice_text name);

#endif
