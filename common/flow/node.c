/* Nodes without their text: making, changing and looking up; and as values. */
#include "common/flow/yaml.h"
#include "common/flow/scalar.h"

#include <string.h>

struct node *node_new(struct arena *arena, enum node_kind kind, struct flow_place place)
{
    struct node *node = arena_zalloc(arena, sizeof *node);
    if (node != NULL) {
        node->kind = kind;
        node->place = place;
    }
    return node;
}

struct node *node_new_text(struct arena *arena, const char *text, size_t size, struct flow_place place)
{
    struct node *node = node_new(arena, NODE_STRING, place);
    if (node == NULL)
        return NULL;
    node->text = arena_text_of(arena, text, size);
    node->size = size;
    return node->text != NULL ? node : NULL;
}

void node_resolve(struct node *node)
{
    static const enum node_kind kinds[] = {[SCALAR_TEXT] = NODE_STRING,
                                           [SCALAR_NULL] = NODE_NULL,
                                           [SCALAR_BOOL] = NODE_BOOL,
                                           [SCALAR_NUMBER] = NODE_NUMBER};
    struct scalar scalar = scalar_of_plain(node->text, node->size);
    node->kind = kinds[scalar.kind];
    node->truth = scalar.truth;
    node->integer = scalar.integer;
    node->inexact = scalar.inexact;
    node->number = scalar.number;
}

/* Room for one more of `size` bytes in an array of `count`. */
static void *grown(struct arena *arena, void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *bigger = arena_alloc(arena, wanted * size);
    if (bigger == NULL)
        return NULL;
    if (count > 0)
        memcpy(bigger, array, count * size);
    *capacity = wanted;
    return bigger;
}

sluice_status node_append(struct arena *arena, struct node *list, struct node *value)
{
    struct node **items = grown(arena, list->items, list->count, &list->capacity, sizeof(struct node *));
    if (items == NULL || value == NULL)
        return SLUICE_NO_MEMORY;
    list->items = items;
    items[list->count++] = value;
    return SLUICE_OK;
}

sluice_status node_add(struct arena *arena, struct node *map, const char *key, struct flow_place key_place,
                       struct node *value)
{
    struct node_entry *entries = grown(arena, map->entries, map->count, &map->capacity, sizeof(struct node_entry));
    if (entries == NULL || value == NULL || key == NULL)
        return SLUICE_NO_MEMORY;
    map->entries = entries;
    entries[map->count++] = (struct node_entry){.key = key, .key_place = key_place, .value = value};
    return SLUICE_OK;
}

struct node_entry *node_entry(const struct node *map, const char *key)
{
    if (map != NULL && map->kind == NODE_MAP)
        for (size_t i = 0; i < map->count; i++)
            if (strcmp(map->entries[i].key, key) == 0)
                return &map->entries[i];
    return NULL;
}

struct node *node_get(const struct node *map, const char *key)
{
    struct node_entry *entry = node_entry(map, key);
    return entry != NULL ? entry->value : NULL;
}

const char *node_kind_name(const struct node *node)
{
    static const char *const names[] = {
        [NODE_NULL] = "null",     [NODE_BOOL] = "true or false", [NODE_NUMBER] = "a number",
        [NODE_STRING] = "a text", [NODE_LIST] = "a list",        [NODE_MAP] = "a map"};
    return node == NULL ? "null" : names[node->kind];
}

static void check_exact(const struct node *node, struct problems *problems)
{
    if (node->inexact)
        problem_error(problems, node->place,
                      "the integer %s is beyond 2^53 and would lose digits; write it as a text: \"'%s'\"", node->text,
                      node->text);
}

static sluice_status fill_map(const struct node *node, sluice_value *map, struct problems *problems);

static sluice_status fill_list(const struct node *node, sluice_value *list, struct problems *problems)
{
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < node->count && status == SLUICE_OK; i++) {
        const struct node *item = node->items[i];
        sluice_value *child;
        switch (item->kind) {
        case NODE_NULL: status = sluice_value_append_null(list); break;
        case NODE_BOOL: status = sluice_value_append_bool(list, item->truth); break;
        case NODE_NUMBER:
            check_exact(item, problems);
            status = sluice_value_append_number(list, item->number);
            break;
        case NODE_STRING: status = sluice_value_append_text(list, (sluice_text){item->text, item->size}); break;
        case NODE_LIST:
            child = sluice_value_append_list(list);
            status = child != NULL ? fill_list(item, child, problems) : SLUICE_NO_MEMORY;
            break;
        case NODE_MAP:
            child = sluice_value_append_map(list);
            status = child != NULL ? fill_map(item, child, problems) : SLUICE_NO_MEMORY;
            break;
        }
    }
    return status;
}

sluice_status node_into_value(const struct node *node, sluice_value *map, const char *key, struct problems *problems)
{
    sluice_value *child;
    switch (node->kind) {
    case NODE_NULL: return sluice_value_set_null(map, key);
    case NODE_BOOL: return sluice_value_set_bool(map, key, node->truth);
    case NODE_NUMBER: check_exact(node, problems); return sluice_value_set_number(map, key, node->number);
    case NODE_STRING: return sluice_value_set_text(map, sluice_text_of(key), (sluice_text){node->text, node->size});
    case NODE_LIST:
        child = sluice_value_set_list(map, key);
        return child != NULL ? fill_list(node, child, problems) : SLUICE_NO_MEMORY;
    case NODE_MAP:
        child = sluice_value_set_map(map, key);
        return child != NULL ? fill_map(node, child, problems) : SLUICE_NO_MEMORY;
    }
    return SLUICE_INTERNAL;
}

static sluice_status fill_map(const struct node *node, sluice_value *map, struct problems *problems)
{
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < node->count && status == SLUICE_OK; i++)
        status = node_into_value(node->entries[i].value, map, node->entries[i].key, problems);
    return status;
}

/* Lists and maps one inside the other, `node` included. */
static size_t levels_of(const struct node *node)
{
    size_t deepest = 0;
    if (node->kind != NODE_LIST && node->kind != NODE_MAP)
        return 0;
    for (size_t i = 0; i < node->count; i++) {
        size_t levels = levels_of(node->kind == NODE_LIST ? node->items[i] : node->entries[i].value);
        deepest = levels > deepest ? levels : deepest;
    }
    return deepest + 1;
}

bool node_is_too_deep(const struct node *map, struct problems *problems)
{
    if (map == NULL || levels_of(map) <= SLUICE_DEFAULT_DEPTH)
        return false;
    problem_error(problems, map->place, "nested too deeply: a value has at most %d levels", SLUICE_DEFAULT_DEPTH);
    return true;
}

sluice_value *node_to_value(const struct node *map, struct problems *problems)
{
    sluice_value *value = sluice_value_new_map();
    if (value != NULL &&
        (map == NULL || node_is_too_deep(map, problems) || fill_map(map, value, problems) == SLUICE_OK))
        return value;
    sluice_value_free(value);
    problems->no_memory = true;
    return NULL;
}
