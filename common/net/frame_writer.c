/*
 * Design notes
 *
 * Queues: `urgent` (overtakers), `small` (messages of one frame), `large` (messages of several frames). At most one
 * frame is partly written: `current`, taken off its queue. Each flush plans a row of frames and hands them to one
 * sendmsg(); planning changes nothing, what the socket took is committed afterwards frame by frame. So a cancel that is
 * added between two flushes goes out right behind the frame that is partly written.
 *
 * Order of a plan: current, urgent ones, then small messages as long as their turn lasts (FRAME_PART_BYTES), then one
 * part of a large message, and so on in turn. The first LARGE_AT_ONCE large messages are interleaved part by part; the
 * others wait, because finishing all at the same late moment would serve nobody. A large message that is older than
 * every small one begins first, so messages begin in the order they were added as long as nothing is in their way.
 *
 * A node holds the header and a short meta in one piece, so a small message costs two entries of the sendmsg(). Nodes
 * are used again.
 */
#include "common/net/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    VECTORS = 256,       /* entries of one sendmsg() */
    LARGE_AT_ONCE = 4,
    SHORT_META = 224,    /* a meta up to this size lies in the node */
    SPARE_NODES = 256
};

struct node {
    struct node *next;
    uint64_t number;
    struct frame_header header; /* of the message, with its flags */
    uint8_t *meta;              /* malloc()ed when long, else inside `head` */
    struct rope body;
    /* the frame being written, or to be written next */
    size_t head_size, head_sent; /* bytes of `head` */
    size_t meta_size, meta_sent; /* bytes of a long `meta` in this frame */
    size_t part_left;            /* bytes of the body of this frame that are to be written */
    size_t slice, slice_offset;  /* where they begin */
    size_t body_left;            /* bytes of the body in all that are to be written */
    uint8_t head[sizeof(struct frame_header) + SHORT_META];
};

struct queue {
    struct node *first, *last;
};

struct frame_writer {
    struct queue urgent, small, large;
    struct node *current;
    struct node *spare;
    size_t spare_count;
    size_t queued;
    uint64_t last_number;
    size_t small_turn; /* bytes of small messages that may go before the next part of a large one */
    bool broken;
};

static void push(struct queue *queue, struct node *node)
{
    node->next = NULL;
    if (queue->first == NULL)
        queue->first = node;
    else
        queue->last->next = node;
    queue->last = node;
}

static struct node *pop(struct queue *queue)
{
    struct node *node = queue->first;
    queue->first = node->next;
    if (queue->first == NULL)
        queue->last = NULL;
    return node;
}

struct frame_writer *frame_writer_new(void)
{
    struct frame_writer *writer = calloc(1, sizeof *writer);
    if (writer != NULL)
        writer->small_turn = FRAME_PART_BYTES;
    return writer;
}

static void node_done(struct frame_writer *writer, struct node *node)
{
    rope_done(&node->body);
    free(node->meta);
    if (writer->spare_count == SPARE_NODES) {
        free(node);
        return;
    }
    node->next = writer->spare;
    writer->spare = node;
    writer->spare_count++;
}

struct frame_writer *frame_writer_free(struct frame_writer *writer)
{
    if (writer == NULL)
        return NULL;
    struct queue *queues[] = {&writer->urgent, &writer->small, &writer->large};
    for (unsigned i = 0; i < 3; i++)
        while (queues[i]->first != NULL)
            node_done(writer, pop(queues[i]));
    if (writer->current != NULL)
        node_done(writer, writer->current);
    while (writer->spare != NULL) {
        struct node *node = writer->spare;
        writer->spare = node->next;
        free(node);
    }
    free(writer);
    return NULL;
}

/* ---- adding ---- */

/* Lay out the node's next frame: header (with the meta in the first frame) and the next part of the body. */
static void begin_frame(struct node *node, bool first)
{
    struct frame_header header = node->header;
    node->part_left = node->body_left < FRAME_PART_BYTES ? node->body_left : FRAME_PART_BYTES;
    if (node->part_left < node->body_left)
        header.flags |= FRAME_MORE;
    if (!first)
        header.meta_size = 0;
    header.body_size = node->part_left;
    memcpy(node->head, &header, sizeof header);
    node->head_sent = node->meta_sent = 0;
    node->meta_size = node->meta != NULL ? (size_t)header.meta_size : 0;
    node->head_size = sizeof header + (node->meta != NULL ? 0 : (size_t)header.meta_size);
}

static void gather(uint8_t *target, const struct iovec *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].iov_len > 0)
            memcpy(target, parts[i].iov_base, parts[i].iov_len);
        target += parts[i].iov_len;
    }
}

