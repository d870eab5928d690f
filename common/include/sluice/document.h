/*
 * sluice/document.h - documents, as Jina 3.x (docarray v1) knows them.
 *
 * A DocumentArray owns one arena; its documents, their chunks and matches, their tags and their arrays live in it and go
 * with it. So a pointer got from an array is valid until sluice_document_array_free() of the outermost array, and
 * nothing is freed one by one. Text and bytes go in as pointer and length and are copied; they may hold NUL bytes. What
 * comes out as a sluice_text or a sluice_tensor points into the array (or into the message it was read from) and must
 * not be changed.
 *
 * Threads: one array and everything in it belongs to one thread at a time. Different arrays are independent.
 * Errors: a setter returns SLUICE_OK, SLUICE_NO_MEMORY, SLUICE_LIMIT (the array's limits) or SLUICE_INVALID (text that is
 * not UTF-8; not a map or list) and then has changed nothing; the others are named where they occur. What edit_…() and
 * _set_map() and their like gave may be passed on unchecked: a setter answers NULL with SLUICE_NO_MEMORY.
 *
 * Field names, numbers and meanings: the docarray v1 protocol (package `docarray`, message DocumentProto).
 */
#ifndef SLUICE_DOCUMENT_H
#define SLUICE_DOCUMENT_H

#include <sluice/error.h>

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that somebody else owns. For text: UTF-8, not NUL-terminated, NUL bytes allowed. `data` is never NULL. */
typedef struct sluice_text {
    const char *data;
    size_t size;
} sluice_text;

SLUICE_API sluice_text sluice_text_of(const char *text);             /* a C string; NULL gives the empty text */
SLUICE_API bool sluice_text_is(sluice_text text, const char *other); /* equal to a C string? */

/* ------------------------------------------------------------------------------------------------------------------
 * Values: what tags, parameters and results are made of (google.protobuf.Struct). Every number is a double.
 */
typedef struct sluice_value sluice_value;

typedef enum sluice_value_kind {
    SLUICE_VALUE_NULL = 0,
    SLUICE_VALUE_BOOL,
    SLUICE_VALUE_NUMBER,
    SLUICE_VALUE_STRING,
    SLUICE_VALUE_LIST,
    SLUICE_VALUE_MAP
} sluice_value_kind;

/* A map of its own, with its own memory; free it with sluice_value_free(). NULL: no memory. */
SLUICE_API sluice_value *sluice_value_new_map(void);
SLUICE_API void sluice_value_free(sluice_value *map); /* only for values from sluice_value_new_map() or _from_…; NULL is fine */

/* Reading. A NULL value reads as null; a value of another kind gives the fallback (or an empty text, or size 0). */
SLUICE_API sluice_value_kind sluice_value_kind_of(const sluice_value *value);
SLUICE_API bool sluice_value_bool(const sluice_value *value, bool fallback);
SLUICE_API double sluice_value_number(const sluice_value *value, double fallback);
SLUICE_API int64_t sluice_value_integer(const sluice_value *value, int64_t fallback); /* fallback too when it has a fraction or is beyond ±2^53 */
SLUICE_API sluice_text sluice_value_string(const sluice_value *value);
SLUICE_API size_t sluice_value_size(const sluice_value *value); /* entries of a list or map */
SLUICE_API const sluice_value *sluice_value_at(const sluice_value *value, size_t index); /* of a list or map; NULL beyond */
SLUICE_API sluice_text sluice_value_key_at(const sluice_value *map, size_t index);
SLUICE_API const sluice_value *sluice_value_get(const sluice_value *map, const char *key); /* NULL: no such key */
SLUICE_API const sluice_value *sluice_value_get_text(const sluice_value *map, sluice_text key);

/* Same kind and content, maps without regard to order; numbers by their bits. */
SLUICE_API bool sluice_value_equal(const sluice_value *a, const sluice_value *b);

