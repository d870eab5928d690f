/*
 * Design notes
 *
 * Reads go into one shared block of READ_BLOCK bytes, as many frames per system call as fit. A small frame (header, meta
 * and body within SMALL_FRAME) is parsed where it lies: meta and body are slices that hold a reference to the block, so
 * nothing is copied; only a small frame that the block's end cuts in two is carried over to the next block.
 *
 * A larger body is received straight into a block of its own, made when its header is there: what the shared block
 * already has of it becomes a slice (or is copied, when it is little), the rest is read into the own block by the first
 * entry of a two-entry readv() whose second entry is the shared block. One part is at most FRAME_PART_BYTES, so at most
 * that much is allocated ahead of what has arrived. A larger meta grows by doubling for the same reason.
 *
 * A block whose only reference is the reader's holds nothing that anybody still needs; it is filled again from its start.
 *
 * Messages in several parts wait in `partials`, a short list: the writer interleaves few of them at a time.
 */
#include "common/net/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_BLOCK = 256 << 10,
    SMALL_FRAME = 64 << 10,
    ROOM_MIN = 16 << 10,    /* less room than this at the block's end is not worth a read */
    COPY_MAX = 16 << 10,    /* the beginning of a large body is copied up to this size, so that it stays in one piece */
    META_FIRST = 256 << 10, /* first size of a large meta's block */
    PARTIALS_MAX = 4096
};

enum { KNOWN_FLAGS = FRAME_MORE | FRAME_LAST | FRAME_UNCHANGED | FRAME_FAILED | FRAME_CANCELLED | FRAME_HAS_DATA };

enum stage { AT_HEADER, IN_META, IN_BODY };

struct partial {
    struct partial *next;
    struct frame_message message;
};

struct frame_reader {
    uint64_t message_max;
    struct block *shared;
    size_t start, end; /* unread bytes of `shared` */
    enum stage stage;
    sluice_status failed;
    struct frame_header header; /* of the large frame in IN_META and IN_BODY */
    struct block *meta;         /* IN_META: being filled. IN_BODY: keeps meta_at */
    const uint8_t *meta_at;
    size_t meta_filled;
    struct block *head;    /* IN_BODY: the beginning of the body, a slice of an older shared block, or NULL */
    const uint8_t *head_at;
    size_t head_size;
    struct block *part;    /* IN_BODY: the (rest of the) body */
    size_t part_filled;
    struct partial *partials;
    size_t partial_count;
};

struct frame_reader *frame_reader_new(uint64_t message_max)
{
    struct frame_reader *reader = calloc(1, sizeof *reader);
    if (reader != NULL)
        reader->message_max = message_max;
    return reader;
}

struct frame_reader *frame_reader_free(struct frame_reader *reader)
{
    if (reader == NULL)
        return NULL;
    while (reader->partials != NULL) {
        struct partial *partial = reader->partials;
        reader->partials = partial->next;
        frame_message_done(&partial->message);
        free(partial);
    }
    block_unref(reader->meta);
    block_unref(reader->head);
    block_unref(reader->part);
    block_unref(reader->shared);
    free(reader);
    return NULL;
}

/* ---- filling ---- */

static void get_header(const struct frame_reader *reader, struct frame_header *header)
{
    memcpy(header, reader->shared->data + reader->start, sizeof *header);
}

/* Bytes that must lie in one piece from `start` on before the frame there can be read. */
static size_t bytes_needed(const struct frame_reader *reader)
{
    size_t unread = reader->end - reader->start;
    if (reader->stage != AT_HEADER || unread < sizeof(struct frame_header))
        return sizeof(struct frame_header);
    struct frame_header header;
    get_header(reader, &header);
    if (header.meta_size > SMALL_FRAME - sizeof header)
        return sizeof header;
    size_t size = sizeof header + (size_t)header.meta_size;
    return header.body_size <= SMALL_FRAME - size ? size + (size_t)header.body_size : size;
}

