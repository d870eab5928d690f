/* report.h - a load's problems as lines for people: `file:line:column: error: text`. Any thread. */
#ifndef SLUICE_FLOW_REPORT_H
#define SLUICE_FLOW_REPORT_H

#include "common/flow/flow.h"

struct buffer;

/* Append one line per problem; a place without a line is `file: error: text`. The buffer's status. */
sluice_status flow_check_text(const struct flow_report *report, struct buffer *buffer);

/* The first error as an error's place and text, and its SLUICE_INVALID; SLUICE_OK without one. */
sluice_status flow_report_error(const struct flow_report *report, sluice_error *error);

#endif
