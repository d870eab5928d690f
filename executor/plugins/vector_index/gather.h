/*
 * gather.h - the documents of a request that are meant, and their embeddings as rows of float32. What is wrong with one of
 * them is said with its place and id.
 */
#ifndef VECTOR_INDEX_GATHER_H
#define VECTOR_INDEX_GATHER_H

#include "../paths.h"
#include "writer.h"

struct gathered {
    struct found_documents found; /* of the request's array */
    size_t dimension, stride;
    float *rows; /* one for each document, padded with zeros, aligned; NULL without documents */
};

void gathered_init(struct gathered *gathered);
void gathered_done(struct gathered *gathered);

/* The documents at this path, in its order. SLUICE_INVALID, SLUICE_NO_MEMORY. */
sluice_status gather_documents(const sluice_document_array *array, const char *path, struct gathered *gathered,
                               sluice_error *error);

/*
 * Their embeddings. `dimension` is what they must have; 0: what the first one has. SLUICE_INVALID: one has none, another
 * dimension, a dtype that is no real number, numbers that are not finite or too large.
 */
sluice_status gather_embeddings(struct gathered *gathered, size_t dimension, sluice_error *error);

/* A job that keeps the gathered documents, with copies of them; the rows become the job's. */
sluice_status gather_job(struct gathered *gathered, enum job_kind kind, struct job **ret_job, sluice_error *error);

/* A job that removes these documents, and the ids of the list (NULL: none). */
sluice_status gather_removals(const sluice_document_array *array, const sluice_value *ids, struct job **ret_job,
                              sluice_error *error);

#endif
