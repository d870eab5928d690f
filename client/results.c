#include "client/results.h"

#include "common/document/codec.h"

#include <stdlib.h>

enum { RESPONSES_FIRST = 16 };

/* Each message has been bounded when it came; their sum is what the caller asked for. */
#define RESULTS_NO_LIMIT ((size_t)1 << 46)

sluice_results *results_new(bool whole)
{
    sluice_results *results = calloc(1, sizeof *results);
    if (results == NULL)
        return NULL;
    results->whole = whole;
    rope_init(&results->content);
    return results;
}

static sluice_status add_response(sluice_results *results, sluice_response *response)
{
    if (results->response_count == results->response_capacity) {
        size_t capacity = results->response_capacity == 0 ? RESPONSES_FIRST : results->response_capacity * 2;
        sluice_response **row = realloc(results->responses, capacity * sizeof *row);
        if (row == NULL)
            return SLUICE_NO_MEMORY;
        results->responses = row;
        results->response_capacity = capacity;
    }
    results->responses[results->response_count++] = sluice_response_ref(response);
    return SLUICE_OK;
}

/*
 * The bytes of DataContentProto messages one after the other are the bytes of their merged message, whose documents are
 * theirs in turn: so all documents are read at once, into one array.
 */
sluice_status results_add(sluice_results *results, sluice_response *response)
{
    return results->whole ? add_response(results, response) : rope_append_rope(&results->content, &response->content);
}

void results_fail(sluice_results *results, sluice_response *response)
{
    sluice_response_unref(results->failure);
    results->failure = sluice_response_ref(response);
}

sluice_status results_read(sluice_results *results, sluice_error *error)
{
    sluice_limits limits = {.documents = RESULTS_NO_LIMIT, .elements = RESULTS_NO_LIMIT, .bytes = RESULTS_NO_LIMIT};
    sluice_status status = document_array_read_content(&results->content, &limits, &results->documents, error);
    rope_done(&results->content);
    rope_init(&results->content);
    return status;
}

sluice_document_array *sluice_results_documents(const sluice_results *results)
{
    return results != NULL ? results->documents : NULL;
}

sluice_document_array *sluice_results_take_documents(sluice_results *results)
{
    if (results == NULL)
        return NULL;
    sluice_document_array *documents = results->documents;
    results->documents = NULL;
    return documents;
}

size_t sluice_results_response_count(const sluice_results *results)
{
    return results != NULL ? results->response_count : 0;
}

sluice_response *sluice_results_response(const sluice_results *results, size_t index)
{
    return results != NULL && index < results->response_count ? results->responses[index] : NULL;
}

sluice_response *sluice_results_failure(const sluice_results *results)
{
    return results != NULL ? results->failure : NULL;
}

void sluice_results_free(sluice_results *results)
{
    if (results == NULL)
        return;
    for (size_t i = 0; i < results->response_count; i++)
        sluice_response_unref(results->responses[i]);
    free(results->responses);
    sluice_response_unref(results->failure);
    rope_done(&results->content);
    sluice_document_array_free(results->documents);
    free(results);
}
