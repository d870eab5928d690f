/*
 * Flow YAML: whatever is read holds together, and a Flow that loads is the same after writing and reading.
 *
 * The first byte chooses what is read: a Flow with or without variables and overrides, a resolved one, a description, a Flow
 * behind a line that is an override (`--set`).
 */
#include "common/flow/description.h"
#include "tests/fuzz/flow_check.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const environment[] = {"A=1", "H=host", "L=[a,2]", "Q='5'", "E=", "D=$A", NULL};
static const char *const overrides[] = {"port=0", "executors[0].workers=2", "executors.a.uses_with.x=${{ ENV.A }}",
                                        "with.env.X=y", NULL};

/* A line that is the value of --set, then the Flow. */
static void check_override(const char *text, size_t size)
{
    const char *line = memchr(text, '\n', size);
    char *override = line != NULL ? strndup(text, (size_t)(line - text)) : NULL;
    if (override == NULL)
        return;
    const struct flow_options options = {
        .file = "fuzz.yml", .environment = environment, .overrides = (const char *const[]){override, NULL}};
    flow_check_load(line + 1, size - (size_t)(line + 1 - text), &options, NULL);
    free(override);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct flow_options options = {.file = "fuzz.yml"};
    if ((data[0] & 8) != 0) {
        sluice_value *description = NULL;
        if (description_from_text((const char *)data + 1, size - 1, &description, NULL) == SLUICE_OK)
            sluice_value_free(description);
        return 0;
    }
    if ((data[0] & 16) != 0) {
        check_override((const char *)data + 1, size - 1);
        return 0;
    }
    if ((data[0] & 1) != 0)
        options.environment = environment;
    if ((data[0] & 2) != 0)
        options.overrides = overrides;
    options.resolved = (data[0] & 4) != 0;
    flow_check_load((const char *)data + 1, size - 1, &options, NULL);
    return 0;
}
