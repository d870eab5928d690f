/*
 * source.h - what the Flow reader asks for: files, the places of plugins, their descriptions; and loading a Flow with
 * it.
 *
 * Used by `sluice check` and `sluice run`. A plugin is looked for as written: a path (anything with a slash) relative
 * to the folder of the Flow file; a bare name, with or without ".so", in that folder, then in the folders of
 * SLUICE_PLUGIN_PATH (separated by colons), then among the plugins that ship. Single-threaded.
 */
#ifndef SLUICE_TOOLS_SOURCE_H
#define SLUICE_TOOLS_SOURCE_H

#include "common/flow/flow.h"

#define SOURCE_FILE_MAX ((size_t)16 << 20) /* bytes of one YAML file */

struct source;

struct source *source_new(void);                   /* NULL: no memory */
struct source *source_free(struct source *source); /* also the descriptions; NULL is fine; returns NULL */

/*
 * Read and check the Flow in `text`. Like flow_load(), with all descriptions asked for side by side. `file` names it;
 * `overrides` are those of --set, may be NULL.
 */
sluice_status source_load(struct source *source, const char *text, size_t size, const char *file,
                          const char *const *overrides, struct flow **ret_flow, struct flow_report *ret_report,
                          struct arena **ret_report_arena);

/* Print all problems on stderr: file:line:column: error|warning: text. */
void source_print_report(const struct flow_report *report);

#endif
