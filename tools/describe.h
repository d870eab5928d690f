/*
 * describe.h - descriptions of plugins, asked of `sluice-executor --describe`, several at a time, each once.
 *
 * A plugin is never opened here: its code runs in a child that may crash or hang. Nothing outlives the describer: neither
 * that child nor what the plugin started from it, nor, when this program is killed, the child. Single-threaded.
 */
#ifndef SLUICE_TOOLS_DESCRIBE_H
#define SLUICE_TOOLS_DESCRIBE_H

#include <sluice/document.h>

struct describer;

struct describer *describer_new(void);                         /* NULL: no memory */
struct describer *describer_free(struct describer *describer); /* ends what still runs; NULL is fine; returns NULL */

/* Begin to ask about the plugin at `path`, if nobody has yet. Never waits; a failure is told by describer_wait(). */
void describer_start(struct describer *describer, const char *path);

/*
 * The description of the plugin at `path`; waits for its child. It belongs to the describer. SLUICE_INVALID with the
 * plugin's own words when it does not load, SLUICE_TIMEOUT, SLUICE_SYSTEM, SLUICE_NO_MEMORY.
 */
sluice_status describer_wait(struct describer *describer, const char *path, const sluice_value **ret_description,
                             sluice_error *error);

#endif