/* Make room at the end of the shared block, or begin a new one with the unread bytes of the old. */
static sluice_status make_room(struct frame_reader *reader)
{
    size_t unread = reader->end - reader->start;
    if (reader->shared != NULL) {
        if (unread == 0 && atomic_load_explicit(&reader->shared->references, memory_order_acquire) == 1)
            reader->start = reader->end = 0;
        if (reader->shared->size - reader->end >= ROOM_MIN &&
            reader->shared->size - reader->start >= bytes_needed(reader))
            return SLUICE_OK;
    }
    struct block *block = block_new(unread > READ_BLOCK / 2 ? unread + READ_BLOCK : READ_BLOCK);
    if (block == NULL)
        return SLUICE_NO_MEMORY;
    if (unread > 0)
        memcpy(block->data, reader->shared->data + reader->start, unread);
    block_unref(reader->shared);
    reader->shared = block;
    reader->start = 0;
    reader->end = unread;
    return SLUICE_OK;
}

static sluice_status grow_meta(struct frame_reader *reader)
{
    size_t size = (size_t)reader->header.meta_size;
    if (reader->meta_filled < reader->meta->size || reader->meta->size == size)
        return SLUICE_OK;
    struct block *block = block_new(reader->meta->size > size / 2 ? size : reader->meta->size * 2);
    if (block == NULL)
        return SLUICE_NO_MEMORY;
    memcpy(block->data, reader->meta->data, reader->meta_filled);
    block_unref(reader->meta);
    reader->meta = block;
    return SLUICE_OK;
}

sluice_status frame_reader_fill(struct frame_reader *reader, int fd, size_t *ret_bytes, bool *ret_again)
{
    *ret_bytes = 0;
    *ret_again = false;
    sluice_status status = make_room(reader);
    if (status == SLUICE_OK && reader->stage == IN_META)
        status = grow_meta(reader);
    if (status != SLUICE_OK)
        return status;

    struct iovec parts[2];
    int count = 0;
    size_t own = 0;
    bool all_own = false; /* the own block ends before the frame does: nothing may be read behind it */
    if (reader->stage == IN_META) {
        own = reader->meta->size - reader->meta_filled;
        parts[count++] = (struct iovec){reader->meta->data + reader->meta_filled, own};
        all_own = reader->meta->size < reader->header.meta_size;
    } else if (reader->stage == IN_BODY) {
        own = reader->part->size - reader->part_filled;
        parts[count++] = (struct iovec){reader->part->data + reader->part_filled, own};
    }
    if (!all_own)
        parts[count++] = (struct iovec){reader->shared->data + reader->end, reader->shared->size - reader->end};

    ssize_t got;
    do
        got = count == 1 ? read(fd, parts[0].iov_base, parts[0].iov_len) : readv(fd, parts, count);
    while (got < 0 && errno == EINTR);
    if (got < 0) {
        *ret_again = errno == EAGAIN || errno == EWOULDBLOCK;
        return *ret_again ? SLUICE_OK : SLUICE_UNAVAILABLE;
    }
    *ret_bytes = (size_t)got;
    size_t taken = (size_t)got < own ? (size_t)got : own;
    if (reader->stage == IN_META)
        reader->meta_filled += taken;
    else if (reader->stage == IN_BODY)
        reader->part_filled += taken;
    reader->end += (size_t)got - taken;
    return SLUICE_OK;
}

/* ---- messages in several parts ---- */

static struct partial **find_partial(struct frame_reader *reader, const struct frame_header *header)
{
    struct partial **link = &reader->partials;
    while (*link != NULL && ((*link)->message.id != header->id || (*link)->message.type != header->type))
        link = &(*link)->next;
    return link;
}

static sluice_status check_header(struct frame_reader *reader, const struct frame_header *header)
{
    if (header->magic != FRAME_MAGIC || header->type < FRAME_HELLO || header->type > FRAME_GOODBYE ||
        (header->flags & ~KNOWN_FLAGS) != 0 || header->reserved != 0 || header->meta_size > FRAME_META_MAX ||
        header->body_size > FRAME_PART_BYTES)
        return SLUICE_INVALID;
    size_t before = 0;
    if (reader->partials != NULL) {
        const struct partial *partial = *find_partial(reader, header);
        if (partial != NULL && header->meta_size > 0)
            return SLUICE_INVALID;
        before = partial != NULL ? partial->message.body.size : 0;
    }
    return before + header->body_size > reader->message_max ? SLUICE_TOO_LARGE : SLUICE_OK;
}

