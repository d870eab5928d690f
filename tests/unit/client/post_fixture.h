/*
 * post_fixture.h - a scripted gateway and a client of it, for the programs that test the blocking call. Each includes it once:
 * begin() and end() stand around what a test does.
 */
#ifndef TESTS_CLIENT_POST_FIXTURE_H
#define TESTS_CLIENT_POST_FIXTURE_H

#include "tests/unit/client/kit.h"

#include <string.h>

static struct server *server;
static sluice_client *client;
static sluice_error error;

static void begin(const struct server_script *script)
{
    static const struct server_script echo;
    server = server_start(script != NULL ? script : &echo, 0);
    client = kit_client(server);
    memset(&error, 0, sizeof error);
}

static void end(void)
{
    sluice_client_free(client);
    server_stop(server);
}

static sluice_results *post_ok(sluice_inputs inputs, const sluice_post_options *options)
{
    sluice_results *results = NULL;
    sluice_status status = sluice_client_post(client, "/index", inputs, options, &results, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", error.where, error.text);
    return results;
}

#endif
