/*
 * The handshake, at either side. The first byte chooses: what a server answers, as the client reads it; what a client
 * asks, as the gateway does, at once and in pieces of so many bytes, with the same end; or a list of extensions. What the gateway agrees to, its own
 * client accepts.
 */
#include "client/websocket/handshake.h"
#include "common/foundation/text.h"
#include "gateway/websocket/handshake.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

enum { ANSWER = 0, EXTENSIONS = 1, LIMIT = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *text_of(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

static void check_answer(const uint8_t *data, size_t size)
{
    char *head = text_of(data, size);
    struct handshake_answer answer = handshake_read_answer(head, "bytes", "dGhlIHNhbXBsZSBub25jZQ==");
    require(answer.fault == NULL || answer.http == 101);
    free(head);
}

static void check_extensions(const uint8_t *data, size_t size)
{
    char *offers = text_of(data, size);
    struct deflate_terms terms, agreed;
    struct buffer answer;

    buffer_init(&answer, BUFFER_NO_LIMIT);
    if (deflate_choose(offers, &terms) && terms.agreed) {
        require(terms.server_window_bits >= 9 && terms.server_window_bits <= 15);
        deflate_append_answer(&terms, &answer);
        require(deflate_choose(buffer_text(&answer), &agreed) && agreed.agreed); /* an answer is as good as an offer */
        require(agreed.server_window_bits == terms.server_window_bits);
    }
    buffer_done(&answer);
    free(offers);
}

/* What the gateway makes of a request, in words. */
static void judge(struct head_collector *collector, struct buffer *words)
{
    struct head head;
    struct head_fault fault = {.status = 0};
    struct handshake handshake;
    struct handshake_refusal refusal = {.status = 0};

    if (!head_read((char *)collector->bytes.data, &head, &fault)) {
        require(fault.status >= 400 && fault.status < 600 && fault.text != NULL);
        buffer_printf(words, "bad %u %s", fault.status, fault.text);
        return;
    }
    require(head.count <= HEAD_FIELDS_MAX && head.path[0] != '\0');
    buffer_printf(words, "%s %s %zu %d %d ", head.method, head.path, head.count, head.body, head.keep_alive);
    if (!handshake_is_wanted(&head))
        return;
    if (!handshake_read(&head, &handshake, &refusal)) {
        require(refusal.status == 400 || refusal.status == 403 || refusal.status == 426);
        require(strlen(refusal.text) < HANDSHAKE_TEXT_MAX);
        return;
    }
    struct buffer answer;
    buffer_init(&answer, BUFFER_NO_LIMIT);
    handshake_append_answer(&handshake, &answer);
    if (!handshake.deflate.agreed && strcmp(handshake.echo, "json") != 0) {
        struct handshake_answer read = handshake_read_answer((char *)answer.data, "bytes", head_value(&head, "sec-websocket-key", NULL));
        require(read.http == 101 && read.fault == NULL);
    }
    buffer_done(&answer);
}

static void read_request(const uint8_t *data, size_t size, size_t piece, struct buffer *words)
{
    struct head_collector collector;
    struct head_fault fault = {.status = 0};
    enum head_result result = HEAD_MORE;
    size_t used = 0;

    head_collector_init(&collector, LIMIT);
    while (used < size && result == HEAD_MORE) {
        size_t part = size - used < piece ? size - used : piece;
        uint8_t *copy = malloc(part);
        const uint8_t *at = copy;
        require(copy != NULL);
        memcpy(copy, data + used, part);
        result = head_collect(&collector, &at, copy + part, &fault);
        require(at <= copy + part && (result != HEAD_MORE || at == copy + part));
        used += (size_t)(at - copy);
        free(copy);
    }
    require(collector.bytes.size <= LIMIT);
    buffer_printf(words, "%d %zu ", (int)result, used);
    if (result == HEAD_WHOLE)
        judge(&collector, words);
    else if (result == HEAD_BAD)
        buffer_printf(words, "%u %s", fault.status, fault.text);
    head_collector_done(&collector);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer once, pieces;

    if (size == 0)
        return 0;
    if (data[0] == ANSWER) {
        check_answer(data + 1, size - 1);
    } else if (data[0] == EXTENSIONS) {
        check_extensions(data + 1, size - 1);
    } else {
        buffer_init(&once, BUFFER_NO_LIMIT);
        buffer_init(&pieces, BUFFER_NO_LIMIT);
        read_request(data + 1, size - 1, size, &once);
        read_request(data + 1, size - 1, data[0], &pieces);
        require(once.size == pieces.size && memcmp(once.data, pieces.data, once.size) == 0);
        buffer_done(&once);
        buffer_done(&pieces);
    }
    return 0;
}
