/*
 * facts.h - what a gateway says of itself when it is asked for its status: the two maps of JinaInfoProto, with the names
 * that a gateway of Jina 3.34 lists, and the same on every protocol. Facts about Python are "(unset)". Any thread.
 */
#ifndef SLUICE_GATEWAY_ENVELOPE_FACTS_H
#define SLUICE_GATEWAY_ENVELOPE_FACTS_H

#include "common/foundation/buffer.h"

#include <time.h>

enum facts_map { FACTS_JINA, FACTS_ENVS };

typedef void facts_visit(void *context, enum facts_map map, const char *name, const char *value);

/* `visit` for every fact, those of FACTS_JINA first. `session`: a random id of the front; `started`: since when it
 * serves, as CLOCK_REALTIME. */
void facts_visit_all(const char *session, struct timespec started, facts_visit *visit, void *context);

/* {"jina":{…},"envs":{…}} */
void facts_append_json(struct buffer *out, const char *session, struct timespec started);

#endif
