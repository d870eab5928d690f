#include "common/flow/report.h"
#include "common/foundation/buffer.h"

#include <stdio.h>

static void put_place(struct buffer *buffer, const struct flow_place *place)
{
    buffer_append_text(buffer, place->file != NULL ? place->file : "(flow)");
    if (place->line != 0)
        buffer_printf(buffer, ":%u:%u", place->line, place->column);
}

/* Texts quote what the file holds; a control character in it must not reach the terminal. */
static void put_line(struct buffer *buffer, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7F)
            buffer_printf(buffer, "\\x%02x", c);
        else
            buffer_append_byte(buffer, c);
    }
    buffer_append_byte(buffer, '\n');
}

sluice_status flow_check_text(const struct flow_report *report, struct buffer *buffer)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct flow_problem *problem = &report->problems[i];
        put_place(buffer, &problem->place);
        buffer_append_text(buffer, problem->severity == FLOW_ERROR ? ": error: " : ": warning: ");
        put_line(buffer, problem->text);
    }
    return buffer->failed;
}

sluice_status flow_report_error(const struct flow_report *report, sluice_error *error)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct flow_problem *problem = &report->problems[i];
        if (problem->severity != FLOW_ERROR)
            continue;
        struct buffer place;
        buffer_init(&place, 4096);
        put_place(&place, &problem->place);
        sluice_fail(error, SLUICE_INVALID, buffer_text(&place), "%s", problem->text);
        buffer_done(&place);
        return SLUICE_INVALID;
    }
    return SLUICE_OK;
}
