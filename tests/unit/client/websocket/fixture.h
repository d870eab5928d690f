/*
 * fixture.h - one peer, one client, one stream: what the tests of calls share, in each program its own.
 */
#ifndef TESTS_CLIENT_WEBSOCKET_FIXTURE_H
#define TESTS_CLIENT_WEBSOCKET_FIXTURE_H

#include "tests/unit/client/websocket/kit.h"

#define FIXTURE static __attribute__((unused))

FIXTURE struct peer *peer;
FIXTURE sluice_client *client;
FIXTURE sluice_stream *stream;
FIXTURE sluice_error error;

FIXTURE void begin(peer_serve *serve, void *context)
{
    peer = peer_start(serve, context, NULL, 0);
    client = websocket_client(peer);
}

FIXTURE void end(void)
{
    sluice_stream_free(stream);
    stream = NULL;
    sluice_client_free(client);
    peer_stop(peer);
}

FIXTURE void open_stream(const sluice_post_options *options)
{
    sluice_status status = sluice_stream_open(client, "/index", options, &stream, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
}

FIXTURE void push_ok(const char *id)
{
    sluice_request request = {.id = id};
    sluice_status status = sluice_stream_push(stream, &request, 0, NULL, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
}

FIXTURE sluice_pulled pull(sluice_response **ret_response)
{
    return sluice_stream_pull(stream, 30, ret_response, &error);
}

FIXTURE void pull_ok(const char *id)
{
    sluice_response *response;
    sluice_pulled pulled = pull(&response);
    ck_assert_msg(pulled == SLUICE_PULLED_RESPONSE, "pulled %d: %s", (int)pulled, error.text);
    if (id != NULL)
        ck_assert(sluice_text_is(sluice_response_request_id(response), id));
    sluice_response_unref(response);
}

FIXTURE void pull_failure(sluice_status status, const char *piece)
{
    sluice_response *response;
    ck_assert_int_eq(pull(&response), SLUICE_PULLED_FAILED);
    websocket_expect(error.status, &error, status, piece);
}

#endif
