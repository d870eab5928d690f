/* plain.c: HTTP requests of the WebSocket port: GET /, /status and /dry_run, as Jina's WebSocket gateway has them. */
#include "common/foundation/clock.h"
#include "gateway/envelope/facts.h"
#include "gateway/front/failure.h"
#include "gateway/websocket/server.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_HEAD_MAX = 512, BODY_MAX = 64 << 10 };

static const char type_json[] = "application/json";

static const char *phrase_of(unsigned status)
{
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 426: return "Upgrade Required";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
    }
}

/* `more`: further lines of the head. `close`: it is the last answer of this connection. */
static bool answer(struct peer *peer, unsigned status, const char *more, const char *type, const char *body, size_t size,
                   bool close)
{
    struct buffer bytes;

    buffer_init(&bytes, ANSWER_HEAD_MAX + BODY_MAX);
    buffer_printf(&bytes, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s%s\r\n", status, phrase_of(status),
                  type, size, more, close ? "Connection: close\r\n" : "");
    buffer_append(&bytes, body, size);
    bool sent = bytes.failed == SLUICE_OK && peer_send(peer, bytes.data, bytes.size);
    buffer_done(&bytes);
    if (sent && close)
        peer_leave(peer);
    return sent;
}

static bool answer_json(struct peer *peer, const struct head *head, unsigned status, const char *more, const char *json)
{
    return answer(peer, status, more, type_json, json, strlen(json), !head->keep_alive);
}

bool plain_refuse(struct peer *peer, unsigned status, const char *text)
{
    char body[HANDSHAKE_TEXT_MAX];
    int size = snprintf(body, sizeof body, "Invalid HTTP request: %s\n", text);
    return answer(peer, status, "", "text/plain", body, (size_t)size, true);
}

/* ---- /status ---- */

static bool answer_status(struct peer *peer, const struct head *head)
{
    struct websocket_front *front = peer->front;
    struct buffer buffer;

    buffer_init(&buffer, BODY_MAX);
    facts_append_json(&buffer, front->session, front->started);
    bool good = buffer.failed == SLUICE_OK && answer_json(peer, head, 200, "", buffer_text(&buffer));
    buffer_done(&buffer);
    return good;
}

/* ---- /dry_run ---- */

bool plain_answer_dry_run(struct connection *connection)
{
    struct peer *peer = connection->peer;
    struct item *item = item_queue_take(&connection->answers);
    struct buffer status, text;
    struct rope rope;
    sluice_error error;

    if (item == NULL && !connection->stopped)
        return true;
    buffer_init(&status, BODY_MAX);
    buffer_init(&text, BODY_MAX);
    rope_init(&rope);
    const struct reply no_memory = {.status = SLUICE_NO_MEMORY, .text = "no memory for the request"};
    failure_append_dry_run(&status, peer->front->settings.compatibility_3_5, item != NULL ? item->reply : &no_memory);
    bool good = status.failed == SLUICE_OK && rope_append(&rope, NULL, status.data, status.size) == SLUICE_OK &&
                json_status_write(&rope, &text, &error) == SLUICE_OK;
    peer->connection = NULL; /* it was for this request; the socket may bring others */
    peer->state = PEER_REQUEST;
    peer->due_ns = clock_monotonic_ns() + peer->front->settings.handshake_timeout_ms * (uint64_t)CLOCK_NS_PER_MS;
    good = good && answer(peer, 200, "", type_json, buffer_text(&text), text.size, connection->last_answer);
    rope_done(&rope);
    buffer_done(&text);
    buffer_done(&status);
    if (item != NULL)
        item_free(item);
    connection_closed(connection);
    if (good)
        peer_read_rest(peer);
    return good;
}

static bool start_dry_run(struct peer *peer, const struct head *head)
{
    static const struct handshake handshake = {.mode = MODE_JSON, .purpose = PURPOSE_HTTP_DRY_RUN, .echo = ""};

    struct connection *connection = connection_new(peer, &handshake);
    if (connection == NULL)
        return false;
    connection->last_answer = !head->keep_alive;
    peer->state = PEER_ANSWER;
    peer->due_ns = 0;
    read_dry_run(connection);
    return true;
}

/* ---- WebSockets ---- */

static bool refuse_handshake(struct peer *peer, const struct handshake_refusal *refusal)
{
    char body[HANDSHAKE_TEXT_MAX + 64];
    int size = refusal->text[0] == '\0'
                   ? 0
                   : snprintf(body, sizeof body, "Failed to open a WebSocket connection: %s\n", refusal->text);
    const char *more = refusal->status == 426 ? "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n" : "";
    return answer(peer, refusal->status, more, "text/plain", body, (size_t)size, true);
}

static bool open_websocket(struct peer *peer, const struct head *head)
{
    struct handshake handshake;
    struct handshake_refusal refusal;
    struct buffer bytes;

    if (!handshake_read(head, &handshake, &refusal))
        return refuse_handshake(peer, &refusal);
    buffer_init(&bytes, BODY_MAX);
    handshake_append_answer(&handshake, &bytes);
    bool good = bytes.failed == SLUICE_OK && peer_send(peer, bytes.data, bytes.size) &&
                connection_new(peer, &handshake) != NULL;
    buffer_done(&bytes);
    if (!good)
        return false;
    peer->state = PEER_OPEN;
    peer->due_ns = 0;
    if (handshake.purpose == PURPOSE_DRY_RUN)
        read_dry_run(peer->connection);
    return true;
}

/* ---- routes ---- */

static bool is_route(const char *path)
{
    return strcmp(path, "/") == 0 || strcmp(path, "/status") == 0 || strcmp(path, "/dry_run") == 0;
}

bool plain_request(struct peer *peer, const struct head *head)
{
    if (handshake_is_wanted(head))
        return open_websocket(peer, head);
    if (!is_route(head->path))
        return answer_json(peer, head, 404, "", "{\"detail\":\"Not Found\"}");
    if (strcmp(head->method, "GET") != 0)
        return answer_json(peer, head, 405, "Allow: GET\r\n", "{\"detail\":\"Method Not Allowed\"}");
    if (strcmp(head->path, "/status") == 0)
        return answer_status(peer, head);
    if (strcmp(head->path, "/dry_run") == 0)
        return start_dry_run(peer, head);
    return answer_json(peer, head, 200, "", "{}");
}
