/* answer.c - the answer of an exchange, and how it leaves: through libmicrohttpd, or past it. */
#include "gateway/http/server.h"

#include "common/foundation/status.h"

#include <gnutls/gnutls.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

const char http_type_json[] = "application/json";
const char http_type_text[] = "text/plain; charset=utf-8";
const char http_type_html[] = "text/html; charset=utf-8";

static const char no_memory[] = "{\"detail\":\"no memory for the answer\"}";

/* ---- setting ---- */

static void set_still(struct http_exchange *exchange, unsigned status, const char *type, const void *body, size_t size)
{
    exchange->status = status;
    exchange->type = type;
    exchange->still = body;
    exchange->still_size = size;
}

static void set_retry_after(struct http_exchange *exchange, unsigned status)
{
    char seconds[16];
    if (status != MHD_HTTP_TOO_MANY_REQUESTS && status != MHD_HTTP_SERVICE_UNAVAILABLE)
        return;
    snprintf(seconds, sizeof seconds, "%d", HTTP_RETRY_AFTER_SECONDS);
    http_add_header(exchange, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
}

void http_add_header(struct http_exchange *exchange, const char *name, const char *value)
{
    struct arena *arena = http_arena(exchange);
    struct http_field *field = arena_alloc(arena, sizeof *field);
    if (field == NULL)
        return;
    *field = (struct http_field){arena_text(arena, name), arena_text(arena, value), NULL};
    if (field->name == NULL || field->value == NULL)
        return;
    struct http_field **last = &exchange->fields;
    while (*last != NULL)
        last = &(*last)->next;
    *last = field;
}

void http_answer_set_detail(struct http_exchange *exchange, unsigned status, const char *text)
{
    struct buffer *body = &exchange->answer;
    if (text == NULL) /* a failure that has no more to say */
        text = MHD_get_reason_phrase_for(status);
    buffer_clear(body);
    buffer_append_text(body, "{\"detail\":");
    text_append_json(body, text, strlen(text));
    buffer_append_byte(body, '}');
    set_still(exchange, status, http_type_json, NULL, 0);
    if (body->failed != SLUICE_OK)
        set_still(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, http_type_json, no_memory, sizeof no_memory - 1);
    set_retry_after(exchange, status);
}

/* ---- the handler's side ---- */

void http_answer(struct http_exchange *exchange, unsigned status, const char *content_type, struct buffer *body)
{
    buffer_done(&exchange->answer);
    if (body->failed == SLUICE_OK) {
        exchange->answer = *body;
        set_still(exchange, status, content_type, NULL, 0);
        http_answer_compress(exchange);
    } else {
        buffer_done(body);
        set_still(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, http_type_json, no_memory, sizeof no_memory - 1);
    }
    buffer_init(body, body->limit);
    http_exchange_give_answer(exchange);
}

void http_answer_static(struct http_exchange *exchange, unsigned status, const char *content_type, const void *body,
                        size_t size)
{
    set_still(exchange, status, content_type, body, size);
    http_exchange_give_answer(exchange);
}

void http_answer_detail(struct http_exchange *exchange, unsigned status, const char *text)
{
    http_answer_set_detail(exchange, status, text);
    http_exchange_give_answer(exchange);
}

void http_answer_failure(struct http_exchange *exchange, sluice_status status, const char *text)
{
    http_answer_detail(exchange, (unsigned)status_codes_of(status)->http, text);
}

/* ---- through libmicrohttpd ---- */

static struct MHD_Response *response_of(struct http_exchange *exchange)
{
    if (exchange->still != NULL || exchange->answer.size == 0)
        return MHD_create_response_from_buffer(exchange->still != NULL ? exchange->still_size : 0,
                                               (void *)(uintptr_t)exchange->still, MHD_RESPMEM_PERSISTENT);
    size_t size;
    void *body = buffer_take(&exchange->answer, &size);
    struct MHD_Response *response = MHD_create_response_from_buffer_with_free_callback(size, body, free);
    if (response == NULL)
        free(body);
    return response;
}

enum MHD_Result http_answer_queue(struct http_exchange *exchange)
{
    http_cors_fields(exchange);
    struct MHD_Response *response = response_of(exchange);
    if (response == NULL)
        return MHD_NO;
    enum MHD_Result result = MHD_YES;
    if (exchange->type != NULL)
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, exchange->type);
    for (const struct http_field *field = exchange->fields; field != NULL && result == MHD_YES; field = field->next)
        result = MHD_add_response_header(response, field->name, field->value);
    if ((exchange->last || exchange->connection->loop->draining) && result == MHD_YES)
        result = MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    if (result == MHD_YES)
        result = MHD_queue_response(exchange->connection->mhd, exchange->status, response);
    MHD_destroy_response(response);
    return result;
}

/* ---- past it ---- */

static void send_now(struct http_connection *connection, const void *data, size_t size)
{
    const union MHD_ConnectionInfo *info =
        connection->front->tls != NULL ? MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION)
                                       : NULL;
    if (info != NULL) {
        gnutls_session_t session = info->tls_session;
        gnutls_record_send(session, data, size);
        gnutls_bye(session, GNUTLS_SHUT_WR);
    } else {
        /* A few hundred bytes on a connection that has nothing else to send: they fit, or the client does not read. */
        (void)!send(connection->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    shutdown(connection->fd, SHUT_WR);
}

void http_answer_raw(struct http_exchange *exchange)
{
    struct buffer text;
    const void *body = exchange->still != NULL ? exchange->still : exchange->answer.data;
    size_t size = exchange->still != NULL ? exchange->still_size : exchange->answer.size;

    http_cors_fields(exchange);
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_printf(&text, "HTTP/1.1 %u %s\r\nConnection: close\r\nContent-Length: %zu\r\n", exchange->status,
                  MHD_get_reason_phrase_for(exchange->status), size);
    if (exchange->type != NULL)
        buffer_printf(&text, "Content-Type: %s\r\n", exchange->type);
    for (const struct http_field *field = exchange->fields; field != NULL; field = field->next)
        buffer_printf(&text, "%s: %s\r\n", field->name, field->value);
    buffer_append_text(&text, "\r\n");
    if (size > 0 && strcmp(exchange->method, MHD_HTTP_METHOD_HEAD) != 0)
        buffer_append(&text, body, size);
    if (text.failed == SLUICE_OK)
        send_now(exchange->connection, text.data, text.size);
    buffer_done(&text);
}
