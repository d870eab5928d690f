/*
 * index.h - one open index: settings, memory, file, writer.
 */
#ifndef VECTOR_INDEX_INDEX_H
#define VECTOR_INDEX_INDEX_H

#include "settings.h"
#include "writer.h"

#include <stdatomic.h>

struct index {
    struct settings settings; /* never changed */
    atomic_size_t dimension;  /* what embeddings must have; 0: not known yet */
    struct table table;
    struct store *store;
    struct writer *writer;
};

/* The file's rows into the table, which is empty. */
sluice_status index_load(struct index *index, sluice_error *error);

#endif
