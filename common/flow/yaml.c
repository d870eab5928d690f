/*
 * Design notes: libyaml's events are read by a recursive descent that is bounded in depth. Anchors are kept in
 * a list; an alias makes a deep copy, whose nodes count like written ones, so that a small text cannot grow beyond
 * the limit. An alias to a node that is not finished yet (a loop) is an unknown anchor to this reader.
 */
#include "common/flow/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct anchor {
    struct anchor *next;
    const char *name;
    const struct node *node;
};

struct reader {
    yaml_parser_t parser;
    struct arena *arena;
    struct problems *problems;
    struct flow_place place;
    struct node_limits limits;
    struct anchor *anchors;
    const char *text;
    size_t size;
    size_t nodes;
    unsigned depth;
    bool failed;
};

const struct node_limits node_limits_input = {
    .bytes = NODE_BYTES_MAX, .count = NODE_COUNT_MAX, .depth = NODE_DEPTH_MAX};
const struct node_limits node_limits_resolved = {.bytes = (size_t)256 << 20, .count = (size_t)1 << 24, .depth = 256};

static struct node *read_node(struct reader *reader, yaml_event_t *event);

static struct flow_place place_of(const struct reader *reader, yaml_mark_t mark)
{
    if (reader->place.line != 0)
        return reader->place;
    return (struct flow_place){
        .file = reader->place.file, .line = (unsigned)mark.line + 1, .column = (unsigned)mark.column + 1};
}

static struct node *no_memory(struct reader *reader)
{
    reader->problems->no_memory = true;
    reader->failed = true;
    return NULL;
}

static struct node *fail(struct reader *reader, struct flow_place place, const char *text)
{
    if (!reader->failed)
        problem_error(reader->problems, place, "%s", text);
    reader->failed = true;
    return NULL;
}

static struct node *fail_depth(struct reader *reader, struct flow_place place)
{
    if (!reader->failed)
        problem_error(reader->problems, place, "nested too deeply: more than %u levels", reader->limits.depth);
    reader->failed = true;
    return NULL;
}

static struct node *fail_count(struct reader *reader, struct flow_place place)
{
    if (!reader->failed)
        problem_error(reader->problems, place, "too large: more than %zu values, expanded aliases (*name) included",
                      reader->limits.count);
    reader->failed = true;
    return NULL;
}

