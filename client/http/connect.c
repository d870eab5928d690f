/* connect.c - making a channel out of the settings, and closing it. */
#include "client/http/channel.h"
#include "client/http/tls.h"

#include <sluice/version.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void start_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* "localhost:51234", "[fe80::1%25eth0]:51234"; the port is always said. */
static void write_host(const struct address *address, struct buffer *text)
{
    bool numeric6 = strchr(address->host, ':') != NULL;
    buffer_append_text(text, numeric6 ? "[" : "");
    for (const char *at = address->host; *at != '\0'; at++)
        if (*at == '%')
            buffer_append_text(text, "%25");
        else
            buffer_append_byte(text, (uint8_t)*at);
    buffer_printf(text, "%s:%u", numeric6 ? "]" : "", address->port);
}

static char *text_of(struct buffer *buffer)
{
    size_t size;
    char *text = buffer->failed == SLUICE_OK ? (char *)buffer_take(buffer, &size) : NULL;
    buffer_done(buffer);
    return text;
}

static bool set_names(struct transport_channel *channel, const struct transport_settings *settings)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    write_host(settings->address, &text);
    channel->host = text_of(&text);
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_printf(&text, "%s://%s", settings->tls.on ? "https" : "http", channel->host != NULL ? channel->host : "");
    channel->base = text_of(&text);
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_printf(&text, "%s%ssluice/" SLUICE_VERSION, settings->user_agent != NULL ? settings->user_agent : "",
                  settings->user_agent != NULL ? " " : "");
    channel->user_agent = text_of(&text);
    channel->tls_host = strdup(settings->address->host);
    return channel->host != NULL && channel->tls_host != NULL && channel->base != NULL && channel->user_agent != NULL;
}

static bool set_settings(struct transport_channel *channel, const struct transport_settings *settings)
{
    channel->tls = settings->tls.on;
    channel->insecure = settings->tls.insecure;
    channel->proxy = settings->proxy;
    channel->max_message_size = settings->max_message_size;
    channel->max_request_size = settings->max_request_size;
    channel->max_connections = settings->max_connections != 0 ? settings->max_connections : HTTP_CONNECTIONS;
    channel->keepalive_time_ms = settings->keepalive_time_ms;
    channel->keepalive_timeout_ms = settings->keepalive_timeout_ms;
    channel->connect_timeout_ms = settings->connect_timeout_ms;
    channel->backoff_ms = settings->reconnect_backoff_ms;
    channel->backoff_max_ms = settings->reconnect_backoff_max_ms;
    return set_names(channel, settings);
}

static void channel_free(struct transport_channel *channel)
{
    loop_done(channel);
    routes_done(&channel->routes);
    pthread_mutex_destroy(&channel->lock);
    free(channel->base);
    free(channel->host);
    free(channel->user_agent);
    http_tls_done(channel);
    free(channel->tls_host);
    free(channel);
}

/* Signals stay with the program's own threads; so a broken pipe below TLS does not end it. */
static sluice_status start_thread(struct transport_channel *channel, sluice_error *error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&channel->thread, NULL, loop_run, channel);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result == 0)
        return SLUICE_OK;
    return sluice_fail(error, SLUICE_SYSTEM, NULL, "cannot start a thread: %s", strerror(result));
}

sluice_status channel_connect(const struct transport_settings *settings, struct transport_channel **ret_channel,
                              sluice_error *error)
{
    pthread_once(&curl_once, start_curl);
    struct transport_channel *channel = calloc(1, sizeof *channel);
    if (channel == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a connection");
    channel->epoll_fd = channel->event_fd = -1;
    pthread_mutex_init(&channel->lock, NULL);
    sluice_status status = workers_new("sluice-json", HTTP_WORKERS, WORKERS_WHEN_NEEDED, &channel->workers, error);
    if (status == SLUICE_OK && !set_settings(channel, settings))
        status = sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a connection");
    if (status == SLUICE_OK && channel->tls)
        status = http_tls_load(channel, &settings->tls, error);
    if (status == SLUICE_OK)
        status = loop_init(channel, error);
    if (status == SLUICE_OK)
        status = start_thread(channel, error);
    if (status != SLUICE_OK) {
        workers_free(channel->workers);
        channel_free(channel);
        return status;
    }
    *ret_channel = channel;
    return SLUICE_OK;
}

void channel_close(struct transport_channel *channel)
{
    uint64_t one = 1;
    pthread_mutex_lock(&channel->lock);
    channel->stopping = true;
    pthread_mutex_unlock(&channel->lock);
    if (write(channel->event_fd, &one, sizeof one) < 0)
        (void)one; /* it is readable already */
    pthread_join(channel->thread, NULL);
    workers_free(channel->workers);
    channel_free(channel);
}
