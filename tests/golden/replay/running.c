#include "running.h"

#include <stdio.h>
#include <stdlib.h>

const char *build_folder(void)
{
    return getenv("SLUICE_BUILD") != NULL ? getenv("SLUICE_BUILD") : "build/dev";
}

const char *source_folder(void)
{
    return getenv("SLUICE_SOURCE") != NULL ? getenv("SLUICE_SOURCE") : ".";
}

sluice_flow *running_flow_start(const char *yaml)
{
    sluice_flow *flow = NULL;
    sluice_error error = {0};
    if (sluice_flow_start_text(yaml, strlen(yaml), NULL, &flow, &error) != SLUICE_OK) {
        printf("the Flow did not start: %s: %s\n", error.where, error.text);
        return NULL;
    }
    return flow;
}

void running_flow_stop(sluice_flow *flow, struct tally *tally)
{
    sluice_error error = {0};
    if (sluice_flow_stop(flow, &error) != SLUICE_OK) {
        printf("the Flow did not end cleanly: %s: %s\n", error.where, error.text);
        tally->unexplained++;
    }
}
