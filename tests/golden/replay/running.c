#include "running.h"
#include "common/foundation/buffer.h"

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

sluice_flow *running_flow_start_with(const char *yaml)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    for (const char *open; (open = strstr(yaml, "%s")) != NULL; yaml = open + 2) {
        buffer_append(&text, yaml, (size_t)(open - yaml));
        buffer_append_text(&text, build_folder());
    }
    buffer_append_text(&text, yaml);
    sluice_flow *flow = running_flow_start(buffer_text(&text));
    buffer_done(&text);
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
