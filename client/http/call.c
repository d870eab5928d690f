#include "client/http/answer.h"
#include "client/http/channel.h"
#include "client/http/request.h"

#include <stdlib.h>

void call_free(struct transport_call *call)
{
    if (call->easy != NULL)
        curl_easy_cleanup(call->easy);
    curl_slist_free_all(call->headers);
    curl_slist_free_all(call->all_headers);
    rope_done(&call->message);
    rope_done(&call->result);
    buffer_done(&call->body);
    buffer_done(&call->answer);
    buffer_done(&call->answer_headers);
    buffer_done(&call->text);
    free(call->endpoint);
    free(call->path);
    free(call->content_type);
    free(call->location);
    free(call);
}

sluice_status call_new(struct transport_channel *channel, const struct transport_call_settings *settings,
                       struct transport_call **ret_call, sluice_error *error)
{
    struct transport_call *call = calloc(1, sizeof *call);
    if (call == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a call");
    call->channel = channel;
    call->references = 1;
    call->method = (int)settings->method;
    call->compression = settings->compression;
    call->deadline_ns = settings->deadline_ns;
    call->wait_for_ready = settings->wait_for_ready;
    rope_init(&call->message);
    rope_init(&call->result);
    buffer_init(&call->body, channel->max_request_size != 0 ? channel->max_request_size : BUFFER_NO_LIMIT);
    buffer_init(&call->answer, channel->max_message_size != 0 ? channel->max_message_size : BUFFER_NO_LIMIT);
    buffer_init(&call->answer_headers, HTTP_HEADERS_MAX);
    buffer_init(&call->text, 4 * sizeof error->text);
    sluice_status status = request_headers(settings, &call->headers, error);
    if (status != SLUICE_OK) {
        call_free(call);
        return status;
    }
    *ret_call = call;
    return SLUICE_OK;
}

void call_fail(struct transport_call *call, sluice_status status, int code, const char *format, ...)
{
    sluice_error error;
    va_list arguments;
    va_start(arguments, format);
    sluice_fail_va(&error, status, NULL, format, arguments);
    va_end(arguments);
    call->status = status;
    call->code = code;
    buffer_clear(&call->text);
    buffer_append_text(&call->text, error.text);
}

void call_work(struct transport_call *call)
{
    if (call->state == CALL_WRITING)
        request_write(call);
    else
        answer_read(call);
}

const char *call_name(const struct transport_call *call)
{
    static _Thread_local char name[256];
    bool post = call->method == TRANSPORT_SINGLE || call->method == TRANSPORT_GRAPHQL;
    if (call->path == NULL)
        return "the request";
    snprintf(name, sizeof name, "%s %.200s", post ? "POST" : "GET", call->path);
    return name;
}
