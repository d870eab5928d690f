/*
 * parameters.h - the parameters of a request (a google.protobuf.Struct), as bytes.
 *
 * They are never decoded into values here: top-level entries are looked at one by one, and only those that a rule names
 * are taken out or joined in. Rules: docs/compatibility.md, "Parameters". In protobuf the last of several entries with
 * one key wins, so an override is appended behind what it overrides. Pure functions; any thread.
 */
#ifndef SLUICE_GATEWAY_PARAMETERS_H
#define SLUICE_GATEWAY_PARAMETERS_H

#include "gateway/envelope/envelope.h"

#define PARAMETERS_RESULTS "__results__"

/* Well-formed, every string UTF-8, values nested at most `depth_max` deep? SLUICE_INVALID or SLUICE_LIMIT otherwise. */
sluice_status parameters_check(struct span parameters, size_t depth_max, sluice_error *error);

/*
 * What the executor `name` gets: entries `name__key` as `key`, those of other executors left out, the entries of a map
 * under its own name on top. Unchanged parameters are given back as they are, without a copy.
 */
sluice_status parameters_for(struct span parameters, const char *name, struct arena *arena,
                             struct span *ret_parameters);

/* The results of one pod: contents of a Struct. */
struct parameters_result {
    const char *pod;
    struct span results;
};

/*
 * What the client gets back: its own parameters, and when there are results an entry __results__ that holds the map the
 * client sent under that key, if any, and one entry per pod, later ones winning.
 */
sluice_status parameters_answer(struct span parameters, const struct parameters_result *results, size_t count,
                                struct arena *arena, struct span *ret_parameters);

#endif
