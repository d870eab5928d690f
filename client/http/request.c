#include "client/http/request.h"

#include "client/http/channel.h"
#include "client/http/tls.h"
#include "common/foundation/clock.h"
#include "common/foundation/text.h"
#include "common/json/base64.h"
#include "common/json/message.h"
#include "common/net/coding.h"
#include "common/wire/jina_fields.h"
#include "common/wire/wire.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* ---- headers ---- */

/* What HTTP needs to be right, and the transport sets itself. */
static const char *const own_headers[] = {"connection", "content-encoding", "content-length",    "content-type",
                                          "expect",     "proxy-connection", "transfer-encoding", "te",
                                          "trailer",    "upgrade"};

static bool is_text(const char *value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)value[i] < ' ' && value[i] != '\t') || value[i] == 0x7F)
            return false;
    return true;
}

static bool is_binary(const char *key)
{
    size_t size = strlen(key);
    return size > 4 && strcasecmp(key + size - 4, "-bin") == 0;
}

static sluice_status check_header(const struct transport_metadata *pair, sluice_error *error)
{
    if (pair->key[0] == '\0' || pair->key[strspn(pair->key, text_token_characters)] != '\0')
        return sluice_fail(error, SLUICE_INVALID, pair->key,
                           "the name of a header has letters, digits and !#$%%&'*+-.^_`|~ only");
    for (size_t i = 0; i < sizeof own_headers / sizeof *own_headers; i++)
        if (strcasecmp(own_headers[i], pair->key) == 0)
            return sluice_fail(error, SLUICE_INVALID, pair->key,
                               "the client sets this header itself; leave it out of the metadata");
    if (!is_binary(pair->key) && !is_text(pair->value, pair->value_size))
        return sluice_fail(error, SLUICE_INVALID, pair->key,
                           "the value of this header has control characters; end its name in \"-bin\" to send bytes");
    return SLUICE_OK;
}

static bool append_header(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*headers, line);
    if (longer != NULL)
        *headers = longer;
    return longer != NULL;
}

sluice_status request_headers(const struct transport_call_settings *settings, struct curl_slist **ret_headers,
                              sluice_error *error)
{
    struct curl_slist *headers = NULL;
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < settings->metadata_count && status == SLUICE_OK; i++) {
        const struct transport_metadata *pair = &settings->metadata[i];
        struct buffer line;
        status = check_header(pair, error);
        if (status != SLUICE_OK)
            break;
        buffer_init(&line, BUFFER_NO_LIMIT);
        /* libcurl takes "name;" for a header without a value. */
        buffer_printf(&line, "%s%s", pair->key, pair->value_size > 0 ? ": " : ";");
        if (is_binary(pair->key))
            base64_write(&line, pair->value, pair->value_size);
        else
            buffer_append(&line, pair->value, pair->value_size);
        if (line.failed != SLUICE_OK || !append_header(&headers, buffer_text(&line)))
            status = sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the headers of a call");
        buffer_done(&line);
    }
    if (status == SLUICE_OK)
        *ret_headers = headers;
    else
        curl_slist_free_all(headers);
    return status;
}

/* ---- the body ---- */

/* The client writes the header first, in the first slice. */
char *request_endpoint(const struct rope *message)
{
    struct wire_field field, inner;
    if (message->count == 0)
        return strdup("");
    struct wire_reader reader = wire_read(message->slices[0].data, message->slices[0].size);
    while (wire_next(&reader, &field)) {
        if (field.number != REQUEST_HEADER || field.type != WIRE_BYTES)
            continue;
        struct wire_reader header = wire_read(field.data, field.size);
        while (wire_next(&header, &inner))
            if (inner.number == HEADER_ENDPOINT && inner.type == WIRE_BYTES)
                return strndup((const char *)inner.data, inner.size);
    }
    return strdup("");
}

