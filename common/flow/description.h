/*
 * description.h - what a plugin says about itself (`sluice-executor --describe`), and the check of uses_with against
 * it.
 *
 * The description is JSON:
 *   {"name": "tag", "version": "1.0", "help": "…", "abi": [1, 0],
 *    "handlers": [{"name": "tag", "endpoint": "/default"}, {"name": "other", "endpoint": null}],
 *    "parameters": [{"name": "label", "type": "string", "fallback": null, "minimum": 0, "maximum": 0, "choices": ["a"],
 *                    "required": false, "help": "…"}]}
 * `parameters` absent or null: the plugin takes any key. `type`: any, bool, integer, number, string, list or map.
 * `fallback` is JSON text or null. Bounds and choices may be absent. Read with the YAML reader, so that no JSON library
 * is needed.
 */
#ifndef SLUICE_FLOW_DESCRIPTION_H
#define SLUICE_FLOW_DESCRIPTION_H

#include "common/flow/yaml.h"

/* Read and check its shape. *ret_description is the caller's (sluice_value_free()). SLUICE_INVALID, SLUICE_NO_MEMORY.
 */
sluice_status description_from_text(const char *text, size_t size, sluice_value **ret_description, sluice_error *error);

/*
 * uses_with after the check, as a value of its own, defaults filled in. `description` NULL: anything goes. `with` NULL:
 * no entries. `executor` and `place` are for messages about what is missing. NULL: no memory.
 */
sluice_value *description_apply(const sluice_value *description, const struct node *with, const char *executor,
                                struct flow_place place, struct arena *scratch, struct problems *problems);

/* Every value must be the name of a handler. */
void description_check_requests(const sluice_value *description, const struct node *requests, const char *executor,
                                struct problems *problems);

/* The plugin's own name, or NULL; valid as long as the description. NUL-terminated copy in `arena`. */
const char *description_name(const sluice_value *description, struct arena *arena);

#endif
