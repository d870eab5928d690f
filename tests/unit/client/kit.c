#include "tests/unit/client/kit.h"
#include "tests/unit/suite.h"

#include "client/response.h"

#include <stdlib.h>

sluice_client *kit_client(const struct server *server)
{
    sluice_client_options options = sluice_client_options_default();
    sluice_client *client = NULL;
    sluice_error error = {0};
    options.host = "127.0.0.1";
    options.port = server_port(server);
    ck_assert_msg(sluice_client_new(&options, &client, &error) == SLUICE_OK, "%s: %s", error.where, error.text);
    return client;
}

sluice_document_array *kit_documents(size_t count)
{
    sluice_document_array *array = sluice_document_array_new();
    char text[32];
    for (size_t i = 0; i < count; i++) {
        sluice_document *document = sluice_document_array_append(array);
        ck_assert_ptr_nonnull(document);
        int size = snprintf(text, sizeof text, "%zu", i);
        ck_assert_int_eq(sluice_document_set_id(document, text, (size_t)size), SLUICE_OK);
        snprintf(text, sizeof text, "text %zu", i);
        ck_assert_int_eq(sluice_document_set_string(document, text), SLUICE_OK);
    }
    return array;
}

size_t kit_number(const sluice_document *document)
{
    ck_assert_ptr_nonnull(document);
    sluice_text id = sluice_document_id(document);
    char text[32];
    snprintf(text, sizeof text, "%.*s", (int)id.size, id.data);
    return strtoul(text, NULL, 10);
}

size_t kit_sent_documents(struct server *server, size_t index)
{
    static uint8_t bytes[1 << 20];
    struct rope message;
    sluice_response *request = NULL;
    size_t size = server_message(server, index, bytes, sizeof bytes);
    rope_init(&message);
    ck_assert_int_eq(rope_append(&message, NULL, bytes, size), SLUICE_OK);
    ck_assert_int_eq(response_read(&message, &request, NULL), SLUICE_OK);
    rope_done(&message);
    size_t count = SIZE_MAX;
    if (request->has_data)
        count = sluice_document_array_size(sluice_response_documents(request, NULL));
    sluice_response_unref(request);
    return count;
}

int kit_run(const char *name, void (*add)(TCase *test))
{
    Suite *suite = suite_create(name);
    TCase *test = tcase_create(name);
    tcase_set_timeout(test, 60);
    add(test);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
