/*
 * index_kit.h - what the tests of vector_index share beside kit.h: a folder of its own, documents with embeddings, results.
 *
 * Every function fails the running test when something is not as it should be.
 */
#ifndef SLUICE_TESTS_PLUGINS_INDEX_KIT_H
#define SLUICE_TESTS_PLUGINS_INDEX_KIT_H

#include "kit.h"

extern struct kit index_kit;
extern char index_folder[64], index_file[96];

void index_make_folder(void);   /* a fixture: index_folder and the path of a file in it that is not there */
void index_remove_folder(void); /* closes the kit, too */

/* Open with this file and further settings ("\"limit\": 3" or NULL). */
void index_open(const char *settings);
void index_reopen(const char *settings);
/* Opening fails with a text that holds `words`, and the path of the file. */
void index_refused(const char *settings, const char *words);

/* Add a document to those that are sent next; begin with kit_begin(). */
sluice_document *index_add(const char *id, const float *vector, size_t dimension);
#define INDEX_ADD(id, ...) index_add(id, (const float[]){__VA_ARGS__}, sizeof((const float[]){__VA_ARGS__}) / sizeof(float))

/* Send, which must go well. */
void index_send(const char *endpoint, const char *parameters);
/* Send, which must fail with this description. */
void index_fails(const char *endpoint, const char *parameters, const char *description);

double index_result(const char *key); /* of the last call; fails when it is not there */
double index_status(const char *key); /* asks /status */

/* The matches of document `query` of the last answer are these ids, separated by blanks, in this order. */
void index_matches(size_t query, const char *ids);
/* The score of a match of it. */
float index_score(size_t query, size_t match, const char *name);

#endif
