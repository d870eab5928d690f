#include "common/json/request_bytes.h"
#include "common/document/codec.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

static void append_field(struct buffer *buffer, uint32_t number, const struct buffer *content)
{
    wire_append_bytes(buffer, number, content->data, content->size);
}

static void append_head(struct buffer *buffer, const struct request_head *head)
{
    struct buffer header, parameters;
    buffer_init(&header, BUFFER_NO_LIMIT);
    buffer_init(&parameters, BUFFER_NO_LIMIT);
    wire_append_bytes(&header, HEADER_REQUEST_ID, head->request_id.data, head->request_id.size);
    wire_append_bytes(&header, HEADER_ENDPOINT, head->endpoint.data, head->endpoint.size);
    if (head->target.size > 0)
        wire_append_bytes(&header, HEADER_TARGET, head->target.data, head->target.size);
    append_field(buffer, REQUEST_HEADER, &header);
    if (head->parameters != NULL) {
        value_write_struct(head->parameters, &parameters);
        append_field(buffer, REQUEST_PARAMETERS, &parameters);
    }
    if (header.failed != SLUICE_OK || parameters.failed != SLUICE_OK)
        buffer->failed = SLUICE_NO_MEMORY;
    buffer_done(&header);
    buffer_done(&parameters);
}

/* `front`, then tag and length of the field `data`, as one block. */
static struct block *front_block(const struct buffer *front, size_t content_size)
{
    uint8_t tag[2 * WIRE_VARINT_MAX], *end = wire_put_varint(tag, wire_tag(REQUEST_DATA, WIRE_BYTES));
    end = wire_put_varint(end, content_size);
    struct block *block = block_new(front->size + (size_t)(end - tag));
    if (block == NULL)
        return NULL;
    if (front->size > 0)
        memcpy(block->data, front->data, front->size);
    memcpy(block->data + front->size, tag, (size_t)(end - tag));
    return block;
}

sluice_status message_bytes(const struct buffer *front, const sluice_document_array *documents,
                            struct rope *ret_message, sluice_error *error)
{
    struct block *content = NULL, *head = NULL;
    sluice_status status = front->failed;
    if (status == SLUICE_OK)
        status = document_array_write_content(documents, &content, error);
    if (status != SLUICE_OK)
        return sluice_fail(error, status, "json", "no memory for the message");
    head = front_block(front, content->size);
    status = head != NULL ? rope_append(ret_message, head, head->data, head->size) : SLUICE_NO_MEMORY;
    if (status == SLUICE_OK)
        status = rope_append(ret_message, content, content->data, content->size);
    block_unref(head);
    block_unref(content);
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