/* The reader's errors have an offset only. */
static yaml_mark_t mark_of_offset(const struct reader *reader, size_t offset)
{
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < offset && i < reader->size; i++) {
        if (reader->text[i] == '\n') {
            mark.line++;
            mark.column = 0;
        } else if (((unsigned char)reader->text[i] & 0xC0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

static void report_parser(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR) {
        no_memory(reader);
        return;
    }
    yaml_mark_t mark =
        parser->error == YAML_READER_ERROR ? mark_of_offset(reader, parser->problem_offset) : parser->problem_mark;
    problem_error(reader->problems, place_of(reader, mark), "not valid YAML: %s%s%s",
                  parser->problem != NULL ? parser->problem : "unknown error", parser->context != NULL ? " " : "",
                  parser->context != NULL ? parser->context : "");
    reader->failed = true;
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
    if (reader->failed)
        return false;
    if (yaml_parser_parse(&reader->parser, event) != 0)
        return true;
    report_parser(reader);
    return false;
}

static struct node *new_node(struct reader *reader, enum node_kind kind, struct flow_place place)
{
    if (++reader->nodes > reader->limits.count)
        return fail_count(reader, place);
    struct node *node = node_new(reader->arena, kind, place);
    return node != NULL ? node : no_memory(reader);
}

static struct node *copied(struct reader *reader, const struct node *from)
{
    struct node *node = new_node(reader, from->kind, from->place);
    if (node == NULL)
        return NULL;
    *node = *from;
    node->items = NULL;
    node->entries = NULL;
    node->count = node->capacity = 0;
    for (size_t i = 0; i < from->count; i++) {
        struct node *child = copied(reader, from->kind == NODE_LIST ? from->items[i] : from->entries[i].value);
        if (child == NULL)
            return NULL;
        sluice_status status = from->kind == NODE_LIST ? node_append(reader->arena, node, child)
                                                       : node_add(reader->arena, node, from->entries[i].key,
                                                                  from->entries[i].key_place, child);
        if (status != SLUICE_OK)
            return no_memory(reader);
    }
    return node;
}

static unsigned depth_of(const struct node *node)
{
    unsigned deepest = 0;
    for (size_t i = 0; i < node->count; i++) {
        unsigned depth = depth_of(node->kind == NODE_LIST ? node->items[i] : node->entries[i].value);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

static struct node *read_alias(struct reader *reader, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    struct flow_place place = place_of(reader, event->start_mark);
    for (struct anchor *anchor = reader->anchors; anchor != NULL; anchor = anchor->next) {
        if (strcmp(anchor->name, name) != 0)
            continue;
        struct node *node = copied(reader, anchor->node);
        if (node == NULL)
            return NULL;
        if (reader->depth + depth_of(node) > reader->limits.depth + 1)
            return fail_depth(reader, place);
        node->place = place;
        return node;
    }
    return fail(reader, place,
                "this alias (*name) stands for nothing: its anchor (&name) must come before, and not around it");
}

static sluice_status remember_anchor(struct reader *reader, const char *name, const struct node *node)
{
    if (name == NULL)
        return SLUICE_OK;
    struct anchor *anchor = arena_alloc(reader->arena, sizeof *anchor);
    if (anchor == NULL)
        return SLUICE_NO_MEMORY;
    *anchor = (struct anchor){.next = reader->anchors, .name = name, .node = node};
    reader->anchors = anchor;
    return SLUICE_OK;
}

/* The part of a standard tag behind its prefix, or NULL. */
static const char *standard_tag(const char *tag)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    return tag != NULL && strncmp(tag, prefix, sizeof prefix - 1) == 0 ? tag + sizeof prefix - 1 : NULL;
}

static bool is_local_tag(const char *tag)
{
    return tag != NULL && tag[0] == '!' && tag[1] != '\0';
}

/* `!Name` as the entry `jtype: Name`, which the original makes of it by replacing text. */
static struct node *add_jtype(struct reader *reader, struct node *map, const char *tag)
{
    struct node *name = new_node(reader, NODE_STRING, map->place);
    if (name == NULL)
        return NULL;
    name->text = arena_text(reader->arena, tag + 1);
    name->size = strlen(tag + 1);
    if (name->text == NULL || node_add(reader->arena, map, "jtype", map->place, name) != SLUICE_OK)
        return no_memory(reader);
    return map;
}

static struct node *read_scalar(struct reader *reader, const yaml_event_t *event)
{
    const char *tag = (const char *)event->data.scalar.tag, *standard = standard_tag(tag);
    struct flow_place place = place_of(reader, event->start_mark);
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (is_local_tag(tag) && plain && event->data.scalar.length == 0) {
        struct node *map = new_node(reader, NODE_MAP, place);
        return map != NULL ? add_jtype(reader, map, tag) : NULL;
    }
    if (is_local_tag(tag) || (tag != NULL && tag[0] != '!' && standard == NULL))
        return fail(reader, place, "a tag belongs before a map (`!Name` is short for `jtype: Name`); this is a text");
    struct node *node = new_node(reader, NODE_STRING, place);
    if (node == NULL)
        return NULL;
    node->text = arena_text_of(reader->arena, event->data.scalar.value, event->data.scalar.length);
    node->size = event->data.scalar.length;
    if (node->text == NULL)
        return no_memory(reader);
    node->quoted = !plain;
    if (standard != NULL) {
        node->quoted = strcmp(standard, "str") == 0;
        if (!node->quoted && strcmp(standard, "int") != 0 && strcmp(standard, "float") != 0 &&
            strcmp(standard, "bool") != 0 && strcmp(standard, "null") != 0)
            return fail(reader, place, "this tag is not known; !!str, !!int, !!float, !!bool and !!null are");
    }
    if (!node->quoted)
        node_resolve(node);
    return node;
}

static bool enter(struct reader *reader, struct flow_place place)
{
    if (++reader->depth <= reader->limits.depth)
        return true;
    fail_depth(reader, place);
    return false;
}

static struct node *read_list(struct reader *reader, const yaml_event_t *start)
{
    const char *tag = (const char *)start->data.sequence_start.tag;
    struct flow_place place = place_of(reader, start->start_mark);
    if (tag != NULL && strcmp(tag, YAML_SEQ_TAG) != 0)
        return fail(reader, place, "a tag belongs before a map (`!Name` is short for `jtype: Name`); this is a list");
    struct node *list = new_node(reader, NODE_LIST, place);
    if (list == NULL || !enter(reader, place))
        return NULL;
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event))
            return NULL;
        bool end = event.type == YAML_SEQUENCE_END_EVENT;
        struct node *item = end ? NULL : read_node(reader, &event);
        yaml_event_delete(&event);
        if (end)
            break;
        if (item == NULL)
            return NULL;
        if (node_append(reader->arena, list, item) != SLUICE_OK)
            return no_memory(reader);
    }
    reader->depth--;
    return list;
}

