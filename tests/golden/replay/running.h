/* running.h - a Flow for as long as a case needs it, and where the build and the source are. */
#ifndef SLUICE_GOLDEN_RUNNING_H
#define SLUICE_GOLDEN_RUNNING_H

#include "compare.h"

#include <sluice/flow.h>

/* Run the Flow of this YAML. NULL: it did not become ready; the reason has been printed. */
sluice_flow *running_flow_start(const char *yaml);

/* The same for a text with the places of plugins left open: each %s in it stands for the build's folder. */
sluice_flow *running_flow_start_with(const char *yaml);

/* Stop and free it; NULL is fine. An end that is not clean is printed and counted as unexplained. */
void running_flow_stop(sluice_flow *flow, struct tally *tally);

const char *build_folder(void);  /* SLUICE_BUILD, or build/dev */
const char *source_folder(void); /* SLUICE_SOURCE, or . */

#endif