/* Writing into a map: an entry with this key is replaced, else one is added at the end. */
SLUICE_API sluice_status sluice_value_set_null(sluice_value *map, const char *key);
SLUICE_API sluice_status sluice_value_set_bool(sluice_value *map, const char *key, bool value);
SLUICE_API sluice_status sluice_value_set_number(sluice_value *map, const char *key, double value);
SLUICE_API sluice_status sluice_value_set_string(sluice_value *map, const char *key, const char *text);
SLUICE_API sluice_status sluice_value_set_text(sluice_value *map, sluice_text key, sluice_text value);
SLUICE_API sluice_status sluice_value_set_copy(sluice_value *map, sluice_text key, const sluice_value *value); /* deep copy */
SLUICE_API sluice_value *sluice_value_set_list(sluice_value *map, const char *key); /* an empty list to fill; NULL: no memory or limit */
SLUICE_API sluice_value *sluice_value_set_map(sluice_value *map, const char *key);
SLUICE_API bool sluice_value_remove(sluice_value *map, const char *key); /* was it there? */
SLUICE_API void sluice_value_clear(sluice_value *map_or_list);

/* Writing into a list: at its end. */
SLUICE_API sluice_status sluice_value_append_null(sluice_value *list);
SLUICE_API sluice_status sluice_value_append_bool(sluice_value *list, bool value);
SLUICE_API sluice_status sluice_value_append_number(sluice_value *list, double value);
SLUICE_API sluice_status sluice_value_append_text(sluice_value *list, sluice_text value);
SLUICE_API sluice_status sluice_value_append_copy(sluice_value *list, const sluice_value *value);
SLUICE_API sluice_value *sluice_value_append_list(sluice_value *list);
SLUICE_API sluice_value *sluice_value_append_map(sluice_value *list);

/*
 * JSON. Reading accepts an object and gives a map of its own (free it with sluice_value_free()); nesting is bounded by
 * SLUICE_DEFAULT_DEPTH. SLUICE_INVALID with the position for anything else. Writing gives malloc()ed text with a final
 * NUL (free()), doubles as Python's json prints them (1.0, 1e-07), NaN and Infinity as tokens.
 */
SLUICE_API sluice_status sluice_value_from_json(const char *json, size_t size, sluice_value **ret_map, sluice_error *error);
SLUICE_API sluice_status sluice_value_to_json(const sluice_value *value, char **ret_json, sluice_error *error);

/* ------------------------------------------------------------------------------------------------------------------
 * Arrays of numbers: the tensor and the embedding of a document.
 */
typedef enum sluice_dtype {
    SLUICE_DTYPE_OTHER = 0, /* text arrays, objects, anything without a name below: see dtype_text; passed on as it is */
    SLUICE_DTYPE_BOOL,      /* |b1 */
    SLUICE_DTYPE_INT8,      /* |i1 */
    SLUICE_DTYPE_UINT8,     /* |u1 */
    SLUICE_DTYPE_INT16,     /* <i2 */
    SLUICE_DTYPE_UINT16,
    SLUICE_DTYPE_INT32,
    SLUICE_DTYPE_UINT32,
    SLUICE_DTYPE_INT64,
    SLUICE_DTYPE_UINT64,
    SLUICE_DTYPE_FLOAT16,
    SLUICE_DTYPE_FLOAT32,
    SLUICE_DTYPE_FLOAT64,
    SLUICE_DTYPE_COMPLEX64,
    SLUICE_DTYPE_COMPLEX128
} sluice_dtype;

typedef struct sluice_tensor {
    sluice_dtype dtype;
    bool big_endian;        /* elements are stored big-endian ('>' in the dtype) */
    bool sparse;            /* a sparse array: only class_name and shape are given here; it travels unchanged */
    const uint32_t *shape;  /* row-major; none for a 0-d array */
    size_t dimensions;
    const void *data;       /* elements without padding; not necessarily aligned */
    size_t size;            /* bytes of data */
    sluice_text dtype_text; /* numpy's type string as received; ignored by setters unless dtype is OTHER */
    sluice_text class_name; /* "numpy", "list", "torch", …; setters write "numpy" when empty */
} sluice_tensor;

