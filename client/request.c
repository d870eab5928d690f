#include "client/request.h"

#include "common/document/codec.h"
#include "common/foundation/log.h"
#include "common/foundation/text.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

#include <stdlib.h>
#include <string.h>

static const char results_key[] = "__results__";

/* The reserved key holds a map, or is replaced by an empty one, with a warning. */
static sluice_status write_parameters(const sluice_value *parameters, struct buffer *body)
{
    sluice_value *own = sluice_value_new_map();
    if (own == NULL)
        return SLUICE_NO_MEMORY;
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < sluice_value_size(parameters) && status == SLUICE_OK; i++)
        status = sluice_value_set_copy(own, sluice_value_key_at(parameters, i), sluice_value_at(parameters, i));
    const sluice_value *results = sluice_value_get(parameters, results_key);
    if (results != NULL && sluice_value_kind_of(results) != SLUICE_VALUE_MAP)
        log_warning("parameters: %s is reserved for a map; its value is replaced by an empty one", results_key);
    if (status == SLUICE_OK && sluice_value_set_map(own, results_key) == NULL)
        status = SLUICE_NO_MEMORY;
    value_write_struct(own, body);
    sluice_value_free(own);
    return status;
}

static sluice_status set_parameters(struct request_template *request, const sluice_value *parameters,
                                    sluice_error *error)
{
    struct buffer body;
    sluice_status status = SLUICE_OK;
    if (parameters != NULL && sluice_value_kind_of(parameters) != SLUICE_VALUE_MAP)
        return sluice_fail(error, SLUICE_INVALID, "parameters", "the parameters must be a map");
    const sluice_value *results = sluice_value_get(parameters, results_key);
    bool reserved_misused = results != NULL && sluice_value_kind_of(results) != SLUICE_VALUE_MAP;

    buffer_init(&body, BUFFER_NO_LIMIT);
    if (sluice_value_size(parameters) == 0 || reserved_misused)
        status = write_parameters(parameters, &body);
    else
        value_write_struct(parameters, &body);
    wire_append_bytes(&request->parameters, REQUEST_PARAMETERS, body.data, body.size);
    if (status == SLUICE_OK)
        status = body.failed != SLUICE_OK ? body.failed : request->parameters.failed;
    buffer_done(&body);
    if (status != SLUICE_OK)
        return sluice_fail(error, status, "parameters", "the parameters cannot be written: %s",
                           sluice_status_name(status));
    return SLUICE_OK;
}

sluice_status request_template_init(struct request_template *request, const char *endpoint, const char *target_executor,
                                    const sluice_value *parameters, sluice_error *error)
{
    memset(request, 0, sizeof *request);
    buffer_init(&request->parameters, BUFFER_NO_LIMIT);
    if (endpoint == NULL)
        return sluice_fail(error, SLUICE_INVALID, "on", "the endpoint is NULL; give one such as \"/index\"");
    bool targeted = target_executor != NULL && target_executor[0] != '\0';
    if (!text_is_utf8(endpoint, strlen(endpoint)))
        return sluice_fail(error, SLUICE_INVALID, "on", "the endpoint is not UTF-8");
    if (targeted && !text_is_utf8(target_executor, strlen(target_executor)))
        return sluice_fail(error, SLUICE_INVALID, "target_executor", "the target executor is not UTF-8");
    request->endpoint = strdup(endpoint);
    if (targeted)
        request->target_executor = strdup(target_executor);
    sluice_status status = SLUICE_OK;
    if (request->endpoint == NULL || (targeted && request->target_executor == NULL))
        status = sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a request");
    if (status == SLUICE_OK)
        status = set_parameters(request, parameters, error);
    if (status != SLUICE_OK)
        request_template_done(request);
    return status;
}

void request_template_done(struct request_template *request)
{
    free(request->endpoint);
    free(request->target_executor);
    buffer_done(&request->parameters);
    request->endpoint = NULL;
    request->target_executor = NULL;
}

static void write_envelope(const struct request_template *request, sluice_text id, const struct rope *content,
                           struct buffer *buffer)
{
    size_t header = wire_begin_message(buffer, REQUEST_HEADER);
    wire_append_bytes(buffer, HEADER_REQUEST_ID, id.data, id.size);
    wire_append_text(buffer, HEADER_ENDPOINT, request->endpoint);
    if (request->target_executor != NULL)
        wire_append_text(buffer, HEADER_TARGET, request->target_executor);
    wire_end_message(buffer, header);
    buffer_append(buffer, request->parameters.data, request->parameters.size);
    if (content != NULL) {
        wire_append_tag(buffer, REQUEST_DATA, WIRE_BYTES);
        wire_append_varint(buffer, content->size);
    }
}

sluice_status request_write(const struct request_template *request, sluice_text id, const struct rope *content,
                            struct rope *ret_message, sluice_error *error)
{
    struct buffer envelope;
    buffer_init(&envelope, BUFFER_NO_LIMIT);
    write_envelope(request, id, content, &envelope);
    struct block *block = envelope.failed == SLUICE_OK ? block_new(envelope.size) : NULL;
    sluice_status status = block != NULL ? SLUICE_OK : SLUICE_NO_MEMORY;
    if (block != NULL) {
        memcpy(block->data, envelope.data, envelope.size);
        status = rope_append(ret_message, block, block->data, block->size);
    }
    if (status == SLUICE_OK && content != NULL)
        status = rope_append_rope(ret_message, content);
    block_unref(block);
    buffer_done(&envelope);
    if (status != SLUICE_OK)
        return sluice_fail(error, status, NULL, "no memory for a request");
    return SLUICE_OK;
}
