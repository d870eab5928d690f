/* http_kit.h - what the tests of the HTTP transport share. */
#ifndef TESTS_CLIENT_HTTP_KIT_H
#define TESTS_CLIENT_HTTP_KIT_H

#include "tests/unit/client/http_server.h"

#include <sluice/client.h>

#include <check.h>

/* Options of a client of that server; the host is valid until the next call on this thread. */
sluice_client_options http_options(const struct http_server *server);

/* A client, by those options or by the server alone; ends the test when it cannot be made. */
sluice_client *http_client_with(const sluice_client_options *options);
sluice_client *http_client(const struct http_server *server);

/* `count` documents with the ids "0", "1", … and the texts "text 0", …. */
sluice_document_array *http_documents(size_t count);

/* Does the text hold that? Ends the test with both when it does not. */
#define assert_says(text, part) ck_assert_msg(strstr(text, part) != NULL, "\"%s\" does not say \"%s\"", text, part)

int http_kit_run(const char *name, void (*add)(TCase *test));

#endif
