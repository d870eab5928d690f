/*
 * results.h - what a post gives back: the documents of all responses, or the responses. One thread.
 */
#ifndef SLUICE_CLIENT_RESULTS_H
#define SLUICE_CLIENT_RESULTS_H

#include "client/response.h"

#include <sluice/client.h>

struct sluice_results {
    bool whole; /* responses, not documents */
    sluice_response **responses;
    size_t response_count, response_capacity;
    sluice_response *failure;
    struct rope content; /* documents of all responses as bytes, until results_read() */
    sluice_document_array *documents;
};

sluice_results *results_new(bool whole); /* NULL: no memory */

/* Add a response; takes references only. SLUICE_OK or SLUICE_NO_MEMORY. */
sluice_status results_add(sluice_results *results, sluice_response *response);

/* The response that ended the post. */
void results_fail(sluice_results *results, sluice_response *response);

/* Read the documents, once, when nothing more is added. SLUICE_INVALID, SLUICE_LIMIT, SLUICE_NO_MEMORY. */
sluice_status results_read(sluice_results *results, sluice_error *error);

#endif
