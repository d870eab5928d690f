#include "tests/unit/client/websocket/kit.h"

#include <string.h>

sluice_client_options websocket_options(int port)
{
    sluice_client_options options = sluice_client_options_default();
    options.host = "127.0.0.1";
    options.protocol = "websocket";
    options.port = port;
    return options;
}

sluice_client *websocket_client_of(const sluice_client_options *options)
{
    sluice_client *client = NULL;
    sluice_error error = {0};
    ck_assert_msg(sluice_client_new(options, &client, &error) == SLUICE_OK, "%s: %s", error.where, error.text);
    return client;
}

sluice_client *websocket_client(const struct peer *peer)
{
    sluice_client_options options = websocket_options(peer_port(peer));
    return websocket_client_of(&options);
}

sluice_status websocket_post(sluice_client *client, const sluice_post_options *options, sluice_error *error)
{
    memset(error, 0, sizeof *error);
    return sluice_client_post(client, "/index", sluice_inputs_none(), options, NULL, error);
}

void websocket_expect(sluice_status got, const sluice_error *error, sluice_status status, const char *piece)
{
    ck_assert_msg(got == status, "%s: %s", sluice_status_name(got), error->text);
    if (status != SLUICE_OK)
        ck_assert_msg(strstr(error->text, piece) != NULL, "the text is: %s", error->text);
}
