/*
 * json_text.h - JSON text of both sides as values that compare.
 *
 * Numbers become texts ("3.0", "1e-07"), as how they are printed is compared too. What cannot be equal is replaced on
 * both sides: times, ids that were made, tracebacks, addresses in the sentence on a network failure. A text in which an
 * executor printed a Python or JSON value is compared as that value, since the order of a map's keys is chance.
 */
#ifndef SLUICE_GOLDEN_JSON_TEXT_H
#define SLUICE_GOLDEN_JSON_TEXT_H

#include <sluice/document.h>

/* Adds it to `map` under `key`: the value, or, when it is no JSON that can be read here, the text. */
void json_text_set(sluice_value *map, const char *key, sluice_text text);

/* The same for a sentence that names an address: "network failure of DEPLOYMENT" when it is one on an executor. */
sluice_text json_text_reason(sluice_text reason);

#endif
