#include "common/net/frame.h"

#include <string.h>

void frame_message_done(struct frame_message *message)
{
    block_unref(message->meta_block);
    message->meta_block = NULL;
    message->meta = NULL;
    message->meta_size = 0;
    rope_done(&message->body);
}

/* Takes `size` bytes of what is left of a meta; false when there are fewer. */
static bool take(const uint8_t **at, size_t *left, uint64_t size, const uint8_t **ret_data)
{
    if (size > *left)
        return false;
    *ret_data = *at;
    *at += size;
    *left -= (size_t)size;
    return true;
}

static bool take_fixed(const uint8_t **at, size_t *left, void *target, size_t size)
{
    const uint8_t *data;
    if (!take(at, left, size, &data))
        return false;
    memcpy(target, data, size);
    return true;
}

sluice_status frame_read_request(const struct frame_message *message, struct frame_request_view *ret_view)
{
    const uint8_t *at = message->meta, *endpoint, *request_id, *parameters;
    size_t left = message->meta_size;
    struct frame_request fixed;
    if (!take_fixed(&at, &left, &fixed, sizeof fixed) || !take(&at, &left, fixed.endpoint_size, &endpoint) ||
        !take(&at, &left, fixed.request_id_size, &request_id) ||
        !take(&at, &left, fixed.parameters_size, &parameters) || left != 0)
        return SLUICE_INVALID;
    *ret_view = (struct frame_request_view){
        .deadline_ns = fixed.deadline_ns,
        .endpoint = (const char *)endpoint,
        .endpoint_size = fixed.endpoint_size,
        .request_id = (const char *)request_id,
        .request_id_size = fixed.request_id_size,
        .parameters = parameters,
        .parameters_size = (size_t)fixed.parameters_size,
    };
    return SLUICE_OK;
}

sluice_status frame_read_answer(const struct frame_message *message, struct frame_answer_view *ret_view)
{
    const uint8_t *at = message->meta;
    size_t left = message->meta_size;
    struct frame_answer_view view;
    if (!take_fixed(&at, &left, &view.fixed, sizeof view.fixed) ||
        !take(&at, &left, view.fixed.results_size, &view.results) ||
        !take(&at, &left, view.fixed.failure_size, &view.failure) || left != 0)
        return SLUICE_INVALID;
    *ret_view = view;
    return SLUICE_OK;
}

sluice_status frame_read_hello(const struct frame_message *message, struct frame_hello_view *ret_view)
{
    const uint8_t *at = message->meta, *pod, *class_name;
    size_t left = message->meta_size;
    struct frame_hello_view view;
    if (!take_fixed(&at, &left, &view.fixed, sizeof view.fixed) || !take(&at, &left, view.fixed.pod_size, &pod) ||
        !take(&at, &left, view.fixed.class_name_size, &class_name))
        return SLUICE_INVALID;
    view.pod = (const char *)pod;
    view.class_name = (const char *)class_name;
    view.endpoints = at;
    view.endpoints_size = left;
    size_t offset = 0, size;
    const char *text;
    uint32_t count = 0;
    while (frame_hello_endpoint(&view, &offset, &text, &size))
        count++;
    if (offset != left || count != view.fixed.endpoint_count)
        return SLUICE_INVALID;
    *ret_view = view;
    return SLUICE_OK;
}

bool frame_hello_endpoint(const struct frame_hello_view *view, size_t *offset, const char **ret_text, size_t *ret_size)
{
    const uint8_t *at = view->endpoints + *offset, *text;
    size_t left = view->endpoints_size - *offset;
    uint32_t size;
    if (!take_fixed(&at, &left, &size, sizeof size) || !take(&at, &left, size, &text))
        return false;
    *offset = view->endpoints_size - left;
    *ret_text = (const char *)text;
    *ret_size = size;
    return true;
}
