#include "common/json/request_bytes.h"
#include "common/document/codec.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

/* Room for the header's tags and lengths, and for those of what follows. */
enum { HEAD_EXTRA_BYTES = 64 };

static void append_head(struct buffer *buffer, const struct request_head *head)
{
    buffer_reserve(buffer, HEAD_EXTRA_BYTES + head->request_id.size + head->endpoint.size + head->target.size);
    size_t header = wire_begin_message(buffer, REQUEST_HEADER);
    wire_append_bytes(buffer, HEADER_REQUEST_ID, head->request_id.data, head->request_id.size);
    wire_append_bytes(buffer, HEADER_ENDPOINT, head->endpoint.data, head->endpoint.size);
    if (head->target.size > 0)
        wire_append_bytes(buffer, HEADER_TARGET, head->target.data, head->target.size);
    wire_end_message(buffer, header);
    if (head->parameters == NULL)
        return;
    size_t parameters = wire_begin_message(buffer, REQUEST_PARAMETERS);
    value_write_struct(head->parameters, buffer);
    wire_end_message(buffer, parameters);
}

sluice_status message_bytes(const struct buffer *front, const sluice_document_array *documents,
                            struct rope *ret_message, sluice_error *error)
{
    struct block *message = NULL;
    sluice_status status = front->failed;
    if (status == SLUICE_OK)
        status = document_array_write_field(documents, front->data, front->size, REQUEST_DATA, &message, error);
    if (status == SLUICE_OK)
        status = rope_append(ret_message, message, message->data, message->size);
    block_unref(message);
    return status == SLUICE_OK ? SLUICE_OK : sluice_fail(error, status, "json", "no memory for the message");
}

sluice_status request_bytes(const struct request_head *head, const sluice_document_array *documents,
                            struct rope *ret_message, sluice_error *error)
{
    struct buffer front;
    buffer_init(&front, BUFFER_NO_LIMIT);
    append_head(&front, head);
    sluice_status status = message_bytes(&front, documents, ret_message, error);
    buffer_done(&front);
    return status;
}
