#include "tests/unit/client/relay.h"

#include "common/foundation/buffer.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PREFACE_SIZE = 24, FRAME_HEAD = 9, FRAME_DATA = 0, FRAME_HEADERS = 1, FRAME_CONTINUATION = 9 };

struct relay {
    int listening, port, server_port;
    int stop[2];
    pthread_t thread;
    struct buffer recording;
};

static struct sockaddr_in local(int port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

/* Moves what `from` has; false at its end. */
static bool move(int from, int to, struct buffer *recording)
{
    uint8_t bytes[65536];
    ssize_t size = read(from, bytes, sizeof bytes);
    if (size <= 0)
        return false;
    if (recording != NULL)
        buffer_append(recording, bytes, (size_t)size);
    for (ssize_t written = 0; written < size;) {
        ssize_t step = send(to, bytes + written, (size_t)(size - written), MSG_NOSIGNAL);
        if (step <= 0)
            return false;
        written += step;
    }
    return true;
}

static void *run(void *context)
{
    struct relay *relay = context;
    struct sockaddr_in address = local(relay->server_port);
    int client = accept(relay->listening, NULL, NULL);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    bool open = client >= 0 && connect(server, (struct sockaddr *)&address, sizeof address) == 0;
    while (open) {
        struct pollfd fds[] = {
            {client,         POLLIN, 0},
            {server,         POLLIN, 0},
            {relay->stop[0], POLLIN, 0}
        };
        if (poll(fds, 3, -1) < 0 || fds[2].revents != 0)
            break;
        if (fds[0].revents != 0)
            open = move(client, server, &relay->recording);
        if (open && fds[1].revents != 0)
            open = move(server, client, NULL);
    }
    close(client);
    close(server);
    return NULL;
}

struct relay *relay_start(int server_port)
{
    struct relay *relay = calloc(1, sizeof *relay);
    struct sockaddr_in address = local(0);
    socklen_t size = sizeof address;
    relay->server_port = server_port;
    relay->listening = socket(AF_INET, SOCK_STREAM, 0);
    buffer_init(&relay->recording, (size_t)64 << 20);
    ck_assert_int_eq(bind(relay->listening, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(relay->listening, 1), 0);
    ck_assert_int_eq(getsockname(relay->listening, (struct sockaddr *)&address, &size), 0);
    relay->port = ntohs(address.sin_port);
    ck_assert_int_eq(pipe(relay->stop), 0);
    ck_assert_int_eq(pthread_create(&relay->thread, NULL, run, relay), 0);
    return relay;
}

int relay_port(const struct relay *relay)
{
    return relay->port;
}

void relay_stop(struct relay *relay)
{
    ck_assert_int_eq(write(relay->stop[1], "x", 1), 1);
    pthread_join(relay->thread, NULL);
    close(relay->stop[0]);
    close(relay->stop[1]);
    close(relay->listening);
}

void relay_free(struct relay *relay)
{
    buffer_done(&relay->recording);
    free(relay);
}

/* Appends the payloads of frames of these types. */
static void collect(const struct relay *relay, unsigned type, unsigned other, struct buffer *into)
{
    const uint8_t *at = relay->recording.data + PREFACE_SIZE;
    const uint8_t *end = relay->recording.data + relay->recording.size;
    while (end - at >= FRAME_HEAD) {
        size_t size = (size_t)at[0] << 16 | (size_t)at[1] << 8 | at[2];
        ck_assert_int_le((int64_t)size, end - at - FRAME_HEAD);
        if (at[3] == type || at[3] == other)
            buffer_append(into, at + FRAME_HEAD, size);
        at += FRAME_HEAD + size;
    }
}

size_t relay_data(const struct relay *relay, uint8_t *target, size_t capacity)
{
    struct buffer data;
    buffer_init(&data, capacity);
    collect(relay, FRAME_DATA, FRAME_DATA, &data);
    ck_assert_int_eq(data.failed, SLUICE_OK);
    size_t size = data.size;
    if (size > 0)
        memcpy(target, data.data, size);
    buffer_done(&data);
    return size;
}

bool relay_headers_hold(const struct relay *relay, const char *text)
{
    struct buffer headers;
    buffer_init(&headers, (size_t)1 << 20);
    collect(relay, FRAME_HEADERS, FRAME_CONTINUATION, &headers);
    bool found = headers.size > 0 && memmem(headers.data, headers.size, text, strlen(text)) != NULL;
    buffer_done(&headers);
    return found;
}
