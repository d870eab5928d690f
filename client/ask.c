/*
 * ask.c - one question to the gateway and its answer, waiting for it.
 */
#include "client/connection.h"

sluice_status client_call_failure(const sluice_client *client, const struct transport_end *end, sluice_error *error)
{
    char code[32] = "";
    if (end->code != 0)
        snprintf(code, sizeof code, ", status %d", end->code);
    return sluice_fail(error, end->status, client->name, "%s (%s%s)",
                       end->text[0] != '\0' ? end->text : "the gateway gave no reason", sluice_status_name(end->status),
                       code);
}

/* ---- one question ---- */

struct question {
    sluice_client *client;
    const struct transport *transport;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct transport_call *call;
    bool answered, ended;
    struct rope answer;
    sluice_error error;
};

static void question_sent(void *context)
{
    struct question *question = context;
    pthread_mutex_lock(&question->lock);
    question->transport->call_finish(question->call);
    pthread_mutex_unlock(&question->lock);
}

static void question_received(void *context, struct rope *message)
{
    struct question *question = context;
    if (!question->answered)
        rope_move(&question->answer, message);
    question->answered = true;
}

static void question_ended(void *context, const struct transport_end *end)
{
    struct question *question = context;
    pthread_mutex_lock(&question->lock);
    question->transport->call_release(question->call);
    question->error.status = SLUICE_OK;
    if (end->status != SLUICE_OK)
        client_call_failure(question->client, end, &question->error);
    else if (!question->answered)
        sluice_fail(&question->error, SLUICE_UNAVAILABLE, question->client->name, "the call ended without an answer");
    question->ended = true;
    pthread_cond_signal(&question->changed);
    pthread_mutex_unlock(&question->lock);
}

static sluice_status ask(sluice_client *client, const struct transport *transport, struct transport_channel *channel,
                         const struct transport_call_settings *settings, struct rope *message, struct rope *ret_answer,
                         sluice_error *error)
{
    static const struct transport_events events = {question_sent, question_received, question_ended};
    struct question question = {.client = client,
                                .transport = transport,
                                .lock = PTHREAD_MUTEX_INITIALIZER,
                                .changed = PTHREAD_COND_INITIALIZER};
    rope_init(&question.answer);

    pthread_mutex_lock(&question.lock);
    sluice_status status = transport->call_start(channel, settings, &events, &question, &question.call, error);
    if (status == SLUICE_OK) {
        transport->call_read(question.call);
        transport->call_send(question.call, message);
        while (!question.ended)
            pthread_cond_wait(&question.changed, &question.lock);
        status = question.error.status;
        if (status != SLUICE_OK && error != NULL)
            *error = question.error;
    }
    pthread_mutex_unlock(&question.lock);
    if (status == SLUICE_OK)
        rope_move(ret_answer, &question.answer);
    rope_done(&question.answer);
    pthread_cond_destroy(&question.changed);
    pthread_mutex_destroy(&question.lock);
    return status;
}

sluice_status client_ask(sluice_client *client, enum transport_method method, struct rope *message,
                         double timeout_seconds, struct rope *ret_answer, sluice_error *error)
{
    struct transport_call_settings settings = {
        .method = method, .deadline_ns = client_deadline_ns(timeout_seconds), .wait_for_ready = client->wait_for_ready};
    return ask(client, client->transport, client->channel, &settings, message, ret_answer, error);
}

/* The channel for HTTP: the client's own, or a second one to the same host and port, made at its first use. */
static sluice_status http_channel(sluice_client *client, struct transport_channel **ret_channel, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    if (client->address.protocol == ADDRESS_HTTP) {
        *ret_channel = client->channel;
        return SLUICE_OK;
    }
    pthread_mutex_lock(&client->http_lock);
    if (client->http == NULL)
        status = transport_load(ADDRESS_HTTP, &client->http, error);
    if (status == SLUICE_OK && client->http_channel == NULL)
        status = client->http->connect(&client->settings, &client->http_channel, error);
    *ret_channel = client->http_channel;
    pthread_mutex_unlock(&client->http_lock);
    return status;
}

sluice_status client_ask_http(sluice_client *client, const struct transport_call_settings *settings,
                              struct rope *message, struct rope *ret_answer, sluice_error *error)
{
    struct transport_channel *channel = NULL;
    sluice_status status = http_channel(client, &channel, error);
    if (status != SLUICE_OK)
        return status;
    const struct transport *transport = client->address.protocol == ADDRESS_HTTP ? client->transport : client->http;
    return ask(client, transport, channel, settings, message, ret_answer, error);
}
