#include "gateway/websocket/handshake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { LIST_MAX = 16 << 10 }; /* bytes of a header that comes in several lines */

static bool refuse(struct handshake_refusal *refusal, unsigned status, const char *format, ...) SLUICE_PRINTF(3, 4);

static bool refuse(struct handshake_refusal *refusal, unsigned status, const char *format, ...)
{
    va_list arguments;

    refusal->status = status;
    va_start(arguments, format);
    vsnprintf(refusal->text, sizeof refusal->text, format, arguments);
    va_end(arguments);
    return false;
}

/* Who asks for another protocol (h2c) is answered as if he had not (RFC 9110, 7.8). */
bool handshake_is_wanted(const struct head *head)
{
    const char *upgrade = head_value(head, "upgrade", NULL);
    return head_value(head, "sec-websocket-key", NULL) != NULL || head_value(head, "sec-websocket-version", NULL) != NULL ||
           (upgrade != NULL && head_lists(upgrade, "websocket"));
}

/* As much of a value as is shown. */
enum { SHOWN_MAX = 100 };

static bool check_request(const struct head *head, struct handshake_refusal *refusal)
{
    if (strcmp(head->method, "GET") != 0)
        return refuse(refusal, 400, "did not receive a valid HTTP request; unsupported HTTP method: %.*s.", SHOWN_MAX,
                      head->method);
    if (head->http_1_0)
        return refuse(refusal, 400, "did not receive a valid HTTP request; unsupported HTTP version: 1.0.");
    return !head->body || refuse(refusal, 400, "did not receive a valid HTTP request; unsupported request body.");
}

static bool check_upgrade(const struct head *head, struct handshake_refusal *refusal)
{
    size_t count;
    const char *upgrade = head_value(head, "upgrade", &count);
    bool connection = false;

    if (upgrade == NULL)
        return refuse(refusal, 400, "missing Upgrade header.");
    if (count > 1 || strcasecmp(upgrade, "websocket") != 0)
        return refuse(refusal, 400, "invalid Upgrade header: %.*s.", SHOWN_MAX, upgrade);
    for (size_t i = 0; i < head->count && !connection; i++)
        connection = strcasecmp(head->fields[i].name, "connection") == 0 && head_lists(head->fields[i].value, "upgrade");
    if (connection)
        return true;
    const char *value = head_value(head, "connection", NULL);
    return value == NULL ? refuse(refusal, 400, "missing Connection header.")
                         : refuse(refusal, 400, "invalid Connection header: %.*s.", SHOWN_MAX, value);
}

static bool check_key(const struct head *head, struct handshake_refusal *refusal)
{
    size_t keys, versions;
    const char *key = head_value(head, "sec-websocket-key", &keys);
    const char *version = head_value(head, "sec-websocket-version", &versions);

    if (keys == 0)
        return refuse(refusal, 400, "missing Sec-WebSocket-Key header; 'sec-websocket-key'.");
    if (keys > 1)
        return refuse(refusal, 400, "more than one Sec-WebSocket-Key header found.");
    if (!websocket_key_is_valid(key))
        return refuse(refusal, 400, "invalid Sec-WebSocket-Key header: %.*s.", SHOWN_MAX, key);
    if (versions > 1)
        return refuse(refusal, 400, "more than one Sec-WebSocket-Version header found.");
    /* RFC 6455, 4.2.2: the status may be another than 426, but the version that would do has to be named. */
    if (versions == 0)
        return refuse(refusal, 426, "missing Sec-WebSocket-Version header.");
    return strcmp(version, "13") == 0 ||
           refuse(refusal, 426, "invalid Sec-WebSocket-Version header: %.*s.", SHOWN_MAX, version);
}

static bool check_path(const struct head *head, struct handshake *handshake, struct handshake_refusal *refusal)
{
    handshake->purpose = strcmp(head->path, "/dry_run") == 0 ? PURPOSE_DRY_RUN : PURPOSE_DATA;
    return handshake->purpose == PURPOSE_DRY_RUN || strcmp(head->path, "/") == 0 || refuse(refusal, 403, "%s", "");
}

/* One of the names in a list, in this letter case. False: the list has something that is no name. */
static bool find_name(const char *list, const char *wanted, size_t *ret_names, bool *ret_found)
{
    static const char separators[] = "()<>@,;:\\\"/[]?={} \t";
    size_t wanted_size = strlen(wanted);

    *ret_found = false;
    *ret_names = 0;
    for (const char *at = list; *at != '\0'; at += *at == ',') {
        at += strspn(at, " \t");
        size_t size = strcspn(at, separators);
        *ret_found = *ret_found || (size == wanted_size && memcmp(at, wanted, size) == 0);
        *ret_names += size > 0;
        at += size;
        at += strspn(at, " \t");
        if (*at != ',' && *at != '\0')
            return false;
    }
    return true;
}

/* Jina's rule: `bytes` alone is binary, all else is JSON; what browsers offered has to be named to them. */
static bool choose_subprotocol(const struct head *head, struct handshake *handshake, struct handshake_refusal *refusal)
{
    struct buffer list;
    size_t names;
    bool json = false, good = true;

    handshake->mode = MODE_JSON;
    handshake->echo = "";
    buffer_init(&list, LIST_MAX);
    if (head_join(head, "sec-websocket-protocol", &list)) {
        const char *text = buffer_text(&list);
        good = list.failed == SLUICE_OK && find_name(text, "json", &names, &json) && (names > 0 || text[0] == '\0');
        if (strcmp(text, "bytes") == 0) {
            handshake->mode = MODE_BYTES;
            handshake->echo = "bytes";
        } else if (json) {
            handshake->echo = "json";
        }
    }
    buffer_done(&list);
    return good || refuse(refusal, 400, "invalid Sec-WebSocket-Protocol header.");
}

static bool choose_extensions(const struct head *head, struct handshake *handshake, struct handshake_refusal *refusal)
{
    struct buffer offers;
    bool good = true;

    buffer_init(&offers, LIST_MAX);
    if (head_join(head, "sec-websocket-extensions", &offers))
        good = offers.failed == SLUICE_OK && deflate_choose(buffer_text(&offers), &handshake->deflate);
    buffer_done(&offers);
    return good || refuse(refusal, 400, "invalid Sec-WebSocket-Extensions header.");
}

bool handshake_read(const struct head *head, struct handshake *ret_handshake, struct handshake_refusal *ret_refusal)
{
    *ret_handshake = (struct handshake){.echo = ""};
    if (!check_request(head, ret_refusal) || !check_upgrade(head, ret_refusal) || !check_key(head, ret_refusal) ||
        !check_path(head, ret_handshake, ret_refusal) || !choose_subprotocol(head, ret_handshake, ret_refusal) ||
        !choose_extensions(head, ret_handshake, ret_refusal))
        return false;
    websocket_accept(head_value(head, "sec-websocket-key", NULL), ret_handshake->accept);
    return true;
}

void handshake_append_answer(const struct handshake *handshake, struct buffer *answer)
{
    buffer_printf(answer,
                  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Accept: %s\r\n",
                  handshake->accept);
    if (handshake->echo[0] != '\0')
        buffer_printf(answer, "Sec-WebSocket-Protocol: %s\r\n", handshake->echo);
    if (handshake->deflate.agreed) {
        buffer_append_text(answer, "Sec-WebSocket-Extensions: ");
        deflate_append_answer(&handshake->deflate, answer);
        buffer_append_text(answer, "\r\n");
    }
    buffer_append_text(answer, "\r\n");
}
