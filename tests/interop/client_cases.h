/* client_cases.h - the parts of interop-client: what is sent, and what came back as values that compare. */
#ifndef SLUICE_TESTS_INTEROP_CLIENT_CASES_H
#define SLUICE_TESTS_INTEROP_CLIENT_CASES_H

#include <sluice/client.h>

/* ---- client_documents.c: what is sent; the caller frees the arrays ---- */

enum { LARGE_TEXT_BYTES = 8 << 20 };

sluice_document_array *documents_texts(size_t count);
sluice_document_array *documents_every_kind(void);  /* every field, NUL bytes, emoji, nested tags, chunks and matches */
sluice_document_array *documents_every_dtype(void); /* one document per dtype, and big-endian ones */
sluice_document_array *documents_for_json(void);    /* arrays whose numbers JSON can hold */
sluice_document_array *documents_large_text(void);
sluice_document_array *documents_with_a_bad_one(void); /* the second makes the executor `tagger` fail */

/* ---- client_values.c: what came ---- */

/* Add to the map or list. Long texts become their length and a sum; arrays their dtype, shape and bytes. */
void values_add_document(sluice_value *list, const sluice_document *document);
void values_add_documents(sluice_value *map, const sluice_document_array *documents);
void values_add_response(sluice_value *list, sluice_response *response);
void values_add_error(sluice_value *map, sluice_status status);

#endif
