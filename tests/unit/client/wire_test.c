/* What is on the wire: compression (header and flag), nothing but the call, the defaults of the connection. */
#include "tests/unit/client/kit.h"
#include "tests/unit/client/relay.h"

#include <stdlib.h>
#include <string.h>

/* As given, the name on the wire (NULL: none), the first bytes of a compressed message. */
static const struct row {
    const char *option, *encoding, *start;
} rows[] = {
    {NULL,            NULL,      NULL      },
    {"NoCompression", NULL,      NULL      },
    {"nocompression", NULL,      NULL      },
    {"Gzip",          "gzip",    "\x1f\x8b"},
    {"gzip",          "gzip",    "\x1f\x8b"},
    {"Deflate",       "deflate", "\x78"    },
    {"deflate",       "deflate", "\x78"    },
};

static sluice_client *client_through(const struct relay *relay)
{
    sluice_client_options options = sluice_client_options_default();
    sluice_client *client;
    options.port = relay_port(relay);
    ck_assert_int_eq(sluice_client_new(&options, &client, NULL), SLUICE_OK);
    return client;
}

START_TEST(compression)
{
    static uint8_t data[1 << 20];
    const struct row *row = &rows[_i / 2];
    struct server *server = server_start(&(struct server_script){0}, 0);
    struct relay *relay = relay_start(server_port(server));
    sluice_client *client = client_through(relay);
    sluice_document_array *array = kit_documents(100);
    sluice_post_options options = sluice_post_options_default();
    sluice_results *results;
    sluice_error error = {0};
    options.compression = row->option;
    options.stream = _i % 2 == 0;
    sluice_status status = sluice_client_index(client, sluice_inputs_array(array), &options, &results, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 100);
    ck_assert_uint_eq(kit_sent_documents(server, 0), 100);
    sluice_results_free(results);
    sluice_client_free(client);
    relay_stop(relay);

    size_t size = relay_data(relay, data, sizeof data);
    ck_assert_uint_gt(size, 7);
    ck_assert_int_eq(data[0], row->encoding != NULL ? 1 : 0);
    size_t announced = (size_t)data[1] << 24 | (size_t)data[2] << 16 | (size_t)data[3] << 8 | data[4];
    ck_assert_uint_eq(announced, size - 5);
    ck_assert_int_eq(relay_headers_hold(relay, "grpc-encoding"), row->encoding != NULL);
    if (row->encoding != NULL) {
        ck_assert_mem_eq(data + 5, row->start, strlen(row->start));
        ck_assert(relay_headers_hold(relay, row->encoding));
    } else {
        ck_assert_int_eq(data[5], 0x0a);
    }
    ck_assert(!relay_headers_hold(relay, "grpc-internal-encoding-request"));
    ck_assert_uint_eq(server_calls(server), 1); /* nothing before the request: no dry run, no discovery */
    relay_free(relay);
    sluice_document_array_free(array);
    server_stop(server);
}
END_TEST

START_TEST(a_proxy_is_obeyed_only_when_asked)
{
    struct server *server = server_start(&(struct server_script){0}, 0);
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    sluice_client *client = kit_client(server);
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), NULL, NULL, NULL), SLUICE_OK);
    sluice_client_free(client);
    sluice_client_options options = sluice_client_options_default();
    options.port = server_port(server);
    options.proxy = true;
    ck_assert_int_eq(sluice_client_new(&options, &client, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), NULL, NULL, NULL), SLUICE_UNAVAILABLE);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

START_TEST(a_user_agent_and_an_ipv6_address)
{
    struct server *server = server_start(&(struct server_script){0}, 0);
    char uri[64], value[128];
    sluice_client_options options = sluice_client_options_default();
    sluice_client *client;
    options.port = server_port(server);
    options.user_agent = "tester/1";
    ck_assert_int_eq(sluice_client_new(&options, &client, NULL), SLUICE_OK);
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), NULL, NULL, NULL), SLUICE_OK);
    ck_assert(server_metadata(server, 0, "user-agent", value, sizeof value));
    ck_assert_int_eq(strncmp(value, "tester/1 ", 9), 0);
    sluice_client_free(client);

    snprintf(uri, sizeof uri, "grpc://[::ffff:127.0.0.1]:%d/", server_port(server));
    ck_assert_int_eq(sluice_client_open(uri, &client, NULL), SLUICE_OK);
    ck_assert_str_eq(sluice_client_address(client).host, "::ffff:127.0.0.1");
    ck_assert_int_eq(sluice_client_post(client, "/", sluice_inputs_none(), NULL, NULL, NULL), SLUICE_OK);
    sluice_client_free(client);
    server_stop(server);
}
END_TEST

static void add(TCase *test)
{
    tcase_add_loop_test(test, compression, 0, 2 * (int)(sizeof rows / sizeof *rows));
    tcase_add_test(test, a_proxy_is_obeyed_only_when_asked);
    tcase_add_test(test, a_user_agent_and_an_ipv6_address);
}

int main(void)
{
    return kit_run("client.wire", add);
}
