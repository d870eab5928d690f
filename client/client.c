#include "client/connection.h"

#include "client/options.h"
#include "common/foundation/clock.h"

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

static bool copy_text(const char **target, const char *text)
{
    *target = text != NULL ? strdup(text) : NULL;
    return text == NULL || *target != NULL;
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

/* The settings of the client's channels, with texts of the client's own. */
static sluice_status make_settings(sluice_client *client, const sluice_client_options *options, sluice_error *error)
{
    struct transport_settings *settings = &client->settings;
    *settings = (struct transport_settings){
        .address = &client->address,
        .max_message_size = options->max_message_size,
        .max_request_size = client->max_request_size,
        .max_connections = (size_t)options->max_connections,
        .proxy = options->proxy,
        .keepalive_time_ms = or_default(options->keepalive_time_ms, KEEPALIVE_TIME_MS),
        .keepalive_timeout_ms = or_default(options->keepalive_timeout_ms, KEEPALIVE_TIMEOUT_MS),
        .connect_timeout_ms = or_default(options->connect_timeout_ms, CONNECT_TIMEOUT_MS),
        .reconnect_backoff_ms = or_default(options->reconnect_backoff_ms, RECONNECT_BACKOFF_MS),
        .reconnect_backoff_max_ms = or_default(options->reconnect_backoff_max_ms, RECONNECT_BACKOFF_MAX_MS),
    };
    if (settings->keepalive_timeout_ms < 0 || settings->connect_timeout_ms < 0 || settings->reconnect_backoff_ms < 0 ||
        settings->reconnect_backoff_max_ms < 0)
        return sluice_fail(error, SLUICE_INVALID, "options",
                           "times in milliseconds must be 0 or more (only keepalive_time_ms may be negative)");
    if (options->max_connections < 0)
        return sluice_fail(error, SLUICE_INVALID, "max_connections", "max_connections is %d; it must be 0 or more",
                           options->max_connections);
    struct transport_tls tls = {0};
    sluice_status status = resolve_tls(options, &client->address, &tls, error);
    if (status != SLUICE_OK)
        return status;
    settings->tls = (struct transport_tls){.on = tls.on, .insecure = tls.insecure};
    if (!copy_text(&settings->user_agent, options->user_agent) || !copy_text(&settings->tls.ca_file, tls.ca_file) ||
        !copy_text(&settings->tls.certificate_file, tls.certificate_file) ||
        !copy_text(&settings->tls.key_file, tls.key_file))
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a client");
    return SLUICE_OK;
}

static sluice_status connect_client(sluice_client *client, sluice_error *error)
{
    sluice_status status = transport_load(client->address.protocol, &client->transport, error);
    return status == SLUICE_OK ? client->transport->connect(&client->settings, &client->channel, error) : status;
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
    client->max_request_size = options.max_request_size != 0 ? options.max_request_size : CONNECTION_REQUEST_MAX;
    pthread_mutex_init(&client->http_lock, NULL);
    status = resolve(&options, &client->address, error);
    if (status == SLUICE_OK) {
        bool numeric6 = strchr(client->address.host, ':') != NULL;
        snprintf(client->name, sizeof client->name, "%s://%s%s%s:%u", address_scheme(&client->address),
                 numeric6 ? "[" : "", client->address.host, numeric6 ? "]" : "", client->address.port);
        status = make_settings(client, &options, error);
    }
    if (status == SLUICE_OK)
        status = connect_client(client, error);
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
    if (client->http_channel != NULL)
        client->http->close(client->http_channel);
    pthread_mutex_destroy(&client->http_lock);
    free((char *)client->settings.user_agent);
    free((char *)client->settings.tls.ca_file);
    free((char *)client->settings.tls.certificate_file);
    free((char *)client->settings.tls.key_file);
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

sluice_status client_check_size(const sluice_client *client, sluice_text id, const struct rope *message, sluice_error *error)
{
    size_t most = client->max_request_size;
    if (message->size <= most)
        return SLUICE_OK;
    return sluice_fail(error, SLUICE_TOO_LARGE, client->name,
                       "request %.*s has %zu bytes, more than the %zu of max_request_size; put fewer documents into a "
                       "request (request_size)",
                       (int)(id.size < 64 ? id.size : 64), id.data, message->size, most);
}

uint64_t client_deadline_ns(double timeout_seconds)
{
    if (!(timeout_seconds > 0))
        return 0;
    double ns = timeout_seconds * (double)CLOCK_NS_PER_SECOND;
    double furthest = (double)(UINT64_MAX / 4);
    return clock_monotonic_ns() + (uint64_t)(ns < furthest ? ns : furthest);
}
