/*
 * model.h - how values, tensors, documents and arrays lie in memory; for the files of this folder and common/json.
 *
 * An outermost array or map makes a `struct model` with an arena; everything inside points to that model and takes its
 * memory there. Nothing is freed alone and nothing moves: what grows are arrays of pointers, so a pointer that was given
 * away stays good.
 *
 * Level: a document of the outermost array has level 1, a chunk or match one more than its parent, a map of tags one
 * more than its document, a list or map inside one more than its holder; a map of its own has level 1.
 */
#ifndef SLUICE_DOCUMENT_MODEL_H
#define SLUICE_DOCUMENT_MODEL_H

#include "common/document/index.h"
#include "common/foundation/arena.h"

#include <sluice/document.h>

#include <string.h>

/* Nesting is walked by recursion; sluice_limits.depth above this counts as this. */
enum { MODEL_DEPTH_MAX = 1000 };

struct model {
    struct arena *arena;
    size_t depth_max, documents_max, elements_max, bytes_max;
    size_t documents, elements; /* in use */
    size_t id_changes;          /* makes indexes by id stale */
    const void *owner;          /* the array or map whose _free() frees the arena; NULL: the arena is the caller's */
};

/* Fields that are not known here: a list of slices in order of arrival. `last` and `total` hold for the first. */
struct unknown {
    struct unknown *next, *last;
    const uint8_t *data;
    size_t size, total;
};

/* A protobuf Value without any member of its oneof: travels unchanged, reads as null. */
enum { VALUE_UNSET = SLUICE_VALUE_MAP + 1 };

struct sluice_value {
    uint8_t kind; /* sluice_value_kind or VALUE_UNSET */
    union {
        int32_t null; /* null_value is an open enum: its number travels */
        bool boolean;
        double number;
        sluice_text text;
        struct box *box; /* list, map */
    };
    struct unknown *unknown;
};

/* The entries of a list or map. */
struct box {
    struct model *model;
    sluice_value **items;
    sluice_text *keys; /* of a map, beside its items */
    size_t count, capacity;
    size_t level;
    bool is_map;
    struct text_index index;
    struct unknown *unknown;
};

struct shape {
    uint32_t *sizes;
    size_t count, capacity;
};

struct dense {
    sluice_text buffer, dtype;
    struct shape shape;
    struct unknown *unknown;
};

struct sparse {
    struct dense *indices, *values; /* NULL: absent */
    struct shape shape;
    struct unknown *unknown;
};

struct ndarray {
    struct dense *dense;   /* at most one of these two; both NULL: absent */
    struct sparse *sparse;
    sluice_text class_name;
    sluice_value *parameters;
    struct unknown *unknown;
};

struct score_entry {
    sluice_text name;
    sluice_score score;
    struct unknown *unknown;
};

struct scores {
    struct score_entry *entries;
    size_t count, capacity;
    struct text_index index;
};

struct sluice_document {
    struct model *model;
    size_t level;
    sluice_text id, parent_id, uri, modality, mime_type;
    sluice_content content;
    sluice_text bytes;    /* of the text or blob */
    size_t bytes_capacity; /* > 0: `bytes` may be extended in place up to this size */
    struct ndarray *tensor, *embedding;
    uint32_t granularity, adjacency;
    float weight, offset;
    float *location;
    size_t location_count, location_capacity;
    sluice_document_array *chunks, *matches;
    sluice_value *tags, *metadata;
    struct scores *scores, *evaluations;
    struct unknown *unknown;
};

struct sluice_document_array {
    struct model *model;
    sluice_document **items;
    size_t count, capacity;
    size_t level; /* of its documents */
    struct text_index index; /* by id; holds as long as the next two say */
    bool indexed;
    size_t indexed_changes;
    struct unknown *unknown;         /* of the DocumentArrayProto */
    struct unknown *content_unknown; /* of the DataContentProto around it */
};

/* A slice that is never NULL. */
static inline sluice_text text_or_empty(sluice_text text)
{
    return text.data != NULL ? text : (sluice_text){.data = ""};
}

static inline bool text_same(sluice_text a, sluice_text b)
{
    return a.size == b.size && (a.size == 0 || (a.data[0] == b.data[0] && memcmp(a.data, b.data, a.size) == 0));
}

