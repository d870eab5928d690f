#include "client/http/answer.h"

#include "client/http/channel.h"

#include <strings.h>

/* What a status that is no success means to the caller. */
static sluice_status status_of(long http)
{
    switch (http) {
    case 404: return SLUICE_NOT_FOUND;
    case 408:
    case 504: return SLUICE_TIMEOUT;
    case 413:
    case 431: return SLUICE_TOO_LARGE;
    case 429: return SLUICE_LIMIT;
    case 500: return SLUICE_INTERNAL;
    case 501: return SLUICE_UNIMPLEMENTED;
    case 502:
    case 503: return SLUICE_UNAVAILABLE;
    default: return http >= 500 ? SLUICE_INTERNAL : SLUICE_INVALID;
    }
}

/* What to do about it, when the server does not say. */
static const char *remedy_of(const struct transport_call *call)
{
    bool graphql = call->method == TRANSPORT_GRAPHQL;
    switch (call->http_status) {
    case 401: return "give credentials, such as an authorization header, in the metadata";
    case 403: return "these credentials may not do that";
    case 404:
        return graphql ? "the gateway has no GraphQL endpoint; set expose_graphql_endpoint in its Flow"
               : call->method == TRANSPORT_DRY_RUN ? "is this a gateway of Jina 3.6 or later?"
                                                   : "is this the address of a Jina gateway?";
    case 405: return "is this the address of a Jina gateway?";
    case 407: return "the proxy wants credentials; put them into the address in http_proxy";
    case 413: return "put fewer documents into a request (request_size), or raise the gateway's max_message_bytes";
    case 415:
        return call->compression != TRANSPORT_PLAIN ? "use Gzip, or leave compression out"
                                                    : NULL;
    case 400:
    case 422:
        return call->compression != TRANSPORT_PLAIN
                   ? "if this gateway takes no compressed requests, as Jina's own does not, leave compression out"
                   : NULL;
    case 429: return "send fewer requests at once (prefetch)";
    case 431: return "send less metadata";
    default: return NULL;
    }
}

/* "POST http://h:1/post: HTTP 503: <the server's words>; <remedy>" */
static void fail_status(struct transport_call *call)
{
    struct buffer words;
    const char *remedy = remedy_of(call);
    char after[64] = "";
    buffer_init(&words, BUFFER_NO_LIMIT);
    answer_error_text(call, &words);
    if (call->retry_after_seconds > 0)
        snprintf(after, sizeof after, "; it says to try again in %ld s", call->retry_after_seconds);
    call_fail(call, status_of(call->http_status), (int)call->http_status, "%s: %s%s%s%s", call_name(call),
              words.size > 0 ? buffer_text(&words) : "the gateway gave no reason", after, remedy != NULL ? "; " : "",
              remedy != NULL ? remedy : "");
    buffer_done(&words);
}

/* Redirects are not followed: a POST would become a GET, or go with its headers to who knows where. */
static void fail_redirect(struct transport_call *call)
{
    call_fail(call, SLUICE_INVALID, (int)call->http_status,
              "%s: the server says that this is elsewhere, at %.300s; give that address, redirects are not followed",
              call_name(call), call->location != NULL ? call->location : "a place that it does not name");
}

static bool is_json(const struct transport_call *call)
{
    static const char json[] = "application/json";
    return call->content_type == NULL || strncasecmp(call->content_type, json, sizeof json - 1) == 0;
}

static void read_good(struct transport_call *call)
{
    bool wanted = call->method != TRANSPORT_HEALTH && call->method != TRANSPORT_GRAPHQL;
    if (wanted && call->answer.size == 0)
        call_fail(call, SLUICE_INVALID, (int)call->http_status,
                  "%s: the answer is empty; is this the address of a Jina gateway?", call_name(call));
    else if (wanted && !is_json(call))
        call_fail(call, SLUICE_INVALID, (int)call->http_status,
                  "%s: the answer is %.100s, not JSON; is this the address of a Jina gateway?", call_name(call),
                  call->content_type);
    else
        answer_message(call);
}

/* 499 of an executor that is served without a gateway, with {"detail": TEXT}. */
static bool read_executor_failure(struct transport_call *call)
{
    struct buffer words;
    if (call->http_status != 499 || call->method != TRANSPORT_SINGLE)
        return false;
    buffer_init(&words, BUFFER_NO_LIMIT);
    answer_error_text(call, &words);
    bool done = answer_executor_failure(call, buffer_text(&words), words.size);
    buffer_done(&words);
    return done;
}

void answer_read(struct transport_call *call)
{
    long http = call->http_status;
    if (call->method == HTTP_ROUTES)
        return; /* routes_answered() reads it */
    if (call->too_large || call->curl_code == CURLE_FILESIZE_EXCEEDED)
        call_fail(call, SLUICE_LIMIT, 0,
                  "%s: the answer is larger than %zu bytes (max_message_size); ask for less, or raise it",
                  call_name(call), call->answer.limit);
    else if (call->curl_code != CURLE_OK || !call->head_ended)
        answer_curl_failure(call);
    else if (call->method == TRANSPORT_HEALTH && http == 503)
        answer_message(call);
    else if (http >= 200 && http <= 300)
        read_good(call);
    else if (http > 300 && http < 400)
        fail_redirect(call);
    else if (!read_executor_failure(call))
        fail_status(call);
}
