#include "tests/interop/client_cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_TEXT = 4096 };

static void add_text(sluice_value *map, const char *key, sluice_text text)
{
    if (text.size <= LONG_TEXT) {
        sluice_value_set_text(map, sluice_text_of(key), text);
        return;
    }
    uint64_t sum = 14695981039346656037u;
    char words[64];
    for (size_t i = 0; i < text.size; i++)
        sum = (sum ^ (uint8_t)text.data[i]) * 1099511628211u;
    snprintf(words, sizeof words, "%zu bytes, sum %016llx", text.size, (unsigned long long)sum);
    sluice_value_set_string(map, key, words);
}

static void add_hex(sluice_value *map, const char *key, const void *data, size_t size)
{
    char *text = malloc(2 * size + 1);
    if (text == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", ((const uint8_t *)data)[i]);
    add_text(map, key, (sluice_text){text, 2 * size});
    free(text);
}

static void add_tensor(sluice_value *map, const char *key, const sluice_tensor *tensor)
{
    sluice_value *value = sluice_value_set_map(map, key), *shape = sluice_value_set_list(value, "shape");
    add_text(value, "dtype", tensor->dtype_text);
    for (size_t i = 0; i < tensor->dimensions; i++)
        sluice_value_append_number(shape, tensor->shape[i]);
    add_hex(value, "data", tensor->data, tensor->size);
}

typedef sluice_text score_at(const sluice_document *document, size_t index, sluice_score *ret_score);

static void add_scores(sluice_value *map, const char *key, const sluice_document *document, size_t count, score_at *at)
{
    sluice_value *scores = count > 0 ? sluice_value_set_map(map, key) : NULL;
    for (size_t i = 0; i < count; i++) {
        sluice_score score;
        char name[64];
        sluice_text text = at(document, i, &score);
        snprintf(name, sizeof name, "%.*s", (int)text.size, text.data);
        sluice_value *one = sluice_value_set_map(scores, name);
        sluice_value_set_number(one, "value", (double)score.value);
        add_text(one, "op_name", score.op_name);
        add_text(one, "description", score.description);
        add_text(one, "ref_id", score.ref_id);
    }
}

static void add_list(sluice_value *map, const char *key, const sluice_document_array *documents)
{
    sluice_value *list = sluice_document_array_size(documents) > 0 ? sluice_value_set_list(map, key) : NULL;
    for (size_t i = 0; i < sluice_document_array_size(documents); i++)
        values_add_document(list, sluice_document_array_at(documents, i));
}

static void add_numbers(sluice_value *map, const sluice_document *document)
{
    size_t count;
    const float *location = sluice_document_location(document, &count);
    sluice_value *list = count > 0 ? sluice_value_set_list(map, "location") : NULL;
    for (size_t i = 0; i < count; i++)
        sluice_value_append_number(list, (double)location[i]);
    sluice_value_set_number(map, "granularity", sluice_document_granularity(document));
    sluice_value_set_number(map, "adjacency", sluice_document_adjacency(document));
    sluice_value_set_number(map, "weight", (double)sluice_document_weight(document));
    sluice_value_set_number(map, "offset", (double)sluice_document_offset(document));
}

void values_add_document(sluice_value *list, const sluice_document *document)
{
    sluice_value *map = sluice_value_append_map(list);
    sluice_tensor tensor;
    sluice_text blob = sluice_document_blob(document);
    add_text(map, "id", sluice_document_id(document));
    add_text(map, "parent_id", sluice_document_parent_id(document));
    add_text(map, "uri", sluice_document_uri(document));
    add_text(map, "modality", sluice_document_modality(document));
    add_text(map, "mime_type", sluice_document_mime_type(document));
    add_text(map, "text", sluice_document_text(document));
    add_hex(map, "blob", blob.data, blob.size);
    if (sluice_document_tensor(document, &tensor))
        add_tensor(map, "tensor", &tensor);
    if (sluice_document_embedding(document, &tensor))
        add_tensor(map, "embedding", &tensor);
    add_numbers(map, document);
    if (sluice_document_tags(document) != NULL)
        sluice_value_set_copy(map, sluice_text_of("tags"), sluice_document_tags(document));
    add_scores(map, "scores", document, sluice_document_scores_size(document), sluice_document_score_at);
    add_scores(map, "evaluations", document, sluice_document_evaluations_size(document), sluice_document_evaluation_at);
    add_list(map, "chunks", sluice_document_chunks(document));
    add_list(map, "matches", sluice_document_matches(document));
}

void values_add_documents(sluice_value *map, const sluice_document_array *documents)
{
    sluice_value *list = sluice_value_set_list(map, "documents");
    for (size_t i = 0; i < sluice_document_array_size(documents); i++)
        values_add_document(list, sluice_document_array_at(documents, i));
}

void values_add_error(sluice_value *map, sluice_status status)
{
    sluice_value_set_string(map, "status", sluice_status_name(status));
}

static void add_failure(sluice_value *map, const sluice_response *response)
{
    const sluice_exception *exception = sluice_response_exception(response);
    sluice_value_set_number(map, "code", sluice_response_code(response));
    add_text(map, "description", sluice_response_description(response));
    if (exception == NULL)
        return;
    sluice_value *value = sluice_value_set_map(map, "exception"), *arguments = sluice_value_set_list(value, "args");
    add_text(value, "name", exception->name);
    add_text(value, "executor", exception->executor);
    for (size_t i = 0; i < exception->arg_count; i++)
        sluice_value_append_text(arguments, exception->args[i]);
}

void values_add_response(sluice_value *list, sluice_response *response)
{
    sluice_value *map = sluice_value_append_map(list);
    sluice_error error;
    add_text(map, "endpoint", sluice_response_endpoint(response));
    add_text(map, "target", sluice_response_target_executor(response));
    sluice_value_set_bool(map, "has id", sluice_response_request_id(response).size > 0);
    add_failure(map, response);
    if (sluice_response_parameters(response) != NULL)
        sluice_value_set_copy(map, sluice_text_of("parameters"), sluice_response_parameters(response));
    sluice_value *routes = sluice_value_set_list(map, "routes");
    for (size_t i = 0; i < sluice_response_route_count(response); i++)
        sluice_value_append_text(routes, sluice_response_route(response, i).executor);
    sluice_document_array *documents = sluice_response_documents(response, &error);
    if (documents != NULL)
        values_add_documents(map, documents);
    else
        values_add_error(map, error.status);
}
