#include "client/connection.h"

#include "client/options.h"
#include "client/response.h"
#include "common/document/codec.h"
#include "common/foundation/arena.h"
#include "common/foundation/clock.h"
#include "common/wire/wire.h"

#include <sluice/version.h>

#include <stdlib.h>
#include <string.h>

/* Settings for which 0 means these. */
enum { KEEPALIVE_TIME_MS = 9999, KEEPALIVE_TIMEOUT_MS = 4999, CONNECT_TIMEOUT_MS = 20000 };
enum { RECONNECT_BACKOFF_MS = 50, RECONNECT_BACKOFF_MAX_MS = 200 };

const char *sluice_version(void)
{
    return SLUICE_VERSION;
}

static int or_default(int value, int fallback)
{
    return value == 0 ? fallback : value;
}

static sluice_status resolve(const sluice_client_options *options, struct address *address, sluice_error *error)
{
    struct address_arguments arguments = {
        .host = options->host,
        .port_given = options->port_given || options->port != 0,
        .port = options->port,
        .protocol = options->protocol,
        .tls_given = options->tls_given || options->tls,
        .tls = options->tls,
    };
    return address_resolve(&arguments, address, error);
}

/* The TLS options, when they fit the address and one another. */
static sluice_status resolve_tls(const sluice_client_options *options, const struct address *address,
                                 struct transport_tls *tls, sluice_error *error)
{
    const char *given = options->tls_ca_file != NULL            ? "tls_ca_file"
                        : options->tls_certificate_file != NULL ? "tls_certificate_file"
                        : options->tls_key_file != NULL         ? "tls_key_file"
                        : options->tls_insecure                 ? "tls_insecure"
                                                                : NULL;
    if (given != NULL && !address->tls)
        return sluice_fail(error, SLUICE_INVALID, given,
                           "given for an address without TLS; use a grpcs://, https:// or wss:// address or set tls");
    if ((options->tls_certificate_file == NULL) != (options->tls_key_file == NULL))
        return sluice_fail(error, SLUICE_INVALID, given, "give both tls_certificate_file and tls_key_file, or neither");
    if (options->tls_insecure && options->tls_ca_file != NULL)
        return sluice_fail(error, SLUICE_INVALID, "tls_insecure",
                           "with it nothing is checked, so tls_ca_file has no use; give one of the two");
    *tls = (struct transport_tls){
        .on = address->tls,
        .ca_file = options->tls_ca_file,
        .certificate_file = options->tls_certificate_file,
        .key_file = options->tls_key_file,
        .insecure = options->tls_insecure,
    };
    return SLUICE_OK;
}

static sluice_status connect_client(sluice_client *client, const sluice_client_options *options, sluice_error *error)
{
    struct transport_settings settings = {
        .address = &client->address,
        .max_message_size = options->max_message_size,
        .proxy = options->proxy,
        .keepalive_time_ms = or_default(options->keepalive_time_ms, KEEPALIVE_TIME_MS),
        .keepalive_timeout_ms = or_default(options->keepalive_timeout_ms, KEEPALIVE_TIMEOUT_MS),
        .connect_timeout_ms = or_default(options->connect_timeout_ms, CONNECT_TIMEOUT_MS),
        .reconnect_backoff_ms = or_default(options->reconnect_backoff_ms, RECONNECT_BACKOFF_MS),
        .reconnect_backoff_max_ms = or_default(options->reconnect_backoff_max_ms, RECONNECT_BACKOFF_MAX_MS),
        .user_agent = options->user_agent,
    };
    if (settings.keepalive_timeout_ms < 0 || settings.connect_timeout_ms < 0 || settings.reconnect_backoff_ms < 0 ||
        settings.reconnect_backoff_max_ms < 0)
        return sluice_fail(error, SLUICE_INVALID, "options",
                           "times in milliseconds must be 0 or more (only keepalive_time_ms may be negative)");
    sluice_status status = resolve_tls(options, &client->address, &settings.tls, error);
    if (status == SLUICE_OK)
        status = transport_load(client->address.protocol, &client->transport, error);
    return status == SLUICE_OK ? client->transport->connect(&settings, &client->channel, error) : status;
}

