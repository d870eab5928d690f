#include "gather.h"
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_SHOWN_MAX = 100 }; /* bytes of an id in a message */

void gathered_init(struct gathered *gathered)
{
    *gathered = (struct gathered){0};
}

void gathered_done(struct gathered *gathered)
{
    paths_done(&gathered->found);
    free(gathered->rows);
}

static sluice_status no_memory(sluice_error *error)
{
    return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for the documents of the request");
}

sluice_status gather_documents(const sluice_document_array *array, const char *path, struct gathered *gathered,
                               sluice_error *error)
{
    sluice_status status = paths_find_in(array, path, &gathered->found);
    if (status == SLUICE_NO_MEMORY)
        return no_memory(error);
    if (status != SLUICE_OK)
        return sluice_fail(error, status, NULL, "the traversal path \"%s\" cannot be read", path);
    return SLUICE_OK;
}

/* ---- embeddings ---- */

/* "document 3 ("abc") …" */
static sluice_status refuse(const struct gathered *gathered, size_t index, sluice_error *error, const char *what)
{
    sluice_text id = sluice_document_id(gathered->found.documents[index]);
    size_t shown = id.size < ID_SHOWN_MAX ? id.size : ID_SHOWN_MAX;
    return sluice_fail(error, SLUICE_INVALID, NULL, "document %zu (\"%.*s\") %s", index, (int)shown, id.data, what);
}

static bool is_real(sluice_dtype dtype)
{
    return dtype >= SLUICE_DTYPE_BOOL && dtype <= SLUICE_DTYPE_FLOAT64;
}

static sluice_status check_embedding(const struct gathered *gathered, size_t index, sluice_tensor *embedding,
                                     sluice_error *error)
{
    if (!sluice_document_embedding(gathered->found.documents[index], embedding))
        return refuse(gathered, index, error, "has no embedding; put an encoder before the index");
    if (embedding->sparse)
        return refuse(gathered, index, error, "has a sparse embedding; the index takes dense ones");
    if (!is_real(embedding->dtype))
        return refuse(gathered, index, error, "has an embedding whose numbers are not real; use float32");
    size_t count = sluice_tensor_count(embedding);
    if (count == 0 || count > STORE_DIMENSION_MAX)
        return refuse(gathered, index, error, "has an embedding without numbers, or with more than 65536");
    if (embedding->size / sluice_dtype_size(embedding->dtype) < count)
        return refuse(gathered, index, error, "has an embedding whose data does not fill its shape");
    return SLUICE_OK;
}

static void read_numbers(const sluice_tensor *embedding, float *row, size_t count)
{
    if (embedding->dtype == SLUICE_DTYPE_FLOAT32 && !embedding->big_endian) {
        memcpy(row, embedding->data, count * sizeof *row);
        return;
    }
    for (size_t i = 0; i < count; i++)
        row[i] = (float)sluice_tensor_number(embedding, i);
}

/* Room for them, which is first touched row by row: what a request takes is what it has sent. */
static sluice_status make_rows(struct gathered *gathered, size_t dimension, sluice_error *error)
{
    gathered->dimension = dimension;
    gathered->stride = kernel_stride(dimension);
    gathered->rows = aligned_alloc(KERNEL_ALIGNMENT, gathered->found.count * gathered->stride * sizeof(float));
    return gathered->rows != NULL ? SLUICE_OK : no_memory(error);
}

static sluice_status wrong_dimension(const struct gathered *gathered, size_t index, size_t found, sluice_error *error)
{
    char what[128];
    snprintf(what, sizeof what, "has an embedding of %zu numbers instead of %zu", found, gathered->dimension);
    return refuse(gathered, index, error, what);
}

sluice_status gather_embeddings(struct gathered *gathered, size_t dimension, sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < gathered->found.count && status == SLUICE_OK; i++) {
        sluice_tensor embedding;
        status = check_embedding(gathered, i, &embedding, error);
        if (status != SLUICE_OK)
            return status;
        size_t count = sluice_tensor_count(&embedding);
        if (i == 0)
            status = make_rows(gathered, dimension > 0 ? dimension : count, error);
        if (status != SLUICE_OK)
            return status;
        if (count != gathered->dimension)
            return wrong_dimension(gathered, i, count, error);
        float *row = gathered->rows + i * gathered->stride;
        read_numbers(&embedding, row, count);
        memset(row + count, 0, (gathered->stride - count) * sizeof *row);
        if (!table_takes(row, count))
            status = refuse(gathered, i, error, "has an embedding that is not finite, or too long: its squared length may be "
                                                "8.5e37");
    }
    return status;
}

