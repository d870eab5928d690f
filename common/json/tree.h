/*
 * tree.h - a whole JSON text as nodes, for readers that need its parts in another order than they come.
 *
 * An array that holds numbers only is one node with a row of 8-byte values, so embeddings cost no node per number.
 * Everything lies in the arena. Private to common/json.
 */
#ifndef SLUICE_JSON_TREE_H
#define SLUICE_JSON_TREE_H

#include "common/foundation/arena.h"
#include "common/json/json.h"

#include <sluice/document.h>

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_STRING,
    JSON_NUMBER,
    JSON_BIG_INTEGER, /* beyond 64 bits: `text` has its digits */
    JSON_ARRAY,
    JSON_OBJECT
};

struct json_node {
    uint8_t kind;    /* enum json_kind */
    uint8_t numbers; /* enum json_numbers: of a number, or of all numbers of a row */
    bool is_row;     /* an array of numbers: `values` has `count` of them, otherwise `first` and `next` */
    bool boolean;
    bool bare_key;   /* the key was no text: coerce_object() */
    sluice_text key; /* of a member */
    union {
        sluice_text text; /* perhaps no UTF-8: see json_events.as_python */
        uint64_t bits;    /* of int64_t, uint64_t or double */
        const void *values;
        struct json_node *first;
    };
    size_t count;
    struct json_node *next;
};

/* Digits of an integer that Python reads at most. */
enum { JSON_DIGITS_MAX = 4300 };

/*
 * SLUICE_INVALID: no JSON, or an integer of too many digits (*ret_digits is then true). SLUICE_LIMIT: nested deeper
 * than `depth`, or the arena's limit. Else as json_read().
 */
sluice_status json_tree_read(const char *text, size_t size, size_t depth, struct arena *arena,
                             const struct json_node **ret_root, bool *ret_digits, sluice_error *error);

/* The items of an array or object in turn; `scratch` holds the item of a row until the next call. */
struct json_items {
    const struct json_node *of, *next;
    size_t index;
    struct json_node scratch;
};
struct json_items json_items_of(const struct json_node *node);
const struct json_node *json_next(struct json_items *items); /* NULL: no more */

/* The last member with this key; NULL: there is none, or `object` is none. */
const struct json_node *json_member(const struct json_node *object, const char *key);

/* A number that is no JSON_BIG_INTEGER, as a double. */
double json_number(const struct json_node *node);

#endif