static bool fail_body(struct transport_call *call, sluice_status status, const char *text)
{
    if (call->body.failed == SLUICE_LIMIT || status == SLUICE_TOO_LARGE)
        call_fail(
            call, SLUICE_TOO_LARGE, 0,
            "the request has more than the %zu bytes of max_request_size as JSON; put fewer documents into a request "
            "(request_size)",
            call->body.limit);
    else
        call_fail(call, status, 0, "the request cannot be written as JSON: %s", text);
    return false;
}

static bool write_json(struct transport_call *call)
{
    sluice_error error = {0};
    sluice_status status;
    if (call->method == TRANSPORT_SINGLE) {
        status = json_request_write(&call->message, &call->body, &error);
    } else {
        uint8_t *at = buffer_reserve(&call->body, call->message.size);
        status = at != NULL ? SLUICE_OK : call->body.failed;
        if (at != NULL) {
            rope_copy_out(&call->message, at);
            call->body.size += call->message.size;
        }
    }
    if (status == SLUICE_OK)
        status = call->body.failed;
    return status == SLUICE_OK ||
           fail_body(call, status, error.text[0] != '\0' ? error.text : sluice_status_name(status));
}

bool request_write(struct transport_call *call)
{
    bool done = true;
    if (call->method == TRANSPORT_SINGLE || call->method == TRANSPORT_GRAPHQL) {
        done = write_json(call);
    } else if (call->method == TRANSPORT_HEALTH && call->message.size > 0) {
        call_fail(call, SLUICE_UNIMPLEMENTED, 0,
                  "over HTTP there is no health of single services, only of the whole server; leave the service out");
        done = false;
    }
    rope_done(&call->message);
    rope_init(&call->message);
    if (done && call->compression != TRANSPORT_PLAIN && call->body.size > 0) {
        sluice_status status = coding_write(call->compression == TRANSPORT_GZIP ? CODING_GZIP : CODING_DEFLATE, &call->body);
        if (status != SLUICE_OK)
            done = fail_body(call, status, sluice_status_name(status));
    }
    return done;
}

size_t request_work(const struct transport_call *call)
{
    return call->message.size;
}

/* ---- the transfer ---- */

static size_t on_read(char *target, size_t one, size_t room, void *context)
{
    struct transport_call *call = context;
    size_t left = call->body.size - call->body_at;
    size_t size = left < room * one ? left : room * one;
    if (size > 0)
        memcpy(target, call->body.data + call->body_at, size);
    call->body_at += size;
    return size;
}

static size_t on_write(char *data, size_t one, size_t count, void *context)
{
    struct transport_call *call = context;
    buffer_append(&call->answer, data, one * count);
    call->too_large = call->answer.failed == SLUICE_LIMIT;
    return call->answer.failed == SLUICE_OK ? one * count : 0;
}

/* Each status line begins the headers anew, so that those of the last answer remain. Beyond the limit they are cut. */
static size_t on_header(char *data, size_t one, size_t count, void *context)
{
    struct transport_call *call = context;
    size_t size = one * count;
    bool status_line = size > 5 && memcmp(data, "HTTP/", 5) == 0;
    call->head_ended = size <= 2 || (call->head_ended && !status_line); /* after it: a trailer */
    if (call->method != TRANSPORT_GRAPHQL)
        return size;
    if (status_line)
        buffer_clear(&call->answer_headers);
    else if (size > 2)
        buffer_append(&call->answer_headers, data, size);
    return size;
}

/* Not for programs that this one starts. And the nearest that TCP has to the pings of keepalive_time_ms: one probe, and its
 * answer within the time given. */
static int on_socket_made(void *context, curl_socket_t socket, curlsocktype purpose)
{
    const struct transport_channel *channel = context;
    int on = 1, probes = 1;
    fcntl(socket, F_SETFD, FD_CLOEXEC);
    int idle = (channel->keepalive_time_ms + 999) / 1000, interval = (channel->keepalive_timeout_ms + 999) / 1000;
    (void)purpose;
    if (channel->keepalive_time_ms < 0)
        return CURL_SOCKOPT_OK;
    idle = idle > 0 ? idle : 1;
    interval = interval > 0 ? interval : 1;
    setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    return CURL_SOCKOPT_OK;
}

