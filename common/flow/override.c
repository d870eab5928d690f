#include "common/flow/override.h"
#include "common/flow/keys.h"
#include "common/foundation/text.h"

#include <stdlib.h>
#include <string.h>

enum { SEGMENTS_MAX = 32 };

struct override {
    const char *written; /* the key */
    struct flow_place place;
    const char *segments[SEGMENTS_MAX + 1]; /* an index is a text of digits */
    size_t count;
    struct node *value;
    struct arena *arena;
    struct problems *problems;
};

static void fail_no_memory(struct override *override)
{
    override->problems->no_memory = true;
}

static void move_places(struct node *node, struct flow_place place)
{
    node->place = place;
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == NODE_MAP)
            node->entries[i].key_place = place;
        move_places(node->kind == NODE_MAP ? node->entries[i].value : node->items[i], place);
    }
}

/* YAML if it can be read as such, else the text itself: `host=*` needs no quotes. */
static struct node *value_of(struct override *override, const char *text)
{
    struct problems ignored;
    bool empty;
    problems_init(&ignored, override->arena);
    struct node *node = node_read(text, strlen(text), (struct flow_place){.file = "--set"}, &node_limits_input,
                                  override->arena, &ignored, &empty);
    if (node == NULL || ignored.error_count > 0)
        node = node_new_text(override->arena, text, strlen(text), override->place);
    problems_done(&ignored);
    if (node == NULL || ignored.no_memory)
        fail_no_memory(override);
    else
        move_places(node, override->place);
    return node;
}

/* Is what follows the segments so far one key? `executors.env` is an executor of that name. */
static bool is_whole_rest(const struct override *override, size_t count)
{
    const char *last = override->segments[count - 1];
    bool item = count == 2 &&
                (strcmp(override->segments[0], "executors") == 0 || strcmp(override->segments[0], "deployments") == 0);
    return !item && (strcmp(last, "env") == 0 || strcmp(last, "uses_requests") == 0);
}

/* `a.b[2].c` as a, b, 2, c. Below env and uses_requests the rest is one key, as endpoints and names may hold dots. */
static bool split(struct override *override, const char *key)
{
    char *copy = arena_text(override->arena, key);
    if (copy == NULL) {
        fail_no_memory(override);
        return false;
    }
    while (*copy != '\0') {
        if (override->count == SEGMENTS_MAX)
            return false;
        override->segments[override->count++] = copy;
        if (override->count > 1 && is_whole_rest(override, override->count - 1))
            return true;
        size_t size = strcspn(copy, ".[]");
        char separator = copy[size];
        copy[size] = '\0';
        if (size == 0)
            return false;
        copy += size + (separator != '\0');
        if (separator == ']' && *copy == '.')
            copy++;
        else if (separator == ']' && *copy == '[')
            copy++;
        else if (separator == ']' && *copy != '\0')
            return false;
        if (separator == '.' && *copy == '\0')
            return false;
    }
    return override->count > 0;
}

static bool is_index(const char *segment, size_t *ret_index)
{
    char *end;
    if (segment[0] < '0' || segment[0] > '9')
        return false;
    unsigned long index = strtoul(segment, &end, 10);
    *ret_index = index;
    return *end == '\0';
}

static const char *name_of_item(const struct node *item, size_t index, struct override *override)
{
    const struct node *name = node_get(item, "name");
    if (name != NULL && name->text != NULL && name->size > 0)
        return name->text;
    const char *text = arena_printf(override->arena, "executor%zu", index);
    return text != NULL ? text : "";
}

/* The item `executors[2]` or `executors.encoder`. NULL: reported. */
static struct node *find_item(struct override *override, struct node *list, const char *segment)
{
    size_t index;
    if (list == NULL || list->kind != NODE_LIST) {
        problem_error(override->problems, override->place, "the Flow has no list of executors");
        return NULL;
    }
    if (is_index(segment, &index)) {
        if (index < list->count)
            return list->items[index];
        problem_error(override->problems, override->place,
                      "there is no executor number %zu; the Flow has %zu, counted from 0", index, list->count);
        return NULL;
    }
    const char **names = arena_alloc(override->arena, (list->count + 1) * sizeof *names);
    if (names == NULL) {
        fail_no_memory(override);
        return NULL;
    }
    for (size_t i = 0; i < list->count; i++) {
        names[i] = name_of_item(list->items[i], i, override);
        if (strcmp(names[i], segment) == 0)
            return list->items[i];
    }
    names[list->count] = NULL;
    problem_error(override->problems, override->place, "there is no executor \"%s\"%s", segment,
                  problem_suggestion(override->problems, segment, names));
    return NULL;
}

/* Other names of the key that is set, such as `ports` beside `port`, make way. */
static void remove_aliases(struct node *map, enum key_where where, const char *name)
{
    const struct key *key = key_find(name, where, false);
    const char *main_name = key == NULL ? name : key->alias_of != NULL ? key->alias_of : key->name;
    size_t kept = 0;
    for (size_t i = 0; i < map->count; i++) {
        const struct key *other = key_find(map->entries[i].key, where, false);
        const char *other_name = other == NULL ? NULL : other->alias_of != NULL ? other->alias_of : other->name;
        if (other_name == NULL || strcmp(other_name, main_name) != 0 || strcmp(map->entries[i].key, name) == 0)
            map->entries[kept++] = map->entries[i];
    }
    map->count = kept;
}

static void set(struct override *override, struct node *map, const char *key, struct node *value)
{
    struct node_entry *entry = node_entry(map, key);
    if (entry != NULL) {
        entry->key_place = override->place;
        entry->value = value;
    } else if (node_add(override->arena, map, key, override->place, value) != SLUICE_OK) {
        fail_no_memory(override);
    }
}

