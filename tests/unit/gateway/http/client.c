#include "tests/unit/gateway/http/client.h"

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int client_open(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_msg(connect(fd, (struct sockaddr *)&address, sizeof address) == 0, "connect: %s", strerror(errno));
    return fd;
}

void client_send(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += sent;
        size -= (size_t)sent;
    }
}

void client_say(int fd, const char *text)
{
    client_send(fd, text, strlen(text));
}

static void wait_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int ready = poll(&poll_fd, 1, CLIENT_PATIENCE_S * 1000);
    ck_assert_msg(ready == 1, "nothing came for %d s", CLIENT_PATIENCE_S);
}

/* One byte; false at the end, or after a reset. */
static bool read_byte(int fd, char *byte)
{
    ssize_t got = recv(fd, byte, 1, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        wait_readable(fd);
        got = recv(fd, byte, 1, 0);
    }
    return got == 1;
}

static char *read_head(int fd)
{
    size_t size = 0, capacity = 1024;
    char *head = malloc(capacity), byte;
    while (read_byte(fd, &byte)) {
        if (size + 2 > capacity)
            head = realloc(head, capacity *= 2);
        head[size++] = byte;
        head[size] = '\0';
        if (size >= 4 && memcmp(head + size - 4, "\r\n\r\n", 4) == 0)
            return head;
    }
    free(head);
    return NULL;
}

static void read_body(int fd, struct answer *answer)
{
    const char *length = answer_field(answer, "content-length");
    size_t wanted = length != NULL ? strtoull(length, NULL, 10) : SIZE_MAX;
    size_t capacity = length != NULL ? wanted + 1 : 65536;
    answer->body = malloc(capacity);
    while (answer->body_size < wanted) {
        if (answer->body_size + 1 >= capacity)
            answer->body = realloc(answer->body, capacity *= 2);
        wait_readable(fd);
        ssize_t got = recv(fd, answer->body + answer->body_size, capacity - 1 - answer->body_size, 0);
        if (got <= 0)
            break;
        answer->body_size += (size_t)got;
    }
    answer->body[answer->body_size] = '\0';
}

struct answer client_read(int fd, bool interim, bool head_only)
{
    struct answer answer = {0};
    do {
        answer_done(&answer);
        answer.head = read_head(fd);
        if (answer.head == NULL)
            return answer;
        ck_assert_msg(sscanf(answer.head, "HTTP/1.%*d %d", &answer.status) == 1, "no status line: %s", answer.head);
    } while (answer.status / 100 == 1 && !interim);
    if (!head_only && answer.status / 100 != 1)
        read_body(fd, &answer);
    return answer;
}

bool client_sees_end_after(int fd, size_t *ret_rest)
{
    char buffer[65536];
    size_t rest = 0;
    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (poll(&poll_fd, 1, CLIENT_PATIENCE_S * 1000) != 1)
            return false;
        ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got > 0) {
            rest += (size_t)got;
            continue;
        }
        if (ret_rest != NULL)
            *ret_rest = rest;
        return true;
    }
}

bool client_sees_end(int fd)
{
    return client_sees_end_after(fd, NULL);
}

bool client_is_open(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return got == 1 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK));
}

const char *answer_field(const struct answer *answer, const char *name)
{
    static _Thread_local char values[4][512];
    static _Thread_local unsigned next;
    size_t size = strlen(name);

    for (const char *line = answer->head; line != NULL; line = strstr(line, "\r\n")) {
        line += line == answer->head ? 0 : 2;
        if (strncasecmp(line, name, size) != 0 || line[size] != ':')
            continue;
        const char *value = line + size + 1 + strspn(line + size + 1, " ");
        char *copy = values[next++ % 4];
        snprintf(copy, sizeof values[0], "%.*s", (int)strcspn(value, "\r"), value);
        return copy;
    }
    return NULL;
}

void answer_done(struct answer *answer)
{
    free(answer->head);
    free(answer->body);
    *answer = (struct answer){0};
}

struct answer client_do(uint16_t port, const char *method, const char *path, const char *fields, const char *body)
{
    int fd = client_open(port);
    char head[4096];
    int size = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: test\r\nContent-Length: %zu\r\n%s\r\n", method,
                        path, strlen(body), fields);
    ck_assert_int_lt(size, (int)sizeof head);
    client_send(fd, head, (size_t)size);
    client_say(fd, body);
    struct answer answer = client_read(fd, false, strcmp(method, "HEAD") == 0);
    close(fd);
    return answer;
}