static const char *fixed_path(int method)
{
    switch (method) {
    case TRANSPORT_DRY_RUN: return "/dry_run";
    case TRANSPORT_INFO: return "/status";
    case TRANSPORT_HEALTH: return "/";
    case TRANSPORT_GRAPHQL: return "/graphql";
    case HTTP_ROUTES: return "/openapi.json";
    default: return NULL;
    }
}

static bool set_headers(struct transport_call *call)
{
    bool done = true;
    for (const struct curl_slist *header = call->headers; header != NULL && done; header = header->next)
        done = append_header(&call->all_headers, header->data);
    if (call->method == TRANSPORT_GRAPHQL)
        done = done && append_header(&call->all_headers, "Accept: application/json; charset=utf-8") &&
               append_header(&call->all_headers, "Content-Type: application/json; charset=utf-8");
    else if (call->method == TRANSPORT_SINGLE)
        done = done && append_header(&call->all_headers, "Content-Type: application/json");
    if (call->compression != TRANSPORT_PLAIN && call->body.size > 0)
        done = done &&
               append_header(&call->all_headers, call->compression == TRANSPORT_GZIP ? "Content-Encoding: gzip"
                                                                                     : "Content-Encoding: deflate");
    if (done && call->all_headers != NULL)
        done = curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->all_headers) == CURLE_OK;
    return done;
}

/* libcurl takes 64 KiB for each transfer unless it is told, and no less than 16. */
static long upload_buffer(const struct transport_call *call)
{
    enum { LEAST = 16 * 1024, MOST = 64 * 1024 };
    return call->body.size <= LEAST ? LEAST : call->body.size >= MOST ? MOST : (long)call->body.size;
}

static void set_callbacks(CURL *easy, struct transport_call *call)
{
    curl_easy_setopt(easy, CURLOPT_PRIVATE, call);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->curl_text);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket_made);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, call->channel);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    if (call->method == TRANSPORT_SINGLE || call->method == TRANSPORT_GRAPHQL) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body.size);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, upload_buffer(call));
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, call);
    }
}

static void set_bounds(CURL *easy, const struct transport_call *call)
{
    const struct transport_channel *channel = call->channel;
    int left = call->method == HTTP_ROUTES ? HTTP_ROUTES_TIMEOUT_MS : clock_poll_timeout(call->deadline_ns);
    if (left >= 0)
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left > 0 ? (long)left : 1L);
    if (channel->connect_timeout_ms > 0)
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)channel->connect_timeout_ms);
    if (call->answer.limit != BUFFER_NO_LIMIT)
        curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)call->answer.limit);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)HTTP_IDLE_SECONDS);
}

static bool set_url(struct transport_call *call)
{
    struct buffer url;
    buffer_init(&url, BUFFER_NO_LIMIT);
    buffer_printf(&url, "%s%s", call->channel->base, call->path);
    bool done = url.failed == SLUICE_OK && curl_easy_setopt(call->easy, CURLOPT_URL, buffer_text(&url)) == CURLE_OK;
    buffer_done(&url);
    return done;
}

bool request_prepare(struct transport_call *call)
{
    const struct transport_channel *channel = call->channel;
    if (call->path == NULL && fixed_path(call->method) != NULL)
        call->path = strdup(fixed_path(call->method));
    curl_slist_free_all(call->all_headers);
    call->all_headers = NULL;
    call->body_at = 0;
    call->easy = curl_easy_init();
    CURL *easy = call->easy;
    if (easy == NULL || call->path == NULL || !set_url(call) || !set_headers(call)) {
        call_fail(call, SLUICE_NO_MEMORY, 0, "no memory for a request");
        return false;
    }
    set_callbacks(easy, call);
    set_bounds(easy, call);
    if (channel->tls)
        http_tls_prepare(call);
    if (!channel->proxy)
        curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a timeout does not wait for the resolver's thread */
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, channel->user_agent);
    return true;
}
