/*
 * slow_reader.h - a plain JSON reader: the second way of the module.
 *
 * simdjson is fast, but says no place of an error and refuses what Python writes (NaN, Infinity) and large integers. This
 * reader does all of that and is used only when simdjson refused, or to find the place of an event.
 */
#ifndef SLUICE_JSON_SLOW_READER_H
#define SLUICE_JSON_SLOW_READER_H

extern "C" {
#include "common/json/json.h"
#include "common/json/module.h"
}

/*
 * Reads `text` and calls `events`, numbers one by one. With `events` NULL nothing is called; the reader then stops
 * (JSON_STOPPED) at event number `stop_at` (from 1, each number counting 1) and tells its place.
 */
json_outcome slow_read(const char *text, size_t size, size_t depth, const json_events *events, void *context,
                       size_t stop_at, json_failure *failure);

#endif
