/*
 * mime.h - MIME types of documents, guessed as docarray does with Python's module mimetypes.
 *
 * The table is Python's own; files of the system are not read, so the answer is the same everywhere. Private to
 * common/json; pure; any thread. The results are texts of the table.
 */
#ifndef SLUICE_JSON_MIME_H
#define SLUICE_JSON_MIME_H

#include <sluice/document.h>

/* mimetypes.guess_type(uri)[0]; the empty text when nothing is known. `data:` URLs name their own type (a part of
 * `uri`). */
sluice_text mime_of_uri(sluice_text uri);

/* The type that a document gets which names `type`: a known type as it is, "png" as "image/png", else as it is. */
sluice_text mime_of_name(sluice_text type);

#endif