SLUICE_API size_t sluice_dtype_size(sluice_dtype dtype);        /* bytes of an element; 0 for OTHER */
SLUICE_API const char *sluice_dtype_name(sluice_dtype dtype);   /* little-endian numpy string: "<f4"; "" for OTHER */
SLUICE_API size_t sluice_tensor_count(const sluice_tensor *tensor); /* product of the shape; SIZE_MAX on overflow */

/* Element `index` (row-major) as a double, whatever the dtype and byte order; 0 beyond the end or for complex/OTHER. */
SLUICE_API double sluice_tensor_number(const sluice_tensor *tensor, size_t index);

/* ------------------------------------------------------------------------------------------------------------------
 * Documents
 */
typedef struct sluice_document sluice_document;
typedef struct sluice_document_array sluice_document_array;

typedef enum sluice_content {
    SLUICE_CONTENT_NONE = 0,
    SLUICE_CONTENT_TEXT,
    SLUICE_CONTENT_BLOB,
    SLUICE_CONTENT_TENSOR
} sluice_content;

/* Text fields; absent reads as "". Setting "" clears. */
SLUICE_API sluice_text sluice_document_id(const sluice_document *document);
SLUICE_API sluice_text sluice_document_parent_id(const sluice_document *document);
SLUICE_API sluice_text sluice_document_uri(const sluice_document *document);
SLUICE_API sluice_text sluice_document_modality(const sluice_document *document);
SLUICE_API sluice_text sluice_document_mime_type(const sluice_document *document);
SLUICE_API sluice_status sluice_document_set_id(sluice_document *document, const void *data, size_t size);
SLUICE_API sluice_status sluice_document_set_parent_id(sluice_document *document, const void *data, size_t size);
SLUICE_API sluice_status sluice_document_set_uri(sluice_document *document, const void *data, size_t size);
SLUICE_API sluice_status sluice_document_set_modality(sluice_document *document, const void *data, size_t size);
SLUICE_API sluice_status sluice_document_set_mime_type(sluice_document *document, const void *data, size_t size);

/* Numbers; absent reads as 0. */
SLUICE_API uint32_t sluice_document_granularity(const sluice_document *document);
SLUICE_API uint32_t sluice_document_adjacency(const sluice_document *document);
SLUICE_API float sluice_document_weight(const sluice_document *document);
SLUICE_API float sluice_document_offset(const sluice_document *document);
SLUICE_API const float *sluice_document_location(const sluice_document *document, size_t *ret_count);
SLUICE_API void sluice_document_set_granularity(sluice_document *document, uint32_t value);
SLUICE_API void sluice_document_set_adjacency(sluice_document *document, uint32_t value);
SLUICE_API void sluice_document_set_weight(sluice_document *document, float value);
SLUICE_API void sluice_document_set_offset(sluice_document *document, float value);
SLUICE_API sluice_status sluice_document_set_location(sluice_document *document, const float *values, size_t count);

/* Content: text, blob and tensor share one slot; setting one removes the others. Getters of what is not there give an
 * empty text or false. Setting an empty text or blob clears the slot. */
SLUICE_API sluice_content sluice_document_content(const sluice_document *document);
SLUICE_API sluice_text sluice_document_text(const sluice_document *document);
SLUICE_API sluice_text sluice_document_blob(const sluice_document *document);
SLUICE_API bool sluice_document_tensor(const sluice_document *document, sluice_tensor *ret_tensor);
SLUICE_API sluice_status sluice_document_set_text(sluice_document *document, const void *data, size_t size);
SLUICE_API sluice_status sluice_document_set_string(sluice_document *document, const char *text); /* text, from a C string */
SLUICE_API sluice_status sluice_document_append_text(sluice_document *document, const void *data, size_t size);
SLUICE_API sluice_status sluice_document_set_blob(sluice_document *document, const void *data, size_t size);
/* SLUICE_INVALID when the data does not fit the shape and the dtype. The array is copied. */
SLUICE_API sluice_status sluice_document_set_tensor(sluice_document *document, const sluice_tensor *tensor);
SLUICE_API void sluice_document_clear_content(sluice_document *document);

