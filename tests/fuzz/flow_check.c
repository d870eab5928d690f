#include "tests/fuzz/flow_check.h"
#include "common/flow/report.h"
#include "common/foundation/buffer.h"
#include "tests/unit/flow/equal.h"

#include <stdio.h>
#include <stdlib.h>

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

bool flow_check_load(const char *text, size_t size, const struct flow_options *options,
                     const struct flow_source *source)
{
    struct flow *flow = NULL;
    struct flow_report report;
    struct arena *arena;
    sluice_status status = flow_load(text, size, options, source, &flow, &report, &arena);
    check_report(&report, status);
    if (status == SLUICE_OK)
        check_again(flow);
    flow_free(flow);
    arena_free(arena);
    return status == SLUICE_OK;
}
