#include "gateway/websocket/message.h"

#include "common/foundation/text.h"

#include <string.h>

void message_init(struct message *message)
{
    *message = (struct message){.block = NULL};
    rope_init(&message->rope);
}

void message_done(struct message *message)
{
    rope_done(&message->rope);
    block_unref(message->block);
    message->block = NULL;
}

/* The block in the making joins the rope. */
static sluice_status close_block(struct message *message)
{
    if (message->block == NULL)
        return SLUICE_OK;
    sluice_status status = rope_append(&message->rope, message->block, message->block->data, message->used);
    block_unref(message->block);
    message->block = NULL;
    message->used = 0;
    return status;
}

static size_t next_block_size(const struct message *message, size_t size, uint64_t announced)
{
    size_t wanted = announced > MESSAGE_BLOCK_MAX ? MESSAGE_BLOCK_MAX : (size_t)announced;
    wanted = wanted > message->size ? message->size : wanted; /* only what has arrived can be trusted */
    if (message->size == 0 && announced == 0)
        return size; /* all of it, as a rule */
    wanted = wanted > size ? wanted : size;
    wanted = wanted > message->size ? wanted : message->size;
    wanted = wanted > MESSAGE_BLOCK_MIN ? wanted : MESSAGE_BLOCK_MIN;
    if (wanted > MESSAGE_BLOCK_MAX)
        wanted = size > MESSAGE_BLOCK_MAX ? size : MESSAGE_BLOCK_MAX;
    if (announced > 0 && wanted > size + announced)
        wanted = size + (size_t)announced;
    return wanted;
}

sluice_status message_append(struct message *message, const void *data, size_t size, uint64_t announced)
{
    const uint8_t *at = data;

    while (size > 0) {
        if (message->block != NULL && message->used == message->block->size && close_block(message) != SLUICE_OK)
            return SLUICE_NO_MEMORY;
        if (message->block == NULL) {
            message->block = block_new(next_block_size(message, size, announced));
            if (message->block == NULL)
                return SLUICE_NO_MEMORY;
        }
        size_t room = message->block->size - message->used;
        size_t taken = size < room ? size : room;
        memcpy(message->block->data + message->used, at, taken);
        message->used += taken;
        message->size += taken;
        at += taken;
        size -= taken;
    }
    return SLUICE_OK;
}

sluice_status message_finish(struct message *message, struct rope *rope)
{
    sluice_status status = close_block(message);
    if (status == SLUICE_OK)
        rope_move(rope, &message->rope);
    else
        rope_done(&message->rope);
    message_init(message);
    return status;
}

bool message_is_end(const struct rope *rope)
{
    return rope->size == 1 && rope->slices[0].data[0] == 0;
}

size_t message_close_reason(const char *text, char *reason)
{
    size_t size = text != NULL ? strlen(text) : 0;
    if (size > WEBSOCKET_REASON_MAX)
        size = text_cut(text, WEBSOCKET_REASON_MAX);
    if (!text_is_utf8(text, size))
        size = 0;
    memcpy(reason, text != NULL ? text : "", size);
    return size;
}