SLUICE_API bool sluice_document_embedding(const sluice_document *document, sluice_tensor *ret_embedding);
SLUICE_API sluice_status sluice_document_set_embedding(sluice_document *document, const sluice_tensor *embedding); /* NULL clears */
SLUICE_API sluice_status sluice_document_set_embedding_floats(sluice_document *document, const float *values, size_t count);

/* Chunks and matches are arrays of their own that share the outer array's memory. Never NULL for the first pair (a
 * shared empty array is given); the second pair makes the list when there is none (NULL: no memory or limit). */
SLUICE_API const sluice_document_array *sluice_document_chunks(const sluice_document *document);
SLUICE_API const sluice_document_array *sluice_document_matches(const sluice_document *document);
SLUICE_API sluice_document_array *sluice_document_edit_chunks(sluice_document *document);
SLUICE_API sluice_document_array *sluice_document_edit_matches(sluice_document *document);

/* Append a chunk (match) with a new random id, parent_id = this id and granularity + 1 (adjacency + 1). NULL: no memory
 * or limit. */
SLUICE_API sluice_document *sluice_document_add_chunk(sluice_document *document);
SLUICE_API sluice_document *sluice_document_add_match(sluice_document *document);

/* Tags and _metadata: maps. Reading what is absent gives NULL, which reads as empty. */
SLUICE_API const sluice_value *sluice_document_tags(const sluice_document *document);
SLUICE_API sluice_value *sluice_document_edit_tags(sluice_document *document);
SLUICE_API const sluice_value *sluice_document_metadata(const sluice_document *document);
SLUICE_API sluice_value *sluice_document_edit_metadata(sluice_document *document);

/* Scores and evaluations: named. Fields of a score that are absent read as 0 and "". */
typedef struct sluice_score {
    float value;
    sluice_text op_name, description, ref_id;
} sluice_score;

SLUICE_API size_t sluice_document_scores_size(const sluice_document *document);
SLUICE_API sluice_text sluice_document_score_at(const sluice_document *document, size_t index, sluice_score *ret_score); /* gives its name */
SLUICE_API bool sluice_document_score(const sluice_document *document, const char *name, sluice_score *ret_score);
SLUICE_API sluice_status sluice_document_set_score(sluice_document *document, const char *name, const sluice_score *score); /* NULL removes */
SLUICE_API size_t sluice_document_evaluations_size(const sluice_document *document);
SLUICE_API sluice_text sluice_document_evaluation_at(const sluice_document *document, size_t index, sluice_score *ret_score);
SLUICE_API bool sluice_document_evaluation(const sluice_document *document, const char *name, sluice_score *ret_score);
SLUICE_API sluice_status sluice_document_set_evaluation(sluice_document *document, const char *name, const sluice_score *score);

/* ------------------------------------------------------------------------------------------------------------------
 * Arrays of documents
 */

/* Bounds that hold while an array is read or built. 0 means the default. */
typedef struct sluice_limits {
    size_t depth;     /* nesting of chunks, matches and tag values, 1 for a plain document, at most 1000; default SLUICE_DEFAULT_DEPTH */
    size_t documents; /* documents in all, nested ones included; default SLUICE_DEFAULT_DOCUMENTS */
    size_t elements;  /* tag values, scores, locations and shape entries in all; default SLUICE_DEFAULT_ELEMENTS */
    size_t bytes;     /* memory of the array; default SLUICE_DEFAULT_BYTES */
} sluice_limits;

