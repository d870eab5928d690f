/*
 * findings.h - what is wrong with the values of a request, collected in pydantic's words.
 *
 * Private to common/json. Texts are made in the arena; a failed allocation is seen at the end.
 */
#ifndef SLUICE_JSON_FINDINGS_H
#define SLUICE_JSON_FINDINGS_H

#include "common/json/message.h"
#include "common/json/tree.h"

/* Where a value stands: a chain on the stack, from the value outwards. */
struct json_path {
    const struct json_path *outer;
    const char *key; /* NULL: `index` counts */
    size_t key_size, index;
    bool is_bare; /* the key is a number or a truth value: coerce_object() makes such keys */
};

/* More are not kept: one body could have millions. */
enum { JSON_FINDINGS_MAX = 100 };

struct findings {
    struct arena *arena;
    struct json_finding *list; /* JSON_FINDINGS_MAX of them, made with the first */
    size_t count;
    bool failed; /* no memory */
};

extern const struct json_path json_body_path; /* ["body"] */

static inline struct json_path json_path_key(const struct json_path *outer, sluice_text key)
{
    return (struct json_path){.outer = outer, .key = key.data, .key_size = key.size};
}
/* The place of an object's member. */
static inline struct json_path json_path_member(const struct json_path *outer, const struct json_node *member)
{
    return (struct json_path){
        .outer = outer, .key = member->key.data, .key_size = member->key.size, .is_bare = member->bare_key};
}
static inline struct json_path json_path_index(const struct json_path *outer, size_t index)
{
    return (struct json_path){.outer = outer, .index = index};
}

/* Always false, so that a check ends with `return finding_add(…)`. `message` and `type` are copied as pointers. */
bool finding_add(struct findings *findings, const struct json_path *path, const char *message, const char *type);
bool finding_not_text(struct findings *findings, const struct json_path *path);
bool finding_not_whole(struct findings *findings, const struct json_path *path);
bool finding_not_number(struct findings *findings, const struct json_path *path);
bool finding_not_list(struct findings *findings, const struct json_path *path);
bool finding_not_object(struct findings *findings, const struct json_path *path);
bool finding_keys(struct findings *findings, const struct json_path *path,
                  const struct json_node *object); /* true: all are text */
bool finding_null(struct findings *findings, const struct json_path *path);

/* `text` is no JSON, as Python says it; false when Python has no words for it (or no memory). */
bool finding_syntax(struct findings *findings, const char *text, size_t size);

#endif