/* ---- jobs ---- */

/* The document as it is kept: without its embedding and its matches. malloc()ed bytes. */
static sluice_status write_document(const sluice_document *document, void **ret_bytes, size_t *ret_size)
{
    sluice_document_array *array = sluice_document_array_new_with(&entry_limits);
    if (array == NULL)
        return SLUICE_NO_MEMORY;
    sluice_document *copy = sluice_document_array_append_copy(array, document);
    sluice_status status = copy == NULL ? SLUICE_NO_MEMORY : sluice_document_set_embedding(copy, NULL);
    if (status == SLUICE_OK && sluice_document_array_size(sluice_document_matches(copy)) > 0)
        sluice_document_array_clear(sluice_document_edit_matches(copy));
    if (status == SLUICE_OK)
        status = sluice_document_array_write(array, ret_bytes, ret_size, NULL);
    sluice_document_array_free(array);
    return status;
}

static sluice_status add_document(struct job *job, const struct gathered *gathered, size_t index, sluice_error *error)
{
    const sluice_document *document = gathered->found.documents[index];
    sluice_text id = sluice_document_id(document);
    if (id.size == 0)
        return refuse(gathered, index, error, "has no id");
    void *bytes = NULL;
    size_t size = 0;
    struct entry *entry = NULL;
    sluice_status status = write_document(document, &bytes, &size);
    if (status == SLUICE_OK)
        status = entry_new(id, bytes, size, sluice_document_tags(document), &entry);
    free(bytes);
    if (status == SLUICE_LIMIT || status == SLUICE_TOO_LARGE)
        return refuse(gathered, index, error, "is too large to be kept; a document may have 900 MiB");
    if (status == SLUICE_OK && job_add(job, entry))
        return SLUICE_OK;
    free(entry);
    return no_memory(error);
}

/* The rows become the job's. */
static void give_vectors(struct gathered *gathered, struct job *job)
{
    job->dimension = gathered->dimension;
    job->vectors = gathered->rows;
    gathered->rows = NULL;
    for (size_t i = 0; i < job->count; i++)
        job->operations[i].vector = job->vectors + i * gathered->stride;
}

sluice_status gather_job(struct gathered *gathered, enum job_kind kind, struct job **ret_job, sluice_error *error)
{
    struct job *job = job_new(kind);
    if (job == NULL)
        return no_memory(error);
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < gathered->found.count && status == SLUICE_OK; i++)
        status = add_document(job, gathered, i, error);
    if (status != SLUICE_OK) {
        job_free(job);
        return status;
    }
    give_vectors(gathered, job);
    *ret_job = job;
    return SLUICE_OK;
}

static sluice_status add_removal(struct job *job, sluice_text id, sluice_error *error)
{
    struct entry *entry = entry_new_removal(id);
    if (entry != NULL && job_add(job, entry))
        return SLUICE_OK;
    free(entry);
    return no_memory(error);
}

static sluice_status add_removals(struct job *job, const sluice_document_array *array, const sluice_value *ids,
                                  sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < sluice_document_array_size(array) && status == SLUICE_OK; i++) {
        sluice_text id = sluice_document_id(sluice_document_array_at(array, i));
        status = id.size > 0 ? add_removal(job, id, error)
                             : sluice_fail(error, SLUICE_INVALID, NULL, "document %zu has no id", i);
    }
    if (ids != NULL && sluice_value_kind_of(ids) != SLUICE_VALUE_LIST && status == SLUICE_OK)
        status = sluice_fail(error, SLUICE_INVALID, NULL, "ids must be a list of strings");
    for (size_t i = 0; i < sluice_value_size(ids) && status == SLUICE_OK; i++) {
        sluice_text id = sluice_value_string(sluice_value_at(ids, i));
        status = id.size > 0 ? add_removal(job, id, error)
                             : sluice_fail(error, SLUICE_INVALID, NULL, "ids must be a list of strings, none of them empty");
    }
    return status;
}

sluice_status gather_removals(const sluice_document_array *array, const sluice_value *ids, struct job **ret_job,
                              sluice_error *error)
{
    struct job *job = job_new(JOB_DELETE);
    if (job == NULL)
        return no_memory(error);
    sluice_status status = add_removals(job, array, ids, error);
    if (status == SLUICE_OK)
        *ret_job = job;
    else
        job_free(job);
    return status;
}