#define SLUICE_DEFAULT_DEPTH     64
#define SLUICE_DEFAULT_DOCUMENTS ((size_t)1 << 20)
#define SLUICE_DEFAULT_ELEMENTS  ((size_t)1 << 24)
#define SLUICE_DEFAULT_BYTES     ((size_t)4 << 30)

SLUICE_API sluice_document_array *sluice_document_array_new(void); /* default limits; NULL: no memory */
SLUICE_API sluice_document_array *sluice_document_array_new_with(const sluice_limits *limits);
SLUICE_API void sluice_document_array_free(sluice_document_array *array); /* outermost arrays only; NULL is fine */

SLUICE_API size_t sluice_document_array_size(const sluice_document_array *array);
SLUICE_API sluice_document *sluice_document_array_at(const sluice_document_array *array, size_t index); /* NULL beyond the end */

/* Add an empty document at the end and return it; it gets no id. NULL: no memory or limit. */
SLUICE_API sluice_document *sluice_document_array_append(sluice_document_array *array);
/* Add a deep copy of a document (of this or another array). */
SLUICE_API sluice_document *sluice_document_array_append_copy(sluice_document_array *array, const sluice_document *document);
SLUICE_API sluice_status sluice_document_array_extend(sluice_document_array *array, const sluice_document_array *other); /* copies */
SLUICE_API sluice_document *sluice_document_array_insert(sluice_document_array *array, size_t index); /* empty, before `index` */
SLUICE_API bool sluice_document_array_remove(sluice_document_array *array, size_t index); /* was there such a document? */
SLUICE_API void sluice_document_array_clear(sluice_document_array *array);

/* First document with this id, or NULL. Builds an index on first use; changing the array drops it. */
SLUICE_API sluice_document *sluice_document_array_find(sluice_document_array *array, sluice_text id);

/*
 * Walk documents in docarray's path notation: "r" the documents, "c" their chunks, "m" their matches, so "cm" are the
 * matches of the chunks; paths are joined by commas and walked one after the other. SLUICE_INVALID for another letter.
 * `visit` returns false to stop early.
 */
SLUICE_API sluice_status sluice_document_array_traverse(const sluice_document_array *array, const char *paths,
                                                        bool (*visit)(sluice_document *document, void *context), void *context);

/* Every document at any depth, chunks before matches before their parent, as docarray's flatten(): copied into a new
 * array, with chunks and matches emptied. */
SLUICE_API sluice_status sluice_document_array_flatten(const sluice_document_array *array, sluice_document_array **ret_array);

/* ------------------------------------------------------------------------------------------------------------------
 * Bytes and text
 */

/*
 * Read a serialized docarray.DocumentArrayProto. Errors: SLUICE_INVALID (no protobuf, text that is no UTF-8),
 * SLUICE_LIMIT (a bound above). The bytes are copied; unknown fields are kept and written again.
 */
SLUICE_API sluice_status sluice_document_array_read(const void *data, size_t size, const sluice_limits *limits,
                                                    sluice_document_array **ret_array, sluice_error *error);

/* Write it: malloc()ed bytes (free()). Fields in number order, maps in the order of the array. */
SLUICE_API sluice_status sluice_document_array_write(const sluice_document_array *array, void **ret_data, size_t *ret_size,
                                                     sluice_error *error);

/*
 * JSON Lines: one document per line, docarray's field names. Values, not dtypes: arrays are read as <f8, <i8 or |b1; an
 * unset field is left out on writing. Unknown keys are ignored on reading, unknown fields not carried.
 * Reading one line appends a document (a missing id stays missing). SLUICE_INVALID names the column.
 */
SLUICE_API sluice_status sluice_document_array_append_json(sluice_document_array *array, const char *json, size_t size,
                                                           sluice_error *error);
/* Without a newline; malloc()ed with a final NUL (free()). */
SLUICE_API sluice_status sluice_document_to_json(const sluice_document *document, char **ret_json, size_t *ret_size,
                                                 sluice_error *error);

#ifdef __cplusplus
}
#endif

#endif
