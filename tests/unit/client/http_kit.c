#include "tests/unit/client/http_kit.h"

#include "tests/unit/suite.h"

#include <string.h>

sluice_client_options http_options(const struct http_server *server)
{
    static _Thread_local char host[64];
    sluice_client_options options = sluice_client_options_default();
    snprintf(host, sizeof host, "http://127.0.0.1:%d", http_server_port(server));
    options.host = host;
    return options;
}

sluice_client *http_client_with(const sluice_client_options *options)
{
    sluice_client *client = NULL;
    sluice_error error = {0};
    ck_assert_msg(sluice_client_new(options, &client, &error) == SLUICE_OK, "%s: %s", error.where, error.text);
    return client;
}

sluice_client *http_client(const struct http_server *server)
{
    sluice_client_options options = http_options(server);
    return http_client_with(&options);
}

sluice_document_array *http_documents(size_t count)
{
    sluice_document_array *array = sluice_document_array_new();
    for (size_t i = 0; i < count; i++) {
        char text[32];
        sluice_document *document = sluice_document_array_append(array);
        snprintf(text, sizeof text, "%zu", i);
        ck_assert_int_eq(sluice_document_set_id(document, text, strlen(text)), SLUICE_OK);
        snprintf(text, sizeof text, "text %zu", i);
        ck_assert_int_eq(sluice_document_set_string(document, text), SLUICE_OK);
    }
    return array;
}

int http_kit_run(const char *name, void (*add)(TCase *test))
{
    Suite *suite = suite_create(name);
    TCase *test = tcase_create(name);
    tcase_set_timeout(test, SUITE_TIMEOUT_SECONDS);
    add(test);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
