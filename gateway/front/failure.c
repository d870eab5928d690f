#include "gateway/front/failure.h"

#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

#include <stdlib.h>

void failure_append_status(struct buffer *status, bool compatibility_3_5, const char *exception, const char *text)
{
    wire_append_uint(status, STATUS_CODE, compatibility_3_5 ? CODE_ERROR_3_5 : CODE_ERROR);
    wire_append_text(status, STATUS_DESCRIPTION, text != NULL ? text : "");
    size_t begun = wire_begin_message(status, STATUS_EXCEPTION);
    wire_append_text(status, EXCEPTION_NAME, exception);
    wire_end_message(status, begun);
}

/* The field `number` of a message, or an empty one. The last occurrence counts. */
static struct wire_field field_of(const void *data, size_t size, uint32_t number)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field, found = {.data = NULL, .size = 0};

    while (wire_next(&reader, &field))
        if (field.number == number && field.type == WIRE_BYTES)
            found = field;
    return found;
}

/* header.status of an answer. The message of a dry run is small. */
static void append_status_of(struct buffer *status, const struct rope *message)
{
    uint8_t *bytes = malloc(message->size + 1);
    if (bytes == NULL) {
        status->failed = SLUICE_NO_MEMORY;
        return;
    }
    rope_copy_out(message, bytes);
    struct wire_field header = field_of(bytes, message->size, REQUEST_HEADER);
    struct wire_field found = field_of(header.data, header.size, HEADER_STATUS);
    if (found.size > 0)
        buffer_append(status, found.data, found.size);
    free(bytes);
}

void failure_append_dry_run(struct buffer *status, bool compatibility_3_5, const struct reply *reply)
{
    if (reply->status != SLUICE_OK)
        failure_append_status(status, compatibility_3_5, "InternalNetworkError", reply->text);
    else if (reply->failed)
        append_status_of(status, &reply->message);
}