/* model.c: memory and bounds. `limits` NULL or a field 0: the default. */
struct model *model_new(size_t first_size, const sluice_limits *limits);
struct model *model_new_in(struct arena *arena, const sluice_limits *limits);
void model_free(struct model *model);
sluice_status model_add_elements(struct model *model, size_t count); /* SLUICE_LIMIT */
sluice_status model_add_document(struct model *model);
sluice_status model_copy_text(struct model *model, const void *data, size_t size, sluice_text *ret_text);
/* The same for text, which must be UTF-8: SLUICE_INVALID. */
sluice_status model_copy_utf8(struct model *model, const void *data, size_t size, sluice_text *ret_text);
/* Make room for one more in `*items` of `*capacity` elements of `size` bytes, of which `count` are used. */
sluice_status model_grow(struct model *model, void *items, size_t *capacity, size_t count, size_t size);
sluice_status model_keep_unknown(struct model *model, struct unknown **unknown, const void *data, size_t size);
/* A copy in `model` of a list that may belong to another one. */
sluice_status model_copy_unknown(struct model *model, struct unknown **unknown, const struct unknown *other);
static inline size_t unknown_size(const struct unknown *unknown)
{
    return unknown != NULL ? unknown->total : 0;
}

/* The box of a list or map, of a list, of a map; NULL for any other value, and for none. */
static inline struct box *value_box(const sluice_value *value)
{
    return value != NULL && (value->kind == SLUICE_VALUE_LIST || value->kind == SLUICE_VALUE_MAP) ? value->box : NULL;
}

static inline struct box *value_list(const sluice_value *value)
{
    return value != NULL && value->kind == SLUICE_VALUE_LIST ? value->box : NULL;
}

static inline struct box *value_map(const sluice_value *value)
{
    return value != NULL && value->kind == SLUICE_VALUE_MAP ? value->box : NULL;
}

/* Where a map has this key, TEXT_INDEX_NONE when it has not; the key at a position, for text_index_…(). */
size_t value_position(const struct box *box, sluice_text key);
sluice_text value_key_at(const void *box, size_t position);

/* value.c, value_edit.c: NULL results mean no memory or limit, told by value_failure(). */
sluice_value *value_new_map(struct model *model, size_t level);
sluice_status value_init_box(struct model *model, sluice_value *value, bool is_map, size_t level);
/* The value at `key`, added when missing (then VALUE_UNSET). `key` is not copied. */
sluice_status value_map_slot(struct box *box, sluice_text key, sluice_value **ret_value);
sluice_status value_list_slot(struct box *box, sluice_value **ret_value);
/* `to` takes a deep copy of `from`, at the level of `box`'s entries. */
sluice_status value_copy_into(struct box *box, sluice_value *to, const sluice_value *from);
/* A deep copy of a map that may be NULL. */
sluice_status value_copy_map(struct model *model, const sluice_value *from, size_t level, sluice_value **ret_map);
size_t value_elements(const sluice_value *value); /* entries inside, at any depth */

/* tensor.c: arrays of numbers */
struct ndarray *ndarray_new(struct model *model, const sluice_tensor *tensor, sluice_status *ret_status);
sluice_status ndarray_copy(struct model *model, const struct ndarray *from, size_t level, struct ndarray **ret_array);
void ndarray_view(const struct ndarray *array, sluice_tensor *ret_tensor);
size_t ndarray_elements(const struct ndarray *array); /* NULL is fine */
sluice_status shape_append(struct model *model, struct shape *shape, uint32_t size);

/* scores.c: named scores, in the order of arrival */
sluice_status scores_slot(struct model *model, struct scores **scores, sluice_text name, struct score_entry **ret_entry);
sluice_status scores_copy(struct model *model, const struct scores *from, struct scores **ret_scores);
static inline size_t scores_size(const struct scores *scores)
{
    return scores != NULL ? scores->count : 0;
}

/* copy.c: `to` is new and empty; its level counts, not that of `from`. */
sluice_status document_copy_into(sluice_document *to, const sluice_document *from, bool with_nested);

/* array.c; a NULL result comes with the status that says why. */
sluice_document *document_new(struct model *model, size_t level, sluice_status *ret_status);
sluice_document_array *array_new_root(const sluice_limits *limits, size_t first_size);
/* The same in an arena that it takes over, in every case, and whose limit is the caller's matter. */
sluice_document_array *array_new_root_in(struct arena *arena, const sluice_limits *limits);
sluice_document_array *array_new_nested(struct model *model, size_t level, sluice_status *ret_status);
sluice_document *array_add(sluice_document_array *array, sluice_status *ret_status);
sluice_status array_attach(sluice_document_array *array, sluice_document *document);

#endif
