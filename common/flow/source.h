/*
 * source.h - the file system behind struct flow_source: reads executor YAMLs, finds plugins. Opens no plugin.
 *
 * Any thread; no state.
 */
#ifndef SLUICE_FLOW_SOURCE_H
#define SLUICE_FLOW_SOURCE_H

#include "common/flow/flow.h"

/*
 * Fill read_file and find_plugin; describe and context stay as they are.
 *
 * find_plugin tries, and takes the first regular file (as its real path): an absolute name as it is; a name with a
 * slash below the YAML's folder; any other name in the YAML's folder, then among the shipped plugins
 * (lib/sluice/plugins of this installation). `.so` is added to a name without it; a name with a slash is also tried as
 * it is.
 */
void flow_source_files(struct flow_source *source);

/* The folder of the shipped plugins; false when this installation has none. */
bool flow_source_shipped(char *path, size_t capacity);

#endif
