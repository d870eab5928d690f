/*
 * keys.h - the one table of all keys of a Flow file. docs/flow-yaml.md shows it; a test compares the two.
 *
 * From a row come checking (known? type? range? built?), the default, the suggestion for a misspelt name, and the line
 * of the documentation. Any thread; the table is constant.
 */
#ifndef SLUICE_FLOW_KEYS_H
#define SLUICE_FLOW_KEYS_H

#include "common/flow/yaml.h"

#include <stdint.h>

enum key_where {
    KEY_FLOW = 1,           /* top level */
    KEY_WITH = 2,           /* `with:`, for the Flow itself */
    KEY_GATEWAY = 4,        /* `gateway:`, or `with:` */
    KEY_EXECUTOR = 8,       /* an item of `executors:` */
    KEY_EXECUTOR_YAML = 16, /* an executor's own file or inline map */
    KEY_METAS = 32,         /* `metas:` in there, `uses_metas:` */
    KEY_INHERITED = 64,     /* with KEY_EXECUTOR: taken from `with:` by executors that do not set it */
    KEY_RESOLVED = 128      /* only in what flow_write() wrote */
};

enum key_class {
    KEY_SUPPORTED,
    KEY_NOT_BUILT, /* would change answers: an error, unless the value is the harmless one */
    KEY_IGNORED,   /* a warning, unless the value is the harmless one */
    KEY_MISPLACED  /* an error: it belongs elsewhere, as `help` says */
};

enum key_type {
    KEY_ANY,
    KEY_BOOL,
    KEY_INTEGER,
    KEY_BYTES, /* an integer, or a text with KiB, MiB or GiB */
    KEY_MS,    /* milliseconds, an integer; 0 and less: none */
    KEY_TEXT,  /* or a number, taken as written */
    KEY_CHOICE,
    KEY_CHOICES, /* one or a list */
    KEY_PORTS,   /* one or a list */
    KEY_TEXTS,   /* one or a list */
    KEY_LIST,
    KEY_MAP,
    KEY_JSON_MAP, /* a map, or a text that holds one as JSON */
    KEY_TEXT_MAP /* names to texts, numbers or truth values */
};

struct key {
    const char *name;
    unsigned where;
    enum key_class class;
    enum key_type type;
    int64_t minimum, maximum;   /* of integers, bytes and milliseconds, when minimum < maximum */
    const char *fallback;       /* as text; NULL: none */
    const char *harmless;       /* of NOT_BUILT and IGNORED: this value says nothing; letter case does not count */
    const char *const *choices; /* any letter case */
    const char *alias_of;
    const char *help;
};

extern const struct key key_table[];
extern const size_t key_count;

/* The row of `name` at one place (KEY_WITH: what the Flow, the gateway or executors by inheritance take). NULL:
 * unknown. */
const struct key *key_find(const char *name, enum key_where where, bool resolved);

/*
 * Check every entry of `map` (NULL and null are fine) against the table: unknown keys, types, ranges, classes. `place`
 * is what the section is called in messages: "gateway", "executor \"a\"".
 */
void keys_check(const struct node *map, enum key_where where, const char *section, bool resolved,
                struct problems *problems);

/*
 * The entry of a section under `name` or one of its aliases; of the right type, or NULL (absent, null, or reported by
 * keys_check()).
 */
const struct node *keys_get(const struct node *map, enum key_where where, const char *name);

/* The same, else what the section inherits from `with:`. */
const struct node *keys_get_inherited(const struct node *map, const struct node *with, enum key_where where,
                                      const char *name);

/* The value, or the table's default. */
int64_t keys_integer(const struct node *node, enum key_where where, const char *name);
bool keys_bool(const struct node *node, bool fallback);
const char *keys_text(const struct node *node); /* NULL for NULL */

/* The row in the documentation's table, as a line of Markdown. */
struct buffer;
void keys_write_row(const struct key *key, struct buffer *buffer);

#endif
