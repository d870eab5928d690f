/* plain.c: HTTP requests of the WebSocket port: GET /, /status and /dry_run, as Jina's WebSocket gateway has them. */
#include "common/foundation/status.h"
#include "common/foundation/text.h"
#include "gateway/envelope/facts.h"
#include "gateway/front/failure.h"
#include "gateway/websocket/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEADERS_MAX = 1024, BODY_MAX = 64 << 10 };

static const char type_json[] = "application/json";

static int write_answer(struct lws *wsi, unsigned status, const char *type, const void *body, size_t size, bool close,
                        uint8_t *buffer)
{
    uint8_t *start = buffer + LWS_PRE, *at = start, *end = start + HEADERS_MAX - 1;

    if (lws_add_http_common_headers(wsi, status, type, size, &at, end) != 0 ||
        (close && lws_add_http_header_by_token(wsi, WSI_TOKEN_CONNECTION, (const unsigned char *)"close", 5, &at, end) != 0) ||
        lws_finalize_http_header(wsi, &at, end) != 0)
        return -1;
    memcpy(at, body, size); /* one write for both; there is room, see plain_answer() */
    at += size;
    return lws_write(wsi, start, (size_t)(at - start), LWS_WRITE_HTTP_FINAL | LWS_WRITE_H2_STREAM_END) < 0 ? -1 : 0;
}

int plain_answer(struct lws *wsi, unsigned status, const char *type, const void *body, size_t size, bool close)
{
    uint8_t *buffer = malloc(LWS_PRE + HEADERS_MAX + size);
    if (buffer == NULL)
        return -1;
    int failed = write_answer(wsi, status, type, body, size, close, buffer);
    free(buffer);
    return failed != 0 || close || lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
}

static int answer_text(struct lws *wsi, unsigned status, const char *json)
{
    return plain_answer(wsi, status, type_json, json, strlen(json), false);
}

/* ---- /status ---- */

static int answer_status(struct websocket_front *front, struct lws *wsi)
{
    struct buffer buffer;

    buffer_init(&buffer, BODY_MAX);
    facts_append_json(&buffer, front->session, front->started);
    int result = buffer.failed != SLUICE_OK ? -1 : answer_text(wsi, 200, buffer_text(&buffer));
    buffer_done(&buffer);
    return result;
}

/* ---- /dry_run ---- */

int plain_write_dry_run(struct session *session)
{
    struct connection *connection = session->connection;
    struct item *item = item_queue_take(&connection->answers);
    struct lws *wsi = connection->wsi;
    struct buffer status, text;
    struct rope rope;
    sluice_error error;

    if (item == NULL && !connection->stopped)
        return 0;
    session->connection = NULL; /* it was for this request; the socket may bring others */
    buffer_init(&status, BODY_MAX);
    buffer_init(&text, BODY_MAX);
    rope_init(&rope);
    const struct reply no_memory = {.status = SLUICE_NO_MEMORY, .text = "no memory for the request"};
    failure_append_dry_run(&status, connection->front->settings.compatibility_3_5,
                           item != NULL ? item->reply : &no_memory);
    bool written = status.failed == SLUICE_OK && rope_append(&rope, NULL, status.data, status.size) == SLUICE_OK &&
                   json_status_write(&rope, &text, &error) == SLUICE_OK;
    int result = written ? answer_text(wsi, 200, buffer_text(&text)) : -1;
    rope_done(&rope);
    buffer_done(&text);
    buffer_done(&status);
    if (item != NULL)
        item_free(item);
    connection_closed(connection);
    return result;
}

static int start_dry_run(struct websocket_front *front, struct lws *wsi, struct session *session)
{
    static const struct handshake handshake = {.mode = MODE_JSON, .purpose = PURPOSE_HTTP_DRY_RUN, .echo = ""};

    session->connection = connection_new(front, wsi, &handshake);
    if (session->connection == NULL)
        return -1;
    read_dry_run(session->connection);
    return 0;
}

int plain_request(struct websocket_front *front, struct lws *wsi, struct session *session)
{
    char path[64];

    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0)
        return answer_text(wsi, 405, "{\"detail\":\"Method Not Allowed\"}");
    if (lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) < 0)
        path[0] = '\0';
    if (strcmp(path, "/") == 0)
        return answer_text(wsi, 200, "{}");
    if (strcmp(path, "/status") == 0)
        return answer_status(front, wsi);
    if (strcmp(path, "/dry_run") == 0)
        return start_dry_run(front, wsi, session);
    return answer_text(wsi, 404, "{\"detail\":\"Not Found\"}");
}
