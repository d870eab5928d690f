/* running.h - a Flow started by `sluice run`, for as long as a case needs it. */
#ifndef SLUICE_GOLDEN_RUNNING_H
#define SLUICE_GOLDEN_RUNNING_H

#include <stdbool.h>
#include <sys/types.h>

struct running_flow {
    pid_t pid;
    int port; /* of the gateway, on 127.0.0.1 */
};

/* Write `yaml` to a temporary file and run it. False: it did not become ready; the reason has been printed. */
bool running_flow_start(const char *yaml, struct running_flow *flow);
void running_flow_stop(struct running_flow *flow);

const char *build_folder(void);  /* SLUICE_BUILD, or build/dev */
const char *source_folder(void); /* SLUICE_SOURCE, or . */

#endif