static bool read_key(struct reader *reader, const yaml_event_t *event, const char **ret_key)
{
    struct flow_place place = place_of(reader, event->start_mark);
    if (event->type != YAML_SCALAR_EVENT) {
        fail(reader, place, "a key must be a text");
        return false;
    }
    if (memchr(event->data.scalar.value, '\0', event->data.scalar.length) != NULL) {
        fail(reader, place, "a key must not hold a NUL character");
        return false;
    }
    *ret_key = arena_text_of(reader->arena, event->data.scalar.value, event->data.scalar.length);
    if (*ret_key == NULL)
        no_memory(reader);
    return *ret_key != NULL;
}

static int compare_entries(const void *left, const void *right)
{
    const struct node_entry *a = *(const struct node_entry *const *)left, *b = *(const struct node_entry *const *)right;
    int order = strcmp(a->key, b->key);
    return order != 0 ? order : a < b ? -1 : 1;
}

/* Reports every key that is there twice; the last one counts, as in the original. */
static void check_duplicates(struct reader *reader, const struct node *map)
{
    if (map->count < 2)
        return;
    const struct node_entry **sorted = malloc(map->count * sizeof *sorted);
    if (sorted == NULL) {
        no_memory(reader);
        return;
    }
    for (size_t i = 0; i < map->count; i++)
        sorted[i] = &map->entries[i];
    qsort(sorted, map->count, sizeof *sorted, compare_entries);
    for (size_t i = 1; i < map->count; i++) {
        const struct node_entry *first = sorted[i - 1], *second = sorted[i];
        if (strcmp(first->key, second->key) == 0)
            problem_error(reader->problems, second->key_place,
                          "the key \"%s\" is here twice, first at line %u, column %u", second->key,
                          first->key_place.line, first->key_place.column);
    }
    free(sorted);
}

static sluice_status merge_one(struct reader *reader, struct node *map, const struct node *from)
{
    for (size_t i = 0; i < from->count; i++) {
        if (node_entry(map, from->entries[i].key) != NULL)
            continue;
        if (node_add(reader->arena, map, from->entries[i].key, from->entries[i].key_place, from->entries[i].value) !=
            SLUICE_OK)
            return SLUICE_NO_MEMORY;
    }
    return SLUICE_OK;
}

/* `<<: *base`: the entries of another map (or of several, the first wins) that are not written here. */
static struct node *merged(struct reader *reader, struct node *map, const struct node *bases)
{
    const struct node *const *list = bases->kind == NODE_LIST ? (const struct node *const *)bases->items : &bases;
    size_t count = bases->kind == NODE_LIST ? bases->count : 1;
    for (size_t i = 0; i < count; i++) {
        if (list[i]->kind != NODE_MAP)
            return fail(reader, list[i]->place, "`<<` merges maps; this is none");
        if (merge_one(reader, map, list[i]) != SLUICE_OK)
            return no_memory(reader);
    }
    return map;
}

