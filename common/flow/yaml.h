/*
 * yaml.h - YAML text as a small tree with positions.
 *
 * The first document of a stream; JSON is a subset. Aliases are expanded as copies, `<<` merges maps, a local tag
 * (`!Name`) on a map becomes its first entry `jtype: Name`. Everything is bounded by a struct node_limits, expanded
 * aliases included. What is wrong goes to a struct problems. Nodes live in the arena given, are changed in place by
 * substitution and overrides, and belong to one thread.
 */
#ifndef SLUICE_FLOW_YAML_H
#define SLUICE_FLOW_YAML_H

#include "common/flow/problem.h"

#define NODE_BYTES_MAX ((size_t)4 << 20)
enum { NODE_DEPTH_MAX = 64, NODE_COUNT_MAX = 100000 };

/* What one read may take. */
struct node_limits {
    size_t bytes, count;
    unsigned depth;
};
extern const struct node_limits node_limits_input; /* the constants above: for what people write */
extern const struct node_limits
    node_limits_resolved; /* for what flow_write() wrote, which is larger than its sources */

enum node_kind { NODE_NULL, NODE_BOOL, NODE_NUMBER, NODE_STRING, NODE_LIST, NODE_MAP };

struct node;

struct node_entry {
    const char *key; /* no NUL byte inside */
    struct flow_place key_place;
    struct node *value;
};

struct node {
    enum node_kind kind;
    bool quoted;   /* a scalar written in quotes or as a block */
    bool coerced;  /* was a string; `text` still has it */
    bool replaced; /* a string whose variables have been replaced */
    bool truth;    /* of a bool */
    bool integer;  /* of a number, see scalar.h */
    bool inexact;
    double number;
    const char *text; /* of a scalar, as written, NUL added; NULL for lists and maps that were not coerced */
    size_t size;
    struct flow_place place;
    struct node **items;        /* of a list */
    struct node_entry *entries; /* of a map, in the order of the source */
    size_t count, capacity;
};

/*
 * Read `text`. `place.file` names it; with a line in `place` every node gets that place (text inside another text).
 * NULL after an error (reported) and for an empty document (*ret_empty is then true and nothing is reported).
 */
struct node *node_read(const char *text, size_t size, struct flow_place place, const struct node_limits *limits,
                       struct arena *arena, struct problems *problems, bool *ret_empty);

struct node *node_new(struct arena *arena, enum node_kind kind, struct flow_place place); /* NULL: no memory */
struct node *node_new_text(struct arena *arena, const char *text, size_t size, struct flow_place place);
void node_resolve(struct node *node); /* a plain scalar's kind from its text */

struct node_entry *node_entry(const struct node *map, const char *key); /* NULL: no such key, or no map */
struct node *node_get(const struct node *map, const char *key);
sluice_status node_add(struct arena *arena, struct node *map, const char *key, struct flow_place key_place,
                       struct node *value);
sluice_status node_append(struct arena *arena, struct node *list, struct node *value);

const char *node_kind_name(const struct node *node); /* "a number", "a list"; NULL reads as null */

/*
 * A map as a value of its own (sluice_value_free()). Integers beyond 2^53 and too many levels are reported. NULL: no
 * memory (no_memory is set).
 */
sluice_value *node_to_value(const struct node *map, struct problems *problems);
/* Reported, and true, when `map` has more levels than a value may have. */
bool node_is_too_deep(const struct node *map, struct problems *problems);
/* Put `node` under `key` of a map value. */
sluice_status node_into_value(const struct node *node, sluice_value *map, const char *key, struct problems *problems);

#endif
