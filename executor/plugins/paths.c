#include "paths.h"

#include <stdlib.h>
#include <string.h>

sluice_status paths_read(sluice_text text, const char *key, char paths[PATHS_SIZE], sluice_error *error)
{
    if (text.size > 0 && text.data[0] == '@') /* docarray writes docs['@c'] */
        text = (sluice_text){text.data + 1, text.size - 1};
    if (text.size >= PATHS_SIZE)
        return sluice_fail(error, SLUICE_INVALID, key, "%s must have at most %d letters and commas", key,
                           PATHS_SIZE - 1);
    char copy[PATHS_SIZE];
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    if (text.size == 0 || strspn(copy, "rcm,") != text.size)
        return sluice_fail(error, SLUICE_INVALID, key,
                           "%s \"%s\" must be made of r, c, m and commas, such as \"r\" or \"r,c\"", key, copy);
    memcpy(paths, copy, text.size + 1);
    return SLUICE_OK;
}

static bool remember(sluice_document *document, void *context)
{
    struct found_documents *found = context;
    if (found->count == found->capacity) {
        size_t capacity = found->capacity == 0 ? 64 : found->capacity * 2;
        sluice_document **documents = reallocarray(found->documents, capacity, sizeof(*documents));
        if (documents == NULL) {
            found->failed = true;
            return false;
        }
        found->documents = documents;
        found->capacity = capacity;
    }
    found->documents[found->count++] = document;
    return true;
}

sluice_status paths_find_in(const sluice_document_array *array, const char *paths, struct found_documents *found)
{
    found->count = 0;
    found->failed = false;
    sluice_status status = sluice_document_array_traverse(array, paths, remember, found);
    return found->failed ? SLUICE_NO_MEMORY : status;
}

sluice_status paths_find(sluice_call *call, const char *paths, struct found_documents *found)
{
    return paths_find_in(sluice_call_documents(call), paths, found);
}

void paths_done(struct found_documents *found)
{
    free(found->documents);
    *found = (struct found_documents){0};
}
