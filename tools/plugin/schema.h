/*
 * schema.h - what a plugin says about itself, as JSON for programs. Descriptions are those of common/flow/description.h.
 *
 * Pure functions; failure stays in the buffer. Any thread.
 */
#ifndef SLUICE_TOOLS_PLUGIN_SCHEMA_H
#define SLUICE_TOOLS_PLUGIN_SCHEMA_H

#include "common/foundation/buffer.h"

#include <sluice/document.h>

/*
 * A JSON schema, draft 2020-12, of the plugin's uses_with: what it accepts, the Flow file accepts, and the other way
 * round, for values as YAML reads them (a quoted number is a text; null stands for a parameter that is not given). What
 * else the plugin says is under the keyword "x-sluice": name, version, abi, path, endpoints.
 */
void schema_append(struct buffer *json, const sluice_value *description, const char *path);

/* `"name": …, "version": …, "abi": …, "help": …, "endpoints": […]`, without braces. */
void schema_append_plugin(struct buffer *json, const sluice_value *description);

void schema_append_text(struct buffer *json, sluice_text text); /* with quotes */

#endif