/* One entry; its value goes to *ret_bases if the key is `<<`. */
static bool read_entry(struct reader *reader, const yaml_event_t *key_event, struct node *map, struct node **ret_bases)
{
    const char *key;
    struct flow_place place = place_of(reader, key_event->start_mark);
    yaml_event_t event;
    if (!read_key(reader, key_event, &key) || !next_event(reader, &event))
        return false;
    struct node *value = read_node(reader, &event);
    yaml_event_delete(&event);
    if (value == NULL)
        return false;
    if (strcmp(key, "<<") == 0 && key_event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        *ret_bases = value;
        return true;
    }
    if (node_add(reader->arena, map, key, place, value) != SLUICE_OK)
        no_memory(reader);
    return !reader->failed;
}

static struct node *read_map(struct reader *reader, const yaml_event_t *start)
{
    const char *tag = (const char *)start->data.mapping_start.tag;
    struct flow_place place = place_of(reader, start->start_mark);
    struct node *map = new_node(reader, NODE_MAP, place), *bases = NULL;
    if (map == NULL || !enter(reader, place))
        return NULL;
    if (is_local_tag(tag) && add_jtype(reader, map, tag) == NULL)
        return NULL;
    if (tag != NULL && tag[0] != '!' && strcmp(tag, YAML_MAP_TAG) != 0)
        return fail(reader, place, "this tag is not known; `!Name` is short for `jtype: Name`");
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event))
            return NULL;
        bool end = event.type == YAML_MAPPING_END_EVENT;
        bool good = end || read_entry(reader, &event, map, &bases);
        yaml_event_delete(&event);
        if (end)
            break;
        if (!good)
            return NULL;
    }
    reader->depth--;
    check_duplicates(reader, map);
    return bases != NULL ? merged(reader, map, bases) : map;
}

static struct node *read_node(struct reader *reader, yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    struct node *node;
    switch (event->type) {
    case YAML_ALIAS_EVENT: return read_alias(reader, event);
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        node = read_scalar(reader, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        node = read_list(reader, event);
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        node = read_map(reader, event);
        break;
    default: return fail(reader, place_of(reader, event->start_mark), "not valid YAML here");
    }
    if (node == NULL || anchor == NULL)
        return node;
    const char *name = arena_text(reader->arena, (const char *)anchor);
    if (name == NULL || remember_anchor(reader, name, node) != SLUICE_OK)
        return no_memory(reader);
    return node;
}

/* The first document's root. NULL with `failed` unset: there is none. */
static struct node *read_document(struct reader *reader)
{
    struct node *root = NULL;
    for (;;) {
        yaml_event_t event;
        if (!next_event(reader, &event))
            return NULL;
        bool before = event.type == YAML_STREAM_START_EVENT || event.type == YAML_DOCUMENT_START_EVENT;
        if (!before && event.type != YAML_STREAM_END_EVENT)
            root = read_node(reader, &event);
        yaml_event_delete(&event);
        if (!before)
            return root;
    }
}

struct node *node_read(const char *text, size_t size, struct flow_place place, const struct node_limits *limits,
                       struct arena *arena, struct problems *problems, bool *ret_empty)
{
    *ret_empty = false;
    struct reader reader = {
        .arena = arena, .problems = problems, .place = place, .limits = *limits, .text = text, .size = size};
    if (size > limits->bytes) {
        problem_error(problems, place, "too large: %zu bytes of YAML, at most %zu are read", size, limits->bytes);
        return NULL;
    }
    if (yaml_parser_initialize(&reader.parser) == 0) {
        problems->no_memory = true;
        return NULL;
    }
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    struct node *root = read_document(&reader);
    yaml_parser_delete(&reader.parser);
    if (reader.failed)
        return NULL;
    *ret_empty = root == NULL || (root->kind == NODE_NULL && root->size == 0);
    return *ret_empty ? NULL : root;
}
