/*
 * The frame reader and the metas on any bytes. The first byte says in which steps the rest arrives, so that cuts are
 * fuzzed as well; what is read must not depend on them, must stay within the limit and must hold together.
 */
#include "common/net/frame.h"
#include "tests/fuzz/require.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGE_MAX = 3 << 20 };

static uint64_t sum(uint64_t value, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        value = (value ^ data[i]) * 1099511628211u;
    return value;
}

static uint64_t digest(const struct frame_message *message, uint64_t value)
{
    require(message->body.size <= MESSAGE_MAX && message->meta_size <= FRAME_META_MAX);
    value = sum(value, message->meta, message->meta_size);
    size_t size = 0;
    for (size_t i = 0; i < message->body.count; i++) {
        value = sum(value, message->body.slices[i].data, message->body.slices[i].size);
        size += message->body.slices[i].size;
    }
    require(size == message->body.size);

    struct frame_request_view request;
    if (frame_read_request(message, &request) == SLUICE_OK)
        value = sum(value, request.parameters, request.parameters_size);
    struct frame_answer_view answer;
    if (frame_read_answer(message, &answer) == SLUICE_OK)
        value = sum(value, answer.failure, (size_t)answer.fixed.failure_size);
    struct frame_hello_view hello;
    if (frame_read_hello(message, &hello) == SLUICE_OK) {
        size_t offset = 0, length;
        const char *text;
        while (frame_hello_endpoint(&hello, &offset, &text, &length))
            value = sum(value, (const uint8_t *)text, length);
    }
    return value;
}

/* Feed `data` in steps of `step` bytes; the digest of all messages up to the end or the first refusal. */
static uint64_t feed(const uint8_t *data, size_t size, size_t step)
{
    struct frame_reader *reader = frame_reader_new(MESSAGE_MAX);
    int ends[2];
    if (reader == NULL || pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
        abort();
    uint64_t value = 14695981039346656037u;
    sluice_status status = SLUICE_OK;
    for (size_t at = 0; at < size && status == SLUICE_OK; at += step) {
        size_t part = size - at < step ? size - at : step, bytes;
        bool again;
        if (write(ends[1], data + at, part) != (ssize_t)part)
            abort();
        while ((status = frame_reader_fill(reader, ends[0], &bytes, &again)) == SLUICE_OK && bytes > 0) {
            struct frame_message message;
            while (frame_reader_next(reader, &message, &status)) {
                value = digest(&message, value);
                frame_message_done(&message);
            }
            if (status != SLUICE_OK)
                break;
        }
    }
    value = sum(value, (const uint8_t *)&status, sizeof status);
    frame_reader_free(reader);
    close(ends[0]);
    close(ends[1]);
    return value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PIPE_BYTES = 32 * 1024 };
    if (size < 1)
        return 0;
    size_t step = (size_t)data[0] + 1;
    data++;
    size--;
    uint64_t whole = feed(data, size, PIPE_BYTES);
    uint64_t cut = feed(data, size, size / step > 4096 ? size / 4096 + 1 : step);
    require(whole == cut);
    return 0;
}
