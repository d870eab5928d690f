#include "tests/chaos/wire_private.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024, HEADER_STATUS = 2, REQUEST_HEADER = 1 };

enum wire_protocol wire_protocol_of(const char *name)
{
    static const char *const names[] = {"grpc", "http", "websocket"};
    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum wire_protocol)i;
    fprintf(stderr, "there is no protocol \"%s\"; say grpc, http or websocket\n", name);
    exit(2);
}

static bool connect_to(struct wire *wire)
{
    char host[64];
    const char *colon = strrchr(wire->address, ':');
    struct sockaddr_in peer = {.sin_family = AF_INET};
    if (!colon || (size_t)(colon - wire->address) >= sizeof host) {
        errno = EINVAL;
        return false;
    }
    memcpy(host, wire->address, (size_t)(colon - wire->address));
    host[colon - wire->address] = '\0';
    peer.sin_port = htons((uint16_t)atoi(colon + 1));
    wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (wire->fd < 0 || inet_pton(AF_INET, host, &peer.sin_addr) != 1 ||
        connect(wire->fd, (struct sockaddr *)&peer, sizeof peer) < 0)
        return false;
    setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    return true;
}

bool wire_open(struct wire *wire, enum wire_protocol protocol, const char *address)
{
    bool one_stream = wire->one_stream, no_window = wire->no_window;
    *wire = (struct wire){.protocol = protocol, .address = address, .fd = -1, .one_stream = one_stream, .no_window = no_window};
    buffer_init(&wire->in, BUFFER_NO_LIMIT);
    buffer_init(&wire->out, BUFFER_NO_LIMIT);
    buffer_init(&wire->message, BUFFER_NO_LIMIT);
    if (!connect_to(wire))
        return false;
    if (protocol == WIRE_GRPC)
        wire_grpc_hello(wire);
    else if (protocol == WIRE_WEBSOCKET)
        wire_websocket_hello(wire);
    else
        wire->greeted = true;
    return true;
}

void wire_close(struct wire *wire, bool reset)
{
    if (wire->fd >= 0) {
        struct linger linger = {.l_onoff = 1, .l_linger = 0};
        if (reset)
            setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
        close(wire->fd);
    }
    wire->fd = -1;
    buffer_done(&wire->in);
    buffer_done(&wire->out);
    buffer_done(&wire->message);
}

void wire_request(struct wire *wire, const char token[WIRE_TOKEN_SIZE + 1], size_t text_size)
{
    text_size = text_size < WIRE_TOKEN_SIZE ? WIRE_TOKEN_SIZE : text_size;
    switch (wire->protocol) {
    case WIRE_GRPC: wire_grpc_request(wire, token, text_size); break;
    case WIRE_HTTP: wire_http_request(wire, token, text_size); break;
    case WIRE_WEBSOCKET: wire_websocket_request(wire, token, text_size); break;
    }
}

