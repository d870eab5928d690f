#include "client/websocket/handshake.h"

#include "common/net/websocket/key.h"

#include <openssl/evp.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void handshake_write(struct buffer *request, const char *path, const char *host, const char *subprotocol,
                     const struct buffer *lines, const uint8_t nonce[HANDSHAKE_NONCE_SIZE],
                     char ret_key[HANDSHAKE_KEY_SIZE])
{
    EVP_EncodeBlock((unsigned char *)ret_key, nonce, HANDSHAKE_NONCE_SIZE);
    buffer_printf(request,
                  "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: %s\r\n",
                  path, host, ret_key, subprotocol);
    buffer_append(request, lines->data, lines->size);
    buffer_append_text(request, "\r\n");
}

/* One of the names in a list with commas, in any letter case. */
static bool lists(const char *value, const char *name)
{
    size_t name_size = strlen(name);
    while (*value != '\0') {
        value += strspn(value, ", \t");
        size_t size = strcspn(value, ",");
        size_t trimmed = size;
        while (trimmed > 0 && (value[trimmed - 1] == ' ' || value[trimmed - 1] == '\t'))
            trimmed--;
        if (trimmed == name_size && strncasecmp(value, name, name_size) == 0)
            return true;
        value += size;
    }
    return false;
}

struct seen {
    bool upgrade, connection, accept, other_protocol, extension;
};

static void read_line(const char *name, const char *value, const char *subprotocol, const char *accept,
                      struct seen *seen)
{
    if (strcasecmp(name, "upgrade") == 0)
        seen->upgrade = strcasecmp(value, "websocket") == 0;
    else if (strcasecmp(name, "connection") == 0)
        seen->connection = seen->connection || lists(value, "upgrade");
    else if (strcasecmp(name, "sec-websocket-accept") == 0)
        seen->accept = strcmp(value, accept) == 0;
    else if (strcasecmp(name, "sec-websocket-protocol") == 0)
        seen->other_protocol = strcmp(value, subprotocol) != 0;
    else if (strcasecmp(name, "sec-websocket-extensions") == 0)
        seen->extension = seen->extension || value[0] != '\0';
}

/* The header lines from `at` on, one after the other. False: one is no header line. */
static bool read_lines(char *at, const char *subprotocol, const char *accept, struct seen *seen)
{
    while (*at != '\0') {
        char *end = strstr(at, "\r\n");
        if (end != NULL)
            *end = '\0';
        char *colon = strchr(at, ':');
        if (colon == NULL)
            return at[0] == '\0';
        *colon = '\0';
        char *value = colon + 1 + strspn(colon + 1, " \t");
        size_t size = strlen(value);
        while (size > 0 && isspace((unsigned char)value[size - 1]))
            value[--size] = '\0';
        read_line(at, value, subprotocol, accept, seen);
        if (end == NULL)
            return true;
        at = end + 2;
    }
    return true;
}

struct handshake_answer handshake_read_answer(char *head, const char *subprotocol,
                                              const char key[HANDSHAKE_KEY_SIZE])
{
    struct handshake_answer answer = {0};
    struct seen seen = {0};
    char accept[WEBSOCKET_ACCEPT_SIZE + 1];
    if (strncmp(head, "HTTP/1.", 7) != 0 || strlen(head) < 12 || head[8] != ' ')
        return answer;
    answer.http = atoi(head + 9);
    if (answer.http != 101)
        return answer;
    websocket_accept(key, accept);
    char *lines = strstr(head, "\r\n");
    if (lines == NULL || !read_lines(lines + 2, subprotocol, accept, &seen))
        answer.fault = "a line of its answer is no HTTP header";
    else if (!seen.upgrade)
        answer.fault = "its answer has no \"Upgrade: websocket\"";
    else if (!seen.connection)
        answer.fault = "its answer has no \"Connection: Upgrade\"";
    else if (!seen.accept)
        answer.fault = "Sec-WebSocket-Accept does not fit the key that was sent";
    else if (seen.other_protocol)
        answer.fault = "it chose a sub-protocol that was not offered";
    else if (seen.extension)
        answer.fault = "it uses an extension that was not offered";
    return answer;
}