sluice_status sluice_client_new(const sluice_client_options *given, sluice_client **ret_client, sluice_error *error)
{
    sluice_client_options options;
    sluice_status status = options_client(given, &options, error);
    if (status != SLUICE_OK)
        return status;
    sluice_client *client = calloc(1, sizeof *client);
    if (client == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a client");
    atomic_init(&client->references, 1);
    timers_init(&client->timers);
    client->window_max = options_window(options.prefetch, CONNECTION_PREFETCH);
    client->wait_for_ready = options.wait_for_ready;
    status = resolve(&options, &client->address, error);
    if (status == SLUICE_OK) {
        bool numeric6 = strchr(client->address.host, ':') != NULL;
        snprintf(client->name, sizeof client->name, "%s://%s%s%s:%u", address_scheme(&client->address),
                 numeric6 ? "[" : "", client->address.host, numeric6 ? "]" : "", client->address.port);
        status = connect_client(client, &options, error);
    }
    if (status != SLUICE_OK) {
        client_unref(client);
        return status;
    }
    *ret_client = client;
    return SLUICE_OK;
}

sluice_status sluice_client_open(const char *uri, sluice_client **ret_client, sluice_error *error)
{
    sluice_client_options options = sluice_client_options_default();
    options.host = uri;
    return sluice_client_new(&options, ret_client, error);
}

sluice_client *client_ref(sluice_client *client)
{
    atomic_fetch_add_explicit(&client->references, 1, memory_order_relaxed);
    return client;
}

void client_unref(sluice_client *client)
{
    if (atomic_fetch_sub_explicit(&client->references, 1, memory_order_acq_rel) != 1)
        return;
    timers_done(&client->timers);
    if (client->channel != NULL)
        client->transport->close(client->channel);
    free(client);
}

void sluice_client_free(sluice_client *client)
{
    if (client != NULL)
        client_unref(client);
}

sluice_address sluice_client_address(const sluice_client *client)
{
    return (sluice_address){.protocol = address_protocol_name(client->address.protocol),
                            .host = client->address.host,
                            .port = client->address.port,
                            .tls = client->address.tls};
}

uint64_t client_deadline_ns(double timeout_seconds)
{
    if (!(timeout_seconds > 0))
        return 0;
    double ns = timeout_seconds * (double)CLOCK_NS_PER_SECOND;
    double furthest = (double)(UINT64_MAX / 4);
    return clock_monotonic_ns() + (uint64_t)(ns < furthest ? ns : furthest);
}

sluice_status client_call_failure(const sluice_client *client, const struct transport_end *end, sluice_error *error)
{
    return sluice_fail(error, end->status, client->name, "%s (%s, status %d)",
                       end->text[0] != '\0' ? end->text : "the gateway gave no reason", sluice_status_name(end->status),
                       end->code);
}

/* ---- one question ---- */

struct question {
    sluice_client *client;
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
    question->client->transport->call_finish(question->call);
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
    question->client->transport->call_release(question->call);
    question->error.status = SLUICE_OK;
    if (end->status != SLUICE_OK)
        client_call_failure(question->client, end, &question->error);
    else if (!question->answered)
        sluice_fail(&question->error, SLUICE_UNAVAILABLE, question->client->name, "the call ended without an answer");
    question->ended = true;
    pthread_cond_signal(&question->changed);
    pthread_mutex_unlock(&question->lock);
}

sluice_status client_ask(sluice_client *client, enum transport_method method, struct rope *message,
                         double timeout_seconds, struct rope *ret_answer, sluice_error *error)
{
    static const struct transport_events events = {question_sent, question_received, question_ended};
    struct transport_call_settings settings = {
        .method = method, .deadline_ns = client_deadline_ns(timeout_seconds), .wait_for_ready = client->wait_for_ready};
    struct question question = {
        .client = client, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    rope_init(&question.answer);

    pthread_mutex_lock(&question.lock);
    sluice_status status =
        client->transport->call_start(client->channel, &settings, &events, &question, &question.call, error);
    if (status == SLUICE_OK) {
        client->transport->call_read(question.call);
        client->transport->call_send(question.call, message);
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

/* The same with the answer in one piece of memory, for free(). */
static sluice_status ask_bytes(sluice_client *client, enum transport_method method, struct rope *message,
                               double timeout_seconds, uint8_t **ret_data, size_t *ret_size, sluice_error *error)
{
    struct rope answer;
    rope_init(&answer);
    sluice_status status = client_ask(client, method, message, timeout_seconds, &answer, error);
    if (status == SLUICE_OK) {
        *ret_data = malloc(answer.size + 1);
        *ret_size = answer.size;
        if (*ret_data != NULL)
            rope_copy_out(&answer, *ret_data);
        else
            status = sluice_fail(error, SLUICE_NO_MEMORY, client->name, "no memory for an answer");
    }
    rope_done(&answer);
    return status;
}

static sluice_status unreadable(const sluice_client *client, sluice_error *error)
{
    return sluice_fail(error, SLUICE_INVALID, client->name, "the answer cannot be read; is this a Jina gateway?");
}

sluice_status sluice_client_is_flow_ready(sluice_client *client, double timeout_seconds, sluice_error *error)
{
    struct rope empty;
    uint8_t *data = NULL;
    size_t size = 0;
    rope_init(&empty);
    sluice_status status = ask_bytes(client, TRANSPORT_DRY_RUN, &empty, timeout_seconds, &data, &size, error);
    if (status != SLUICE_OK)
        return status;
    struct response_status answer = {0};
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    if (arena == NULL)
        status = sluice_fail(error, SLUICE_NO_MEMORY, client->name, "no memory for an answer");
    else if (response_read_status(arena, data, size, &answer, NULL) != SLUICE_OK)
        status = unreadable(client, error);
    else if (answer.code != 0)
        status =
            sluice_fail(error, SLUICE_EXECUTOR, client->name, "the Flow is not ready: %.*s",
                        (int)(answer.description.size < 600 ? answer.description.size : 600), answer.description.data);
    arena_free(arena);
    free(data);
    return status;
}

sluice_status sluice_client_health(sluice_client *client, const char *service, double timeout_seconds,
                                   sluice_health *ret_health, sluice_error *error)
{
    enum { CHECK_SERVICE = 1, CHECK_STATUS = 1 };
    struct rope message;
    struct buffer request;
    uint8_t *data = NULL;
    size_t size = 0;
    rope_init(&message);
    buffer_init(&request, BUFFER_NO_LIMIT);
    if (service != NULL && service[0] != '\0')
        wire_append_text(&request, CHECK_SERVICE, service);
    struct block *block = block_new(request.size);
    sluice_status status = block != NULL ? request.failed : SLUICE_NO_MEMORY;
    if (status == SLUICE_OK && request.size > 0) {
        memcpy(block->data, request.data, request.size);
        status = rope_append(&message, block, block->data, block->size);
    }
    block_unref(block);
    buffer_done(&request);
    if (status != SLUICE_OK)
        sluice_fail(error, status, client->name, "no memory for a request");
    else
        status = ask_bytes(client, TRANSPORT_HEALTH, &message, timeout_seconds, &data, &size, error);
    rope_done(&message);
    if (status != SLUICE_OK)
        return status;

    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    *ret_health = SLUICE_HEALTH_UNKNOWN;
    while (wire_next(&reader, &field))
        if (field.number == CHECK_STATUS && field.type == WIRE_VARINT)
            *ret_health = field.value <= SLUICE_HEALTH_NOT_SERVING ? (sluice_health)field.value : SLUICE_HEALTH_UNKNOWN;
    free(data);
    return reader.malformed ? unreadable(client, error) : SLUICE_OK;
}

/* One entry of a map<string, string>. */
static bool read_pair(const struct wire_field *from, sluice_value *map)
{
    enum { PAIR_KEY = 1, PAIR_VALUE = 2 };
    sluice_text key = sluice_text_of(""), value = sluice_text_of("");
    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_text *text = field.number == PAIR_KEY ? &key : field.number == PAIR_VALUE ? &value : NULL;
        if (text != NULL && field.type == WIRE_BYTES)
            *text = (sluice_text){(const char *)field.data, field.size};
    }
    return !reader.malformed && sluice_value_set_text(map, key, value) == SLUICE_OK;
}

static sluice_status read_info(const sluice_client *client, const uint8_t *data, size_t size, sluice_value *info,
                               sluice_error *error)
{
    enum { INFO_JINA = 1, INFO_ENVS = 2 };
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    if (sluice_value_set_map(info, "jina") == NULL || sluice_value_set_map(info, "envs") == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, client->name, "no memory for an answer");
    sluice_value *jina = (sluice_value *)sluice_value_get(info, "jina");
    sluice_value *envs = (sluice_value *)sluice_value_get(info, "envs");
    while (wire_next(&reader, &field)) {
        sluice_value *map = field.number == INFO_JINA ? jina : field.number == INFO_ENVS ? envs : NULL;
        if (map != NULL && (field.type != WIRE_BYTES || !read_pair(&field, map)))
            return unreadable(client, error);
    }
    return reader.malformed ? unreadable(client, error) : SLUICE_OK;
}

sluice_status sluice_client_info(sluice_client *client, double timeout_seconds, sluice_value **ret_info,
                                 sluice_error *error)
{
    struct rope empty;
    uint8_t *data = NULL;
    size_t size = 0;
    rope_init(&empty);
    sluice_status status = ask_bytes(client, TRANSPORT_INFO, &empty, timeout_seconds, &data, &size, error);
    if (status != SLUICE_OK)
        return status;
    sluice_value *info = sluice_value_new_map();
    status = info != NULL ? read_info(client, data, size, info, error)
                          : sluice_fail(error, SLUICE_NO_MEMORY, client->name, "no memory for an answer");
    free(data);
    if (status != SLUICE_OK) {
        sluice_value_free(info);
        return status;
    }
    *ret_info = info;
    return SLUICE_OK;
}
