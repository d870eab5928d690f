/*
 * paths.h - which documents of a call a plugin works on: traversal paths in docarray's notation.
 *
 * "r" the documents, "c" their chunks, "m" their matches, "cc" the chunks of the chunks; several with commas; a leading
 * '@' is dropped. Documents are found before the first is worked on, so that what a handler adds is never met by its
 * own path. Everything belongs to one worker.
 */
#ifndef SLUICE_PLUGINS_PATHS_H
#define SLUICE_PLUGINS_PATHS_H

#include <sluice/executor.h>

#define PATHS_SIZE 64 /* bytes of a path with its final NUL; a longer one is refused */

/* The documents found, valid until the next paths_find() or the end of the call. Begins as zeros. */
struct found_documents {
    sluice_document **documents;
    size_t count, capacity;
    bool failed; /* no memory to remember one */
};

/* The setting `key`, as a C string. SLUICE_INVALID, with a sentence that names the key, when it is no path. */
sluice_status paths_read(sluice_text text, const char *key, char paths[PATHS_SIZE], sluice_error *error);

/* The documents of the call at `paths`, path after path. SLUICE_NO_MEMORY, SLUICE_INVALID. */
sluice_status paths_find(sluice_call *call, const char *paths, struct found_documents *found);

/* The same in an array that is only looked at. */
sluice_status paths_find_in(const sluice_document_array *array, const char *paths, struct found_documents *found);

void paths_done(struct found_documents *found);

#endif