static struct node *node_new(struct frame_writer *writer)
{
    struct node *node = writer->spare;
    if (node == NULL)
        return malloc(sizeof *node);
    writer->spare = node->next;
    writer->spare_count--;
    return node;
}

sluice_status frame_writer_add(struct frame_writer *writer, enum frame_type type, uint8_t flags, uint64_t id,
                               const struct iovec *meta, size_t meta_count, const struct rope *body, bool overtake)
{
    size_t meta_size = 0;
    for (size_t i = 0; i < meta_count; i++)
        meta_size += meta[i].iov_len;
    struct node *node = node_new(writer);
    if (node == NULL)
        return SLUICE_NO_MEMORY;
    node->meta = NULL;
    rope_init(&node->body);
    if (meta_size > SHORT_META)
        node->meta = malloc(meta_size);
    if ((meta_size > SHORT_META && node->meta == NULL) ||
        (body != NULL && rope_append_rope(&node->body, body) != SLUICE_OK)) {
        node_done(writer, node);
        return SLUICE_NO_MEMORY;
    }
    gather(node->meta != NULL ? node->meta : node->head + sizeof node->header, meta, meta_count);
    node->number = ++writer->last_number;
    node->header = (struct frame_header){
        .magic = FRAME_MAGIC, .type = (uint8_t)type, .flags = flags, .id = id, .meta_size = meta_size};
    node->slice = node->slice_offset = 0;
    node->body_left = node->body.size;
    begin_frame(node, true);
    /* Headers count as well; a later part's header is added when it is laid out. */
    writer->queued += sizeof node->header + meta_size + node->body.size;
    push(overtake ? &writer->urgent : node->part_left < node->body_left ? &writer->large : &writer->small, node);
    return SLUICE_OK;
}

/* ---- planning ---- */

struct plan {
    struct iovec vectors[VECTORS];
    int count;
    size_t size;
    struct queue *queues[VECTORS]; /* where the frames behind `current` come from, in order */
    size_t frames;
};

/* Add what is left of the node's frame. False: not all of it fits. */
static bool plan_frame(struct plan *plan, const struct node *node)
{
    if (plan->count + 2 > VECTORS)
        return false;
    size_t before = plan->size;
    if (node->head_sent < node->head_size)
        plan->vectors[plan->count++] =
            (struct iovec){(void *)(node->head + node->head_sent), node->head_size - node->head_sent};
    if (node->meta_sent < node->meta_size)
        plan->vectors[plan->count++] =
            (struct iovec){node->meta + node->meta_sent, node->meta_size - node->meta_sent};
    plan->size = before + (node->head_size - node->head_sent) + (node->meta_size - node->meta_sent);
    size_t left = node->part_left, offset = node->slice_offset;
    for (size_t i = node->slice; left > 0; i++, offset = 0) {
        if (plan->count == VECTORS)
            return false;
        const struct slice *slice = &node->body.slices[i];
        size_t size = slice->size - offset < left ? slice->size - offset : left;
        plan->vectors[plan->count++] = (struct iovec){(void *)(slice->data + offset), size};
        plan->size += size;
        left -= size;
    }
    return true;
}

static bool plan_from(struct plan *plan, struct queue *queue, const struct node *node)
{
    if (plan->count == VECTORS || plan->frames == VECTORS)
        return false;
    size_t vectors = (size_t)plan->count;
    bool whole = plan_frame(plan, node);
    if ((size_t)plan->count > vectors)
        plan->queues[plan->frames++] = queue;
    return whole;
}

static bool begun(const struct node *large)
{
    return large->body_left < large->body.size;
}

/* One sendmsg()'s worth: at least one frame, about FRAME_PART_BYTES, at most one part of a large message. */
static void make_plan(struct frame_writer *writer, struct plan *plan)
{
    plan->count = 0;
    plan->size = 0;
    plan->frames = 0;
    if (writer->current != NULL && !plan_frame(plan, writer->current))
        return;
    for (const struct node *node = writer->urgent.first; node != NULL; node = node->next)
        if (!plan_from(plan, &writer->urgent, node))
            return;
    const struct node *small = writer->small.first, *large = writer->large.first;
    size_t turn = large == NULL ? SIZE_MAX : writer->small_turn;
    size_t before = plan->size;
    while (small != NULL && plan->size < FRAME_PART_BYTES && plan->size - before < turn &&
           !(large != NULL && !begun(large) && large->number < small->number)) {
        if (!plan_from(plan, &writer->small, small))
            return;
        small = small->next;
    }
    if (large != NULL && plan->size < FRAME_PART_BYTES)
        plan_from(plan, &writer->large, large);
}

