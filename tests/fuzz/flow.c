/*
 * Flow YAML: whatever is read holds together, and a Flow that loads is the same after writing and reading.
 *
 * The first byte chooses what is read: a Flow with or without variables and overrides, a resolved one, a description.
 */
#include "common/flow/flow.h"
#include "common/flow/description.h"
#include "common/flow/report.h"
#include "common/foundation/buffer.h"
#include "tests/unit/flow/equal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const environment[] = {"A=1", "H=host", "L=[a,2]", "Q='5'", "E=", "D=$A", NULL};
static const char *const overrides[] = {"port=0", "executors[0].workers=2", "executors.a.uses_with.x=${{ ENV.A }}",
                                        "with.env.X=y", NULL};

static void fail(const char *what, const char *text)
{
    fprintf(stderr, "%s\n%s\n", what, text);
    abort();
}

static void check_report(const struct flow_report *report, sluice_status status)
{
    struct buffer lines;
    buffer_init(&lines, BUFFER_NO_LIMIT);
    flow_check_text(report, &lines);
    if ((status == SLUICE_OK) != (report->error_count == 0))
        fail("status and report do not agree", buffer_text(&lines));
    buffer_done(&lines);
}

/* The model after flow_write() and flow_load(). */
static void check_again(const struct flow *flow)
{
    struct buffer text;
    struct flow *again = NULL;
    struct flow_report report;
    struct arena *arena;
    struct flow_options options = {.resolved = true};
    buffer_init(&text, BUFFER_NO_LIMIT);
    if (flow_write(flow, &text) != SLUICE_OK)
        fail("cannot be written", buffer_text(&text));
    if (flow_load((const char *)text.data, text.size, &options, NULL, &again, &report, &arena) != SLUICE_OK)
        fail(report.count > 0 ? report.problems[0].text : "cannot be read again", buffer_text(&text));
    const char *difference = flow_difference(flow, again);
    if (difference != NULL)
        fail(difference, buffer_text(&text));
    flow_free(again);
    arena_free(arena);
    buffer_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct flow *flow = NULL;
    struct flow_report report;
    struct arena *arena;
    struct flow_options options = {.file = "fuzz.yml"};
    if ((data[0] & 8) != 0) {
        sluice_value *description = NULL;
        if (description_from_text((const char *)data + 1, size - 1, &description, NULL) == SLUICE_OK)
            sluice_value_free(description);
        return 0;
    }
    if ((data[0] & 1) != 0)
        options.environment = environment;
    if ((data[0] & 2) != 0)
        options.overrides = overrides;
    options.resolved = (data[0] & 4) != 0;
    sluice_status status = flow_load((const char *)data + 1, size - 1, &options, NULL, &flow, &report, &arena);
    check_report(&report, status);
    if (status == SLUICE_OK)
        check_again(flow);
    flow_free(flow);
    arena_free(arena);
    return 0;
}
