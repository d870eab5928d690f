/*
 * From HTTP to WebSocket.
 *
 * libwebsockets 4.1 checks little of a handshake and ends the connection without a word where it does; so everything is
 * looked at before it goes on, and refused with the words of Jina's server.
 *
 * The sub-protocol. libwebsockets goes on only when one of the names that the client offers is the name of one of our
 * protocols, and names that protocol in its answer. Jina's rule is another one (`bytes` alone is binary, all else JSON), and
 * browsers need the name of what they offered. So our one protocol takes the first offered name before libwebsockets
 * looks for it, and the name to be answered, or none, before the answer is written. All of this is in one call of
 * libwebsockets, on its one thread.
 */
#include "gateway/websocket/server.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { KEY_SIZE = 24, VALUE_MAX = 256, TEXT_MAX = 512 };

static const char refused[] = "Failed to open a WebSocket connection: ";

static int refuse(struct lws *wsi, unsigned status, const char *text)
{
    char body[TEXT_MAX + sizeof refused];
    int size = text[0] == '\0' ? 0 : snprintf(body, sizeof body, "%s%s\n", refused, text);
    plain_answer(wsi, status, "text/plain", body, (size_t)size, true);
    return -1;
}

/* The header's value; "" when there is none; NULL when it is longer than `capacity` - 1. */
static const char *header(struct lws *wsi, enum lws_token_indexes token, char *value, int capacity)
{
    value[0] = '\0';
    if (lws_hdr_total_length(wsi, token) == 0)
        return value;
    return lws_hdr_copy(wsi, value, capacity, token) < 0 ? NULL : value;
}

static bool is_key(const char *key)
{
    size_t digits = strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
    /* 16 bytes in base64: the last digit stands for two bits and four zeros. */
    return strlen(key) == KEY_SIZE && digits == KEY_SIZE - 2 && strcmp(key + KEY_SIZE - 2, "==") == 0 &&
           strchr("AQgw", key[KEY_SIZE - 3]) != NULL;
}

/* Is `name` one of a list with commas? In any letter case. */
static bool lists(const char *list, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ", \t");
        if (length == size && strncasecmp(at, name, size) == 0)
            return true;
        at += length;
    }
    return false;
}

static int check_headers(struct lws *wsi)
{
    char value[VALUE_MAX], text[TEXT_MAX];

    const char *upgrade = header(wsi, WSI_TOKEN_UPGRADE, value, sizeof value);
    if (upgrade == NULL || strcasecmp(upgrade, "websocket") != 0) {
        snprintf(text, sizeof text, "invalid Upgrade header: %s.", upgrade != NULL ? upgrade : "too long");
        return refuse(wsi, 400, text);
    }
    const char *connection = header(wsi, WSI_TOKEN_CONNECTION, value, sizeof value);
    if (connection == NULL || !lists(connection, "upgrade")) {
        snprintf(text, sizeof text, "invalid Connection header: %s.", connection != NULL ? connection : "too long");
        return refuse(wsi, 400, text);
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HOST) == 0)
        return refuse(wsi, 400, "missing Host header.");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_KEY) == 0)
        return refuse(wsi, 400, "missing Sec-WebSocket-Key header; 'sec-websocket-key'.");
    const char *key = header(wsi, WSI_TOKEN_KEY, value, sizeof value);
    if (key == NULL || !is_key(key)) {
        snprintf(text, sizeof text, "invalid Sec-WebSocket-Key header: %s.", key != NULL ? key : "too long");
        return refuse(wsi, 400, text);
    }
    const char *version = header(wsi, WSI_TOKEN_VERSION, value, sizeof value);
    if (version == NULL || strcmp(version, "13") != 0) {
        snprintf(text, sizeof text, "invalid Sec-WebSocket-Version header: %s.",
                 version == NULL ? "too long" : version[0] == '\0' ? "missing" : version);
        return refuse(wsi, 400, text);
    }
    return 0;
}

/* The first name as libwebsockets will read it. False: it will not be able to. */
static bool first_name(const char *list, char *name)
{
    struct lws_tokenize tokens;

    lws_tokenize_init(&tokens, list,
                      LWS_TOKENIZE_F_COMMA_SEP_LIST | LWS_TOKENIZE_F_MINUS_NONTERM | LWS_TOKENIZE_F_DOT_NONTERM |
                          LWS_TOKENIZE_F_RFC7230_DELIMS);
    tokens.len = strlen(list);
    return lws_tokenize(&tokens) == LWS_TOKZE_TOKEN && lws_tokenize_cstr(&tokens, name, SUBPROTOCOL_NAME_MAX + 1) == 0;
}

static int choose_subprotocol(struct websocket_front *front, struct lws *wsi)
{
    char value[SUBPROTOCOLS_MAX + 1];

    front->handshake.mode = MODE_JSON;
    front->handshake.echo = "";
    strcpy(front->protocol_name, "sluice");
    if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) == 0)
        return 0;
    const char *list = header(wsi, WSI_TOKEN_PROTOCOL, value, sizeof value);
    if (list == NULL || !first_name(list, front->protocol_name))
        return refuse(wsi, 400, "invalid Sec-WebSocket-Protocol header.");
    if (strcmp(list, "bytes") == 0) {
        front->handshake.mode = MODE_BYTES;
        front->handshake.echo = "bytes";
    } else if (lists(list, "json")) {
        front->handshake.echo = strstr(list, "json") != NULL ? "json" : "";
    }
    return 0;
}

int handshake_check(struct websocket_front *front, struct lws *wsi)
{
    char path[VALUE_MAX];

    front->handshake = (struct handshake){.echo = ""};
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0)
        return refuse(wsi, 400, "did not receive a valid HTTP request; unsupported HTTP method.");
    int failed = check_headers(wsi);
    if (failed != 0)
        return failed;
    const char *uri = header(wsi, WSI_TOKEN_GET_URI, path, sizeof path);
    if (uri != NULL && strcmp(uri, "/dry_run") == 0)
        front->handshake.purpose = PURPOSE_DRY_RUN;
    else if (uri == NULL || strcmp(uri, "/") != 0)
        return refuse(wsi, 403, "");
    return choose_subprotocol(front, wsi);
}

void handshake_echo(struct websocket_front *front)
{
    strcpy(front->protocol_name, front->handshake.echo);
}

bool handshake_compress(struct websocket_front *front, struct lws *wsi)
{
    char offer[VALUE_MAX];
    const char *text = header(wsi, WSI_TOKEN_EXTENSIONS, offer, sizeof offer);

    /* libwebsockets cannot use a smaller window than 32 KiB, and to accept this offer is to promise it. */
    if (text == NULL || strstr(text, "server_max_window_bits") != NULL)
        return false;
    front->handshake.compressed = true;
    return true;
}
