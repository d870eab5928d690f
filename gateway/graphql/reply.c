/* What came back: documents, and whether an executor failed. Fields: proto/jina.proto. */
#include "gateway/graphql/execute.h"
#include "common/document/codec.h"
#include "common/foundation/text.h"
#include "common/wire/wire.h"
#include "gateway/envelope/envelope.h"

/* The last field of this number; false: there is none. */
static bool find(const void *data, size_t size, uint32_t number, struct wire_field *ret_field)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    bool found = false;
    while (wire_next(&reader, &field)) {
        if (field.number == number) {
            *ret_field = field;
            found = true;
        }
    }
    return found;
}

static const char *text_of(struct graphql *operation, const struct wire_field *field)
{
    const char *text = arena_text_of(operation->arena, field->data, field->size);
    return text != NULL && field->size > 0 && text_is_utf8(field->data, field->size) ? text : "an executor failed";
}

/* The description of the header's status, when its code says that something went wrong. */
static const char *failure_of(struct graphql *operation, const struct envelope *envelope)
{
    struct wire_field status, field;
    if (!find(envelope->header.data, envelope->header.size, HEADER_STATUS, &status) || status.type != WIRE_BYTES)
        return NULL;
    if (!find(status.data, status.size, STATUS_CODE, &field) || field.type != WIRE_VARINT || field.value == 0)
        return NULL;
    if (find(status.data, status.size, STATUS_DESCRIPTION, &field) && field.type == WIRE_BYTES)
        return text_of(operation, &field);
    return "an executor failed";
}

sluice_status reply_read(struct graphql *operation, const struct rope *message, struct reply_documents *ret_reply,
                         sluice_error *error)
{
    struct envelope envelope;
    size_t depth =
        operation->limits != NULL && operation->limits->depth > 0 ? operation->limits->depth : SLUICE_DEFAULT_DEPTH;
    sluice_status status = envelope_read(message, depth, operation->arena, &envelope, error);
    if (status == SLUICE_OK) {
        ret_reply->failure = failure_of(operation, &envelope);
        status = document_array_read_content(&envelope.data, operation->limits, &ret_reply->documents, error);
    }
    envelope_done(&envelope);
    return status;
}
