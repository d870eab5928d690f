#include "common/net/control.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

sluice_status control_pair(int *ret_supervisor, int *ret_child, sluice_error *error)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return sluice_fail(error, SLUICE_SYSTEM, NULL, "cannot make a control socket: %s", strerror(errno));
    *ret_supervisor = ends[0];
    *ret_child = ends[1];
    return SLUICE_OK;
}

static bool is_plain(unsigned char byte)
{
    return byte > ' ' && byte != '%' && byte != '=' && byte != 0x7F;
}

static void append_encoded(struct buffer *packet, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (is_plain(byte)) {
            buffer_append_byte(packet, byte);
        } else {
            char escape[3] = {'%', digits[byte >> 4], digits[byte & 15]};
            buffer_append(packet, escape, sizeof escape);
        }
    }
}

sluice_status control_send(int fd, const char *word, const char *const *pairs)
{
    struct buffer packet;
    buffer_init(&packet, CONTROL_MESSAGE_MAX - 1);
    append_encoded(&packet, word);
    for (; pairs[0] != NULL && pairs[1] != NULL; pairs += 2) {
        buffer_append_byte(&packet, ' ');
        append_encoded(&packet, pairs[0]);
        buffer_append_byte(&packet, '=');
        append_encoded(&packet, pairs[1]);
    }
    sluice_status status = packet.failed;
    while (status == SLUICE_OK) {
        if (send(fd, packet.data, packet.size, MSG_NOSIGNAL) >= 0)
            break;
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
        else if (errno != EINTR)
            status = errno == EPIPE || errno == ECONNRESET ? SLUICE_UNAVAILABLE : SLUICE_SYSTEM;
    }
    buffer_done(&packet);
    return status;
}

static int digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* Decode in place up to `stop`, a space or the end; returns the place behind, or NULL for a wrong escape. */
static char *decode(char *from, char stop)
{
    char *to = from;
    while (*from != stop && *from != ' ' && *from != '\0') {
        if (*from != '%') {
            *to++ = *from++;
            continue;
        }
        int high = digit(from[1]), low = high < 0 ? -1 : digit(from[2]);
        if (low < 0 || (high == 0 && low == 0))
            return NULL;
        *to++ = (char)(high << 4 | low);
        from += 3;
    }
    char *behind = *from == '\0' ? from : from + 1;
    *to = '\0';
    return behind;
}

static sluice_status parse(struct control_message *message, size_t size)
{
    const size_t pairs_max = sizeof message->pairs / sizeof message->pairs[0];
    char *at = message->bytes, *end = message->bytes + size;
    if (memchr(message->bytes, '\0', size) != NULL)
        return SLUICE_INVALID;
    *end = '\0';
    message->word = at;
    message->pair_count = 0;
    at = decode(at, ' ');
    if (at == NULL || message->word[0] == '\0')
        return SLUICE_INVALID;
    while (at < end) {
        const char *equals = strchr(at, '='), *space = strchr(at, ' ');
        if (message->pair_count == pairs_max || equals == NULL || (space != NULL && space < equals))
            return SLUICE_INVALID;
        message->pairs[message->pair_count].key = at;
        at = decode(at, '=');
        if (at == NULL)
            return SLUICE_INVALID;
        message->pairs[message->pair_count++].value = at;
        at = decode(at, ' ');
        if (at == NULL)
            return SLUICE_INVALID;
    }
    return SLUICE_OK;
}

sluice_status control_receive(int fd, struct control_message *message)
{
    ssize_t got;
    do
        got = recv(fd, message->bytes, sizeof message->bytes, MSG_TRUNC);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? SLUICE_TIMEOUT : SLUICE_UNAVAILABLE;
    if (got == 0)
        return SLUICE_UNAVAILABLE;
    if ((size_t)got >= sizeof message->bytes)
        return SLUICE_INVALID;
    return parse(message, (size_t)got);
}

const char *control_value(const struct control_message *message, const char *key)
{
    for (unsigned i = 0; i < message->pair_count; i++)
        if (strcmp(message->pairs[i].key, key) == 0)
            return message->pairs[i].value;
    return NULL;
}
