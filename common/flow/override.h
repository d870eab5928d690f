/*
 * override.h - `--set key=value`: changes to the tree before anything is read from it. Forms: docs/flow-yaml.md.
 */
#ifndef SLUICE_FLOW_OVERRIDE_H
#define SLUICE_FLOW_OVERRIDE_H

#include "common/flow/yaml.h"

/*
 * Apply each `key=value` (ended by NULL; NULL is fine) to the Flow's root map, in order. Values are YAML; what is none
 * is taken as a text. Problems are reported with the override as the file and no line.
 */
void overrides_apply(struct node *root, const char *const *overrides, struct arena *arena, struct problems *problems);

#endif