/* A frame as received: slices, of which the reader holds the references until they are handed on. */
struct received {
    struct slice meta;
    struct slice body[2];
};

static sluice_status append_body(struct rope *rope, const struct received *received)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct slice *slice = &received->body[i];
        sluice_status status = rope_append(rope, slice->block, slice->data, slice->size);
        if (status != SLUICE_OK)
            return status;
    }
    return SLUICE_OK;
}

static void begin_message(struct frame_message *message, const struct frame_header *header,
                          const struct received *received)
{
    message->type = header->type;
    message->flags = header->flags & (uint8_t)~FRAME_MORE;
    message->id = header->id;
    message->meta_block = block_ref(received->meta.block);
    message->meta = received->meta.data;
    message->meta_size = received->meta.size;
    rope_init(&message->body);
}

static sluice_status begin_partial(struct frame_reader *reader, const struct frame_header *header,
                                   const struct received *received)
{
    if (reader->partial_count == PARTIALS_MAX)
        return SLUICE_INVALID;
    struct partial *partial = malloc(sizeof *partial);
    if (partial == NULL)
        return SLUICE_NO_MEMORY;
    begin_message(&partial->message, header, received);
    partial->next = reader->partials;
    reader->partials = partial;
    reader->partial_count++;
    return append_body(&partial->message.body, received);
}

/* One whole frame: *ret_whole says whether it ends a message, which is then in *message. */
static sluice_status finish_frame(struct frame_reader *reader, const struct frame_header *header,
                                  const struct received *received, struct frame_message *message, bool *ret_whole)
{
    bool more = (header->flags & FRAME_MORE) != 0;
    struct partial **link = reader->partials == NULL ? NULL : find_partial(reader, header);
    *ret_whole = false;
    if (link == NULL || *link == NULL) {
        if (more)
            return begin_partial(reader, header, received);
        begin_message(message, header, received);
        sluice_status status = append_body(&message->body, received);
        if (status != SLUICE_OK)
            frame_message_done(message);
        *ret_whole = status == SLUICE_OK;
        return status;
    }
    struct partial *partial = *link;
    sluice_status status = append_body(&partial->message.body, received);
    if (status != SLUICE_OK || more)
        return status;
    *link = partial->next;
    reader->partial_count--;
    *message = partial->message;
    rope_move(&message->body, &partial->message.body);
    message->flags = header->flags;
    free(partial);
    *ret_whole = true;
    return SLUICE_OK;
}

/* ---- parsing ---- */

/* The frame at `start` has a meta that is too large to lie in the shared block. */
static sluice_status begin_meta(struct frame_reader *reader)
{
    size_t size = (size_t)reader->header.meta_size;
    reader->start += sizeof(struct frame_header);
    size_t there = reader->end - reader->start;
    reader->meta = block_new(size < META_FIRST ? size : META_FIRST);
    if (reader->meta == NULL)
        return SLUICE_NO_MEMORY;
    reader->meta_filled = there < reader->meta->size ? there : reader->meta->size;
    memcpy(reader->meta->data, reader->shared->data + reader->start, reader->meta_filled);
    reader->start += reader->meta_filled;
    reader->stage = IN_META;
    return SLUICE_OK;
}

/* The shared block has only the beginning of the body. */
static sluice_status begin_body(struct frame_reader *reader)
{
    size_t there = reader->end - reader->start, size = (size_t)reader->header.body_size;
    const uint8_t *at = reader->shared->data + reader->start;
    reader->head = NULL;
    reader->head_size = 0;
    reader->part_filled = 0;
    if (there <= COPY_MAX) {
        reader->part = block_new(size);
        if (reader->part == NULL)
            return SLUICE_NO_MEMORY;
        memcpy(reader->part->data, at, there);
        reader->part_filled = there;
    } else {
        reader->part = block_new(size - there);
        if (reader->part == NULL)
            return SLUICE_NO_MEMORY;
        reader->head = block_ref(reader->shared);
        reader->head_at = at;
        reader->head_size = there;
    }
    reader->start = reader->end;
    reader->stage = IN_BODY;
    return SLUICE_OK;
}

