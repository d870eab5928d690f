/*
 * Both ends of the local transport: three bytes are an order (add a message, add one that overtakes, flush, read),
 * carried out on a writer and a reader with a socket between them. Every message arrives once, whole, with its own
 * bytes; those of one frame keep their order; what has arrived counts as written.
 */
#include "common/net/frame.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ORDER_BYTES = 3, MESSAGES_MAX = 64, BYTES_MAX = 5 << 19, FRAME_BYTES_MAX = 8 << 20, MARK_BYTES = 512 };
enum { ORDER_ADD, ORDER_OVERTAKE, ORDER_FLUSH, ORDER_READ, ORDER_COUNT };

struct sent {
    enum frame_type type;
    size_t meta_size, body_size;
    uint64_t number; /* the writer's */
    bool overtakes, arrived;
};

struct pair {
    struct frame_writer *writer;
    struct frame_reader *reader;
    int ends[2];
    struct sent sent[MESSAGES_MAX];
    size_t count, bytes, arrived;
    uint64_t last_small; /* id of the last message of one frame that arrived */
};

/* Of a message: one byte all over, and every MARK_BYTES the number of the place. */
static uint8_t byte_of(uint64_t id, size_t offset)
{
    return (uint8_t)(offset % MARK_BYTES == 0 ? offset / MARK_BYTES : id * 31);
}

static void fill(uint8_t *bytes, size_t size, uint64_t id)
{
    memset(bytes, byte_of(id, 1), size);
    for (size_t i = 0; i < size; i += MARK_BYTES)
        bytes[i] = byte_of(id, i);
}

static void check(const uint8_t *bytes, size_t size, uint64_t id, size_t offset)
{
    for (size_t i = 0; i < size;) {
        size_t run = (offset + i) % MARK_BYTES == 0 ? 1 : MARK_BYTES - (offset + i) % MARK_BYTES;
        run = run < size - i ? run : size - i;
        require(bytes[i] == byte_of(id, offset + i) && (run == 1 || memcmp(bytes + i, bytes + i + 1, run - 1) == 0));
        i += run;
    }
}

static void add(struct pair *pair, size_t meta_size, size_t body_size, bool overtakes)
{
    if (pair->count == MESSAGES_MAX || pair->bytes + meta_size + body_size > BYTES_MAX)
        return;
    uint64_t id = pair->count;
    struct sent *sent = &pair->sent[pair->count++];
    uint8_t *meta = malloc(meta_size + 1);
    struct block *block = block_new(body_size);
    struct rope body;
    require(meta != NULL && block != NULL);
    fill(meta, meta_size, id + MESSAGES_MAX);
    fill(block->data, body_size, id);
    rope_init(&body);
    require(rope_append(&body, block, block->data, body_size / 3) == SLUICE_OK);
    require(rope_append(&body, block, block->data + body_size / 3, body_size - body_size / 3) == SLUICE_OK);
    block_unref(block);
    const struct iovec parts[] = {
        {meta,                 meta_size / 2            },
        {meta + meta_size / 2, meta_size - meta_size / 2}
    };
    *sent = (struct sent){.type = overtakes ? FRAME_CANCEL : FRAME_REQUEST,
                          .meta_size = meta_size,
                          .body_size = body_size,
                          .overtakes = overtakes};
    require(frame_writer_add(pair->writer, sent->type, FRAME_HAS_DATA, id, parts, 2, &body, overtakes) == SLUICE_OK);
    sent->number = frame_writer_last_number(pair->writer);
    pair->bytes += meta_size + body_size;
    rope_done(&body);
    free(meta);
}

static void check_message(struct pair *pair, const struct frame_message *message)
{
    require(message->id < pair->count);
    struct sent *sent = &pair->sent[message->id];
    require(!sent->arrived && message->type == sent->type && message->flags == FRAME_HAS_DATA);
    require(message->meta_size == sent->meta_size && message->body.size == sent->body_size);
    require(frame_writer_written(pair->writer, sent->number));
    check(message->meta, message->meta_size, message->id + MESSAGES_MAX, 0);
    size_t offset = 0;
    for (size_t i = 0; i < message->body.count; i++) {
        check(message->body.slices[i].data, message->body.slices[i].size, message->id, offset);
        offset += message->body.slices[i].size;
    }
    if (!sent->overtakes && sent->body_size <= FRAME_PART_BYTES) {
        require(message->id >= pair->last_small);
        pair->last_small = message->id;
    }
    sent->arrived = true;
    pair->arrived++;
}

/* Reads once; false: the socket had nothing. */
static bool read_once(struct pair *pair)
{
    size_t bytes;
    bool again = false;
    sluice_status status;
    struct frame_message message;
    require(frame_reader_fill(pair->reader, pair->ends[1], &bytes, &again) == SLUICE_OK);
    while (frame_reader_next(pair->reader, &message, &status)) {
        check_message(pair, &message);
        frame_message_done(&message);
    }
    require(status == SLUICE_OK);
    return bytes > 0;
}

static void carry_out(struct pair *pair, const uint8_t *order)
{
    static const size_t scales[] = {1, 37, 4099, 12289};
    size_t scale = scales[(order[0] >> 2) & 3];
    switch (order[0] % ORDER_COUNT) {
    case ORDER_ADD:
        add(pair, order[1] * ((order[0] >> 4) != 0 ? (size_t)1 : (size_t)300), order[2] * scale, false);
        break;
    case ORDER_OVERTAKE: add(pair, order[1], order[2], true); break;
    case ORDER_FLUSH: require(frame_writer_flush(pair->writer, pair->ends[0]) == SLUICE_OK); break;
    default: read_once(pair);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pair *pair = calloc(1, sizeof *pair);
    require(pair != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair->ends) == 0);
    pair->writer = frame_writer_new();
    pair->reader = frame_reader_new(FRAME_BYTES_MAX);
    require(pair->writer != NULL && pair->reader != NULL);
    for (size_t at = 0; at + ORDER_BYTES <= size; at += ORDER_BYTES)
        carry_out(pair, data + at);
    while (!frame_writer_empty(pair->writer)) {
        require(frame_writer_flush(pair->writer, pair->ends[0]) == SLUICE_OK);
        read_once(pair);
    }
    while (read_once(pair))
        ;
    require(pair->arrived == pair->count && frame_writer_queued(pair->writer) == 0);
    frame_reader_free(pair->reader);
    frame_writer_free(pair->writer);
    close(pair->ends[0]);
    close(pair->ends[1]);
    free(pair);
    return 0;
}