/* The map under `key` of a map, made when it is not there; what is there already may be anything. NULL: no memory. */
static struct node *descend(struct override *override, struct node *map, const char *key)
{
    struct node *child = node_get(map, key);
    if (child != NULL && child->kind != NODE_NULL)
        return child;
    child = node_new(override->arena, NODE_MAP, override->place);
    if (child == NULL)
        fail_no_memory(override);
    else
        set(override, map, key, child);
    return child;
}

/* The slot of entry `segment` of a list that is called `name`. NULL: reported. */
static struct node **list_slot(struct override *override, struct node *list, const char *name, const char *segment)
{
    size_t index;
    if (is_index(segment, &index) && index < list->count)
        return &list->items[index];
    problem_error(override->problems, override->place, "\"%s\" has no entry %s to set", name, segment);
    return NULL;
}

static void report_no_keys(struct override *override, const struct node *node, const char *name)
{
    problem_error(override->problems, override->place, "\"%s\" is %s in the file and has no keys to set", name,
                  node_kind_name(node));
}

/* Set what the segments from `from` on lead to, below `map`. */
static void set_path(struct override *override, struct node *map, size_t from)
{
    if (from >= override->count) {
        problem_error(override->problems, override->place, "this names a section; name a key in it");
        return;
    }
    struct node *at = map;
    for (; at != NULL; from++) {
        const char *segment = override->segments[from], *name = from > 0 ? override->segments[from - 1] : "";
        bool last = from + 1 == override->count;
        struct node **slot;
        switch (at->kind) {
        case NODE_LIST:
            slot = list_slot(override, at, name, segment);
            if (slot != NULL && last)
                *slot = override->value;
            at = slot != NULL && !last ? *slot : NULL;
            break;
        case NODE_MAP:
            if (last)
                set(override, at, segment, override->value);
            at = last ? NULL : descend(override, at, segment);
            break;
        default: report_no_keys(override, at, name); return;
        }
    }
}

static void set_in_section(struct override *override, struct node *section, enum key_where where, size_t from)
{
    if (section == NULL)
        return;
    if (section->kind != NODE_MAP) {
        report_no_keys(override, section, override->segments[from - (from > 0)]);
        return;
    }
    if (from < override->count)
        remove_aliases(section, where, override->segments[from]);
    set_path(override, section, from);
}

/* Where a key without a section belongs: the Flow's own settings, the gateway's, else what executors inherit. */
static void set_plain(struct override *override, struct node *root)
{
    const char *first = override->segments[0];
    const struct key *key = key_find(first, KEY_WITH, false);
    if (key != NULL && (key->where & KEY_WITH) == 0 && (key->where & KEY_GATEWAY) != 0) {
        set_in_section(override, descend(override, root, "gateway"), KEY_GATEWAY, 0);
    } else if (key != NULL) {
        set_in_section(override, descend(override, root, "with"), KEY_WITH, 0);
    } else {
        const char **names = arena_alloc(override->arena, (key_count + 1) * sizeof *names);
        size_t used = 0;
        for (size_t i = 0; names != NULL && i < key_count; i++)
            if (key_find(key_table[i].name, KEY_WITH, false) == &key_table[i] || (key_table[i].where & KEY_FLOW) != 0)
                names[used++] = key_table[i].name;
        if (names == NULL) {
            fail_no_memory(override);
            return;
        }
        names[used] = NULL;
        problem_error(override->problems, override->place, "there is no key \"%s\"%s", first,
                      problem_suggestion(override->problems, first, names));
    }
}

static void apply(struct override *override, struct node *root)
{
    const char *first = override->segments[0];
    if (strcmp(first, "executors") == 0 || strcmp(first, "deployments") == 0) {
        struct node *list =
            node_get(root, "executors") != NULL ? node_get(root, "executors") : node_get(root, "deployments");
        struct node *item = override->count > 1 ? find_item(override, list, override->segments[1]) : NULL;
        if (override->count == 1)
            problem_error(override->problems, override->place,
                          "this names all executors; name one and a key of it, as in executors[0].workers=2");
        set_in_section(override, item, KEY_EXECUTOR, 2);
    } else if (strcmp(first, "gateway") == 0) {
        set_in_section(override, descend(override, root, first), KEY_GATEWAY, 1);
    } else if (strcmp(first, "with") == 0) {
        set_in_section(override, descend(override, root, first), KEY_WITH, 1);
    } else if (key_find(first, KEY_FLOW, false) != NULL) {
        set_path(override, root, 0);
    } else {
        set_plain(override, root);
    }
}

static void apply_text(struct node *root, const char *text, struct arena *arena, struct problems *problems)
{
    struct override override = {.arena = arena, .problems = problems};
    const char *name = arena_printf(arena, "--set %s", text), *equals = strchr(text, '=');
    const char *key = equals != NULL ? arena_text_of(arena, text, (size_t)(equals - text)) : "";
    if (name == NULL || key == NULL) {
        problems->no_memory = true;
        return;
    }
    override.place.file = name;
    override.written = key;
    if (!text_is_utf8(text, strlen(text))) {
        problem_error(problems, override.place, "this is not UTF-8; write it in that coding");
        return;
    }
    if (equals == NULL || !split(&override, key)) {
        problem_error(problems, override.place,
                      "an override is key=value, as in gateway.port=0 or executors.encoder.workers=2");
        return;
    }
    override.value = value_of(&override, equals + 1);
    if (override.value != NULL)
        apply(&override, root);
}

void overrides_apply(struct node *root, const char *const *overrides, struct arena *arena, struct problems *problems)
{
    for (; overrides != NULL && *overrides != NULL; overrides++)
        apply_text(root, *overrides, arena, problems);
}
