/* kit.h - what the client's tests share: a client for a server, documents, the ids that came back. */
#ifndef TESTS_CLIENT_KIT_H
#define TESTS_CLIENT_KIT_H

#include "tests/unit/client/server.h"

#include <sluice/client.h>

#include <check.h>

/* A client of that server; ends the test when it cannot be made. */
sluice_client *kit_client(const struct server *server);

/* `count` documents with the ids "0", "1", … and the texts "text 0", …. */
sluice_document_array *kit_documents(size_t count);

/* The id of a document as a number. */
size_t kit_number(const sluice_document *document);

/* How many documents the message of index `index` at the server holds; SIZE_MAX: it has no data. */
size_t kit_sent_documents(struct server *server, size_t index);

/* Run a suite of one case in main(). */
int kit_run(const char *name, void (*add)(TCase *test));

#endif