static void end_large_frame(struct frame_reader *reader)
{
    block_unref(reader->meta);
    block_unref(reader->head);
    block_unref(reader->part);
    reader->meta = reader->head = reader->part = NULL;
    reader->stage = AT_HEADER;
}

static sluice_status step_in_body(struct frame_reader *reader, struct frame_message *message, bool *ret_whole,
                                  bool *ret_need_bytes)
{
    *ret_need_bytes = reader->part_filled < reader->part->size;
    if (*ret_need_bytes)
        return SLUICE_OK;
    struct received received = {
        .meta = {reader->meta, reader->meta_at, (size_t)reader->header.meta_size},
        .body = {{reader->head, reader->head_at, reader->head_size},
                 {reader->part, reader->part->data, reader->part->size}},
    };
    sluice_status status = finish_frame(reader, &reader->header, &received, message, ret_whole);
    end_large_frame(reader);
    return status;
}

/* While the meta is incomplete the shared block is empty or about to be: all bytes in it belong to the meta first. */
static sluice_status step_in_meta(struct frame_reader *reader, struct frame_message *message, bool *ret_whole,
                                  bool *ret_need_bytes)
{
    size_t unread = reader->end - reader->start;
    const uint8_t *at = reader->shared->data + reader->start;
    if (reader->meta_filled < reader->header.meta_size) {
        *ret_need_bytes = unread == 0;
        sluice_status status = unread == 0 ? SLUICE_OK : grow_meta(reader);
        if (*ret_need_bytes || status != SLUICE_OK)
            return status;
        size_t room = reader->meta->size - reader->meta_filled;
        size_t taken = unread < room ? unread : room;
        memcpy(reader->meta->data + reader->meta_filled, at, taken);
        reader->meta_filled += taken;
        reader->start += taken;
        return SLUICE_OK;
    }
    size_t body_size = (size_t)reader->header.body_size;
    reader->meta_at = reader->meta->data;
    if (unread < body_size)
        return begin_body(reader);
    struct received received = {
        .meta = {reader->meta, reader->meta_at, (size_t)reader->header.meta_size},
        .body = {{reader->shared, at, body_size}},
    };
    reader->start += body_size;
    sluice_status status = finish_frame(reader, &reader->header, &received, message, ret_whole);
    end_large_frame(reader);
    return status;
}

static sluice_status step_at_header(struct frame_reader *reader, struct frame_message *message, bool *ret_whole,
                                    bool *ret_need_bytes)
{
    struct frame_header header;
    size_t unread = reader->end - reader->start;
    *ret_need_bytes = unread < sizeof header;
    if (*ret_need_bytes)
        return SLUICE_OK;
    get_header(reader, &header);
    sluice_status status = check_header(reader, &header);
    if (status != SLUICE_OK)
        return status;
    if (header.meta_size > SMALL_FRAME - sizeof header) {
        reader->header = header;
        return begin_meta(reader);
    }
    size_t head = sizeof header + (size_t)header.meta_size, body_size = (size_t)header.body_size;
    *ret_need_bytes = unread < head || (unread < head + body_size && head + body_size <= SMALL_FRAME);
    if (*ret_need_bytes)
        return SLUICE_OK;
    const uint8_t *at = reader->shared->data + reader->start + sizeof header;
    reader->start += head;
    if (unread < head + body_size) {
        reader->header = header;
        reader->meta = block_ref(reader->shared);
        reader->meta_at = at;
        return begin_body(reader);
    }
    struct received received = {
        .meta = {reader->shared, at, (size_t)header.meta_size},
        .body = {{reader->shared, at + header.meta_size, body_size}},
    };
    reader->start += body_size;
    return finish_frame(reader, &header, &received, message, ret_whole);
}

bool frame_reader_next(struct frame_reader *reader, struct frame_message *message, sluice_status *ret_status)
{
    bool whole = false, need_bytes = false;
    while (reader->failed == SLUICE_OK && !whole && !need_bytes) {
        if (reader->stage == AT_HEADER)
            reader->failed = step_at_header(reader, message, &whole, &need_bytes);
        else if (reader->stage == IN_META)
            reader->failed = step_in_meta(reader, message, &whole, &need_bytes);
        else
            reader->failed = step_in_body(reader, message, &whole, &need_bytes);
    }
    *ret_status = reader->failed;
    return whole;
}
