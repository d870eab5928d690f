#include "table.h"
#include "kernel.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ROWS_FIRST = 256 };

sluice_status table_init(struct table *table)
{
    *table = (struct table){0};
    pthread_rwlockattr_t attributes;
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    int failed = pthread_rwlock_init(&table->lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    return failed == 0 ? SLUICE_OK : SLUICE_NO_MEMORY;
}

static size_t vector_bytes(const struct table *table, size_t rows)
{
    return rows * table->stride * sizeof(float);
}

void table_done(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->entries[i]);
    if (table->vectors != NULL)
        munmap(table->vectors, vector_bytes(table, table->capacity));
    free(table->inverse_lengths);
    free(table->entries);
    ids_done(&table->ids);
    pthread_rwlock_destroy(&table->lock);
}

void table_lock_shared(struct table *table)
{
    pthread_rwlock_rdlock(&table->lock);
}

void table_lock(struct table *table)
{
    pthread_rwlock_wrlock(&table->lock);
}

void table_unlock(struct table *table)
{
    pthread_rwlock_unlock(&table->lock);
}

void table_set_dimension(struct table *table, size_t dimension)
{
    if (table->vectors != NULL)
        munmap(table->vectors, vector_bytes(table, table->capacity));
    table->vectors = NULL;
    table->version++;
    table->capacity = 0;
    table->dimension = dimension;
    table->stride = kernel_stride(dimension);
}

bool table_has_room(const struct table *table, size_t more)
{
    return table->capacity - table->count >= more && ids_has_room(&table->ids, table->count + more);
}

/* Pages are moved, not copied. Huge ones spare the processor many look-ups of addresses. */
static bool grow_vectors(struct table *table, size_t rows)
{
    size_t bytes = vector_bytes(table, rows);
    void *grown = table->vectors == NULL
                      ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                      : mremap(table->vectors, vector_bytes(table, table->capacity), bytes, MREMAP_MAYMOVE);
    if (grown == MAP_FAILED)
        return false;
    madvise(grown, bytes, MADV_HUGEPAGE);
    table->vectors = grown;
    table->capacity = rows;
    return true;
}

bool table_reserve(struct table *table, size_t more)
{
    if (!ids_reserve(&table->ids, table->count + more))
        return false;
    if (table_has_room(table, more))
        return true;
    size_t rows = table->capacity < ROWS_FIRST ? ROWS_FIRST : table->capacity * 2;
    if (rows < table->count + more)
        rows = table->count + more;
    if (rows > SIZE_MAX / sizeof(float) / table->stride)
        return false;
    struct entry **entries = reallocarray(table->entries, rows, sizeof *entries);
    if (entries == NULL)
        return false;
    table->entries = entries;
    float *lengths = reallocarray(table->inverse_lengths, rows, sizeof *lengths);
    if (lengths == NULL)
        return false;
    table->inverse_lengths = lengths;
    return grow_vectors(table, rows);
}

double table_squared_length(const float *vector, size_t dimension)
{
    double sum = 0;
    for (size_t i = 0; i < dimension; i++)
        sum += (double)vector[i] * vector[i];
    return sum;
}

static size_t bytes_of(const struct entry *entry)
{
    return sizeof *entry + entry->document_size + entry->tags_size + entry->id_size;
}

bool table_takes(const float *vector, size_t dimension)
{
    return table_squared_length(vector, dimension) <= TABLE_SQUARED_LENGTH_MAX; /* false for NaN and infinity */
}

float table_inverse_length(const float *vector, size_t dimension)
{
    double length = sqrt(table_squared_length(vector, dimension));
    return length > 0 ? (float)fmin(1 / length, FLT_MAX) : 0;
}

void table_put(struct table *table, struct entry *entry, const float *vector)
{
    struct entry *before = ids_put(&table->ids, entry);
    entry->row = before != NULL ? before->row : table->count++;
    table->version++;
    table->entry_bytes += bytes_of(entry);
    if (before != NULL)
        table->entry_bytes -= bytes_of(before);
    free(before);
    table->entries[entry->row] = entry;
    float *row = table->vectors + entry->row * table->stride;
    memcpy(row, vector, table->dimension * sizeof *row);
    memset(row + table->dimension, 0, (table->stride - table->dimension) * sizeof *row);
    table->inverse_lengths[entry->row] = table_inverse_length(vector, table->dimension);
}

bool table_remove(struct table *table, const struct entry *like)
{
    struct entry *entry = ids_remove(&table->ids, like);
    if (entry == NULL)
        return false;
    size_t row = entry->row, last = --table->count;
    table->version++;
    if (row != last) {
        memcpy(table->vectors + row * table->stride, table->vectors + last * table->stride, vector_bytes(table, 1));
        table->inverse_lengths[row] = table->inverse_lengths[last];
        table->entries[row] = table->entries[last];
        table->entries[row]->row = row;
    }
    table->entry_bytes -= bytes_of(entry);
    free(entry);
    return true;
}

size_t table_bytes(const struct table *table)
{
    return vector_bytes(table, table->count) + table->count * (sizeof(float) + sizeof(void *)) +
           table->ids.capacity * sizeof(void *) + table->entry_bytes;
}
