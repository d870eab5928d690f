/* routes_ask.c - the one question for /openapi.json of a channel. */
#include "client/http/channel.h"

#include "common/foundation/log.h"

static struct transport_call *new_question(struct transport_channel *channel, const struct transport_call *call)
{
    struct transport_call_settings settings = {.method = TRANSPORT_DRY_RUN, .wait_for_ready = call->wait_for_ready};
    struct transport_call *question;
    if (call_new(channel, &settings, &question, NULL) != SLUICE_OK)
        return NULL;
    question->method = HTTP_ROUTES;
    question->answer.limit = HTTP_OPENAPI_MAX;
    for (const struct curl_slist *header = call->headers; header != NULL; header = header->next) {
        struct curl_slist *longer = curl_slist_append(question->headers, header->data);
        if (longer != NULL)
            question->headers = longer;
    }
    return question;
}

bool routes_ready(struct transport_channel *channel, const struct transport_call *call)
{
    struct routes *routes = &channel->routes;
    if (routes->state != ROUTES_UNKNOWN)
        return routes->state == ROUTES_KNOWN;
    struct transport_call *question = new_question(channel, call);
    if (question == NULL) {
        channel_choose_paths(channel);
        return false;
    }
    routes->state = ROUTES_ASKED;
    channel_start_own(question);
    return routes->state == ROUTES_KNOWN;
}

void routes_answered(struct transport_call *question)
{
    struct transport_channel *channel = question->channel;
    bool answered = question->curl_code == CURLE_OK && question->http_status < 500;
    bool read = answered && question->http_status == 200 &&
                routes_read(&channel->routes, buffer_text(&question->answer), question->answer.size);
    if (!read) {
        /* A gateway that answers otherwise has none; one that gave no answer, or is in trouble, may have one later. */
        channel->routes.state = answered ? ROUTES_KNOWN : ROUTES_UNKNOWN;
        log_debug("%s/openapi.json: %s; requests go to /post", channel->base,
                  answered ? "no description of the routes" : curl_easy_strerror(question->curl_code));
    }
    channel_choose_paths(channel);
}