/* ---- committing ---- */

/* The socket took `size` more bytes of the node's frame, at most all that is left; returns what it did not use. */
static size_t consume(struct node *node, size_t size)
{
    size_t used = node->head_size - node->head_sent;
    used = used < size ? used : size;
    node->head_sent += used;
    size -= used;
    used = node->meta_size - node->meta_sent;
    used = used < size ? used : size;
    node->meta_sent += used;
    size -= used;
    while (size > 0 && node->part_left > 0) {
        size_t left = node->body.slices[node->slice].size - node->slice_offset;
        used = left < size ? left : size;
        used = used < node->part_left ? used : node->part_left;
        node->slice_offset += used;
        node->part_left -= used;
        node->body_left -= used;
        size -= used;
        if (used == left) {
            node->slice++;
            node->slice_offset = 0;
        }
    }
    return size;
}

static bool frame_ended(const struct node *node)
{
    return node->head_sent == node->head_size && node->meta_sent == node->meta_size && node->part_left == 0;
}

/* Behind the others that are being interleaved. */
static void push_turn(struct queue *large, struct node *node)
{
    struct node **link = &large->first;
    for (unsigned i = 1; i < LARGE_AT_ONCE && *link != NULL; i++)
        link = &(*link)->next;
    node->next = *link;
    *link = node;
    if (node->next == NULL)
        large->last = node;
}

static void end_frame(struct frame_writer *writer, struct node *node)
{
    if (node->body_left == 0) {
        node_done(writer, node);
        return;
    }
    begin_frame(node, false);
    writer->queued += sizeof node->header;
    push_turn(&writer->large, node);
}

static void commit(struct frame_writer *writer, const struct plan *plan, size_t size)
{
    writer->queued -= size;
    if (writer->current != NULL) {
        size = consume(writer->current, size);
        if (!frame_ended(writer->current))
            return;
        struct node *node = writer->current;
        writer->current = NULL;
        end_frame(writer, node);
    }
    for (size_t i = 0; i < plan->frames && size > 0; i++) {
        struct node *node = pop(plan->queues[i]);
        size_t before = size;
        size = consume(node, size);
        if (plan->queues[i] == &writer->large)
            writer->small_turn = FRAME_PART_BYTES;
        else if (plan->queues[i] == &writer->small && writer->large.first != NULL)
            writer->small_turn -= before - size < writer->small_turn ? before - size : writer->small_turn;
        if (!frame_ended(node)) {
            writer->current = node;
            return;
        }
        end_frame(writer, node);
    }
}

sluice_status frame_writer_flush(struct frame_writer *writer, int fd)
{
    while (!writer->broken && !frame_writer_empty(writer)) {
        struct plan plan;
        make_plan(writer, &plan);
        struct msghdr message = {.msg_iov = plan.vectors, .msg_iovlen = (size_t)plan.count};
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR)
                continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
                return SLUICE_OK;
            writer->broken = true;
            break;
        }
        commit(writer, &plan, (size_t)sent);
        if ((size_t)sent < plan.size)
            return SLUICE_OK; /* the socket is full */
    }
    return writer->broken ? SLUICE_UNAVAILABLE : SLUICE_OK;
}

/* ---- asking ---- */

bool frame_writer_empty(const struct frame_writer *writer)
{
    return writer->current == NULL && writer->urgent.first == NULL && writer->small.first == NULL &&
           writer->large.first == NULL;
}

size_t frame_writer_queued(const struct frame_writer *writer)
{
    return writer->queued;
}

uint64_t frame_writer_last_number(const struct frame_writer *writer)
{
    return writer->last_number;
}

static bool holds(const struct node *node, uint64_t number)
{
    for (; node != NULL; node = node->next)
        if (node->number == number)
            return true;
    return false;
}

/* `small` and `urgent` are in the order of the numbers; a caller asks for all its messages when a connection broke, so
 * the usual answer must not need a walk. */
static bool holds_in_order(const struct queue *queue, uint64_t number)
{
    return queue->first != NULL && number >= queue->first->number && number <= queue->last->number &&
           holds(queue->first, number);
}

bool frame_writer_written(const struct frame_writer *writer, uint64_t number)
{
    if (number == 0 || number > writer->last_number || (writer->current != NULL && writer->current->number == number))
        return false;
    return !holds_in_order(&writer->urgent, number) && !holds_in_order(&writer->small, number) &&
           !holds(writer->large.first, number);
}
