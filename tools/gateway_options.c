#include "tools/gateway_options.h"

const char *const gateway_protocols[] = {"grpc", "http", "websocket", NULL};

sluice_status gateway_open(const struct gateway_options *options, const char *uri, sluice_client **ret_client,
                           sluice_error *error)
{
    sluice_client_options client = sluice_client_options_default();
    client.host = uri;
    client.port_given = options->port >= 0;
    client.port = client.port_given ? (int)options->port : 0;
    client.protocol = options->protocol;
    client.tls = client.tls_given = options->tls;
    tls_options_apply(&options->tls_options, &client);
    client.max_message_size = (size_t)options->max_message_size;
    client.max_request_size = (size_t)options->max_request_size;
    client.max_connections = (int)options->max_connections;
    client.wait_for_ready = options->wait;
    client.proxy = options->proxy;
    return sluice_client_new(&client, ret_client, error);
}
