#include "client/websocket/headers.h"

#include "common/json/base64.h"

#include <sluice/version.h>

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The handshake's own (RFC 6455, 4.1), and what would change how the request is read. */
static const char *const reserved[] = {"host",           "connection",        "upgrade",
                                       "content-length", "transfer-encoding", "user-agent"};

static bool is_name(const char *key)
{
    if (key[0] == '\0')
        return false;
    for (const char *at = key; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr("!#$%&'*+-.^_`|~", *at) == NULL)
            return false;
    return true;
}

static bool is_reserved(const char *key)
{
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcasecmp(key, reserved[i]) == 0)
            return true;
    return strncasecmp(key, "sec-websocket-", strlen("sec-websocket-")) == 0;
}

static bool is_binary(const char *key)
{
    size_t size = strlen(key);
    return size > 4 && strcasecmp(key + size - 4, "-bin") == 0;
}

static bool is_printable(const unsigned char *value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((value[i] < ' ' && value[i] != '\t') || value[i] >= 0x7F)
            return false;
    return true;
}

static sluice_status write_line(const struct transport_metadata *pair, struct buffer *lines, sluice_error *error)
{
    if (!is_name(pair->key))
        return sluice_fail(error, SLUICE_INVALID, pair->key,
                           "this metadata key is no HTTP header name: letters, digits and \"-\", \"_\", \".\" make one");
    if (is_reserved(pair->key))
        return sluice_fail(error, SLUICE_INVALID, pair->key,
                           "this header belongs to the connection itself and cannot be set as metadata");
    bool binary = is_binary(pair->key);
    if (!binary && !is_printable(pair->value, pair->value_size))
        return sluice_fail(
            error, SLUICE_INVALID, pair->key,
            "the value of this metadata key is not printable ASCII; end the key in \"-bin\" to send bytes");
    buffer_append_text(lines, pair->key);
    buffer_append_text(lines, ": ");
    if (binary)
        base64_write(lines, pair->value, pair->value_size);
    else
        buffer_append(lines, pair->value, pair->value_size);
    buffer_append_text(lines, "\r\n");
    return SLUICE_OK;
}

sluice_status headers_write(const struct transport_metadata *metadata, size_t count, const char *user_agent,
                            struct buffer *lines, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    buffer_printf(lines, "user-agent: %s%ssluice/%s\r\n", user_agent != NULL ? user_agent : "",
                  user_agent != NULL ? " " : "", SLUICE_VERSION);
    for (size_t i = 0; i < count && status == SLUICE_OK; i++)
        status = write_line(&metadata[i], lines, error);
    if (status == SLUICE_OK && lines->failed == SLUICE_LIMIT)
        return sluice_fail(error, SLUICE_TOO_LARGE, "metadata", "the metadata has more than %d bytes", HEADERS_MAX);
    if (status == SLUICE_OK && lines->failed != SLUICE_OK)
        return sluice_fail(error, lines->failed, "metadata", "no memory for the metadata");
    return status;
}