bool wire_flush(struct wire *wire)
{
    while (wire->out_start < wire->out.size) {
        ssize_t sent = send(wire->fd, wire->out.data + wire->out_start, wire->out.size - wire->out_start,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        wire->out_start += (size_t)sent;
    }
    buffer_clear(&wire->out);
    wire->out_start = 0;
    return true;
}

size_t wire_unsent(const struct wire *wire)
{
    return wire->out.size - wire->out_start;
}

const uint8_t *wire_received(const struct wire *wire, size_t *ret_size)
{
    *ret_size = wire->in.size - wire->in_start;
    return wire->in.data + wire->in_start;
}

ssize_t wire_read(struct wire *wire)
{
    if (wire->in_start > 0) {
        memmove(wire->in.data, wire->in.data + wire->in_start, wire->in.size - wire->in_start);
        wire->in.size -= wire->in_start;
        wire->in_start = 0;
    }
    uint8_t *at = buffer_reserve(&wire->in, READ_BYTES);
    if (!at)
        return -1;
    ssize_t got = recv(wire->fd, at, READ_BYTES, MSG_DONTWAIT);
    if (got > 0)
        wire->in.size += (size_t)got;
    return got > 0 ? got : got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

enum wire_taken wire_take(struct wire *wire, const char **ret_token)
{
    switch (wire->protocol) {
    case WIRE_GRPC: return wire_grpc_take(wire, ret_token);
    case WIRE_HTTP: return wire_http_take(wire, ret_token);
    default: return wire_websocket_take(wire, ret_token);
    }
}

/* ---- DataRequestProto: header 1 {request_id 1, status 2, exec_endpoint 3}, data 4 {docs 1 {docs 1 {id 1, text 4}}} ---- */

static void put_varint(struct buffer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buffer_append_byte(out, (uint8_t)(value | 0x80));
    buffer_append_byte(out, (uint8_t)value);
}

static void put_head(struct buffer *out, unsigned field, size_t size)
{
    buffer_append_byte(out, (uint8_t)(field << 3 | 2));
    put_varint(out, size);
}

static size_t field_size(size_t size)
{
    size_t digits = 1;
    for (size_t left = size; left >= 0x80; left >>= 7)
        digits++;
    return 1 + digits + size;
}

static void put_text(struct buffer *out, const char *token, size_t text_size)
{
    static const char words[] = "What is sent here comes back from the executor, to whom it belongs. ";
    buffer_append(out, token, WIRE_TOKEN_SIZE);
    for (size_t left = text_size - WIRE_TOKEN_SIZE; left > 0;) {
        size_t piece = left < sizeof words - 1 ? left : sizeof words - 1;
        buffer_append(out, words, piece);
        left -= piece;
    }
}

void wire_put_message(struct buffer *out, const char *token, size_t text_size)
{
    size_t document = field_size(WIRE_TOKEN_SIZE) + field_size(text_size);
    put_head(out, REQUEST_HEADER, field_size(WIRE_TOKEN_SIZE) + field_size(1));
    put_head(out, 1, WIRE_TOKEN_SIZE);
    buffer_append(out, token, WIRE_TOKEN_SIZE);
    put_head(out, 3, 1);
    buffer_append_byte(out, '/');
    put_head(out, 4, field_size(field_size(document)));
    put_head(out, 1, field_size(document));
    put_head(out, 1, document);
    put_head(out, 1, WIRE_TOKEN_SIZE);
    buffer_append(out, token, WIRE_TOKEN_SIZE);
    put_head(out, 4, text_size);
    put_text(out, token, text_size);
}

/* Tag and length of a length-delimited field at *at; false: there is none. */
static bool take_head(const uint8_t **at, const uint8_t *end, unsigned *ret_field, size_t *ret_size)
{
    uint64_t size = 0;
    if (*at == end || (**at & 7) != 2)
        return false;
    *ret_field = *(*at)++ >> 3;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        uint8_t byte = *(*at)++;
        size |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            *ret_size = (size_t)size;
            return size <= (size_t)(end - *at);
        }
    }
    return false;
}

const char *wire_token_of(const uint8_t *message, size_t size)
{
    const uint8_t *at = message, *end = message + size, *token = NULL;
    unsigned field;
    size_t length;
    if (!take_head(&at, end, &field, &length) || field != REQUEST_HEADER)
        return NULL;
    const uint8_t *header_end = at + length;
    while (at < header_end && take_head(&at, header_end, &field, &length)) {
        if (field == HEADER_STATUS && length > 0)
            return NULL;
        if (field == 1 && length == WIRE_TOKEN_SIZE)
            token = at;
        at += length;
    }
    /* Its own document, too: the token stands there as id and at the beginning of the text. */
    const uint8_t *document = token ? memmem(header_end, (size_t)(end - header_end), token, WIRE_TOKEN_SIZE) : NULL;
    return document ? (const char *)token : NULL;
}
