#include "common/flow/keys.h"
#include "common/foundation/buffer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool stands_at(const struct key *key, enum key_where where, bool resolved)
{
    if ((key->where & KEY_RESOLVED) != 0 && !resolved)
        return false;
    return (key->where & (unsigned)where) != 0;
}

static const struct key *find_at(const char *name, unsigned where, unsigned also, bool resolved)
{
    for (size_t i = 0; i < key_count; i++)
        if (strcmp(key_table[i].name, name) == 0 && stands_at(&key_table[i], where, resolved) &&
            (key_table[i].where & also) == also)
            return &key_table[i];
    return NULL;
}

const struct key *key_find(const char *name, enum key_where where, bool resolved)
{
    const struct key *key = find_at(name, where, 0, resolved);
    if (where != KEY_WITH || key != NULL)
        return key;
    key = find_at(name, KEY_GATEWAY, 0, resolved);
    const struct key *heir = find_at(name, KEY_EXECUTOR, KEY_INHERITED, resolved);
    if (key == NULL || (heir != NULL && heir->class == KEY_NOT_BUILT))
        return heir;
    return key;
}

/* Names that may stand at `where`, for suggestions; ended by NULL. */
static void candidates_of(enum key_where where, bool resolved, const char **names)
{
    for (size_t i = 0; i < key_count; i++)
        if (key_find(key_table[i].name, where, resolved) == &key_table[i])
            *names++ = key_table[i].name;
    *names = NULL;
}

static void report_unknown(const struct node_entry *entry, enum key_where where, const char *section, bool resolved,
                           struct problems *problems)
{
    static const struct {
        const char *name;
        unsigned where;
        const char *text;
    } hints[] = {
        {"pods",          KEY_FLOW,     "; executors are listed under \"executors\""         },
        {"needs",         KEY_WITH,     "; it belongs on an executor"                        },
        {"floating",      KEY_WITH,     "; it belongs on an executor"                        },
        {"uses_requests", KEY_WITH,     "; it belongs on an executor"                        },
        {"port",          KEY_FLOW,     "; it belongs under \"gateway\""                     },
        {"with",          KEY_EXECUTOR, "; an executor's parameters are called \"uses_with\""},
    };
    const char *hint = NULL;
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (hints[i].where == (unsigned)where && strcmp(hints[i].name, entry->key) == 0)
            hint = hints[i].text;
    const char **names = arena_alloc(problems->arena, (key_count + 1) * sizeof *names);
    if (names == NULL) {
        problems->no_memory = true;
        return;
    }
    candidates_of(where, resolved, names);
    if (hint == NULL)
        hint = problem_suggestion(problems, entry->key, names);
    problem_error(problems, entry->key_place, "%s has no key \"%s\"%s", section, entry->key, hint);
}

static bool is_scalar(const struct node *node)
{
    return node->kind == NODE_BOOL || node->kind == NODE_NUMBER || node->kind == NODE_STRING;
}

static bool is_text(const struct node *node)
{
    return (is_scalar(node) || node->coerced) && node->text != NULL && memchr(node->text, '\0', node->size) == NULL;
}

static bool has_choice(const struct key *key, const struct node *node)
{
    if (!is_text(node))
        return false;
    for (const char *const *choice = key->choices; choice != NULL && *choice != NULL; choice++)
        if (strcasecmp(*choice, node->text) == 0)
            return true;
    return false;
}

/* A number of bytes: an integer, or a text such as "64MiB". */
static bool bytes_of(const struct node *node, int64_t *ret_bytes)
{
    static const struct {
        const char *unit;
        unsigned shift;
    } units[] = {
        {"KiB", 10},
        {"MiB", 20},
        {"GiB", 30},
        {"TiB", 40}
    };
    if (node->kind == NODE_NUMBER && node->integer && !node->inexact) {
        *ret_bytes = (int64_t)node->number;
        return true;
    }
    if (node->kind != NODE_STRING || node->size == 0 || node->text[0] < '0' || node->text[0] > '9')
        return false;
    char *end;
    unsigned long long count = strtoull(node->text, &end, 10);
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(end, units[i].unit) == 0 && count < (1ULL << (60 - units[i].shift))) {
            *ret_bytes = (int64_t)(count << units[i].shift);
            return true;
        }
    return false;
}

static bool integer_of(const struct key *key, const struct node *node, int64_t *ret_value)
{
    if (key->type == KEY_BYTES)
        return bytes_of(node, ret_value);
    if (node->kind != NODE_NUMBER || !node->integer || node->inexact)
        return false;
    *ret_value = (int64_t)node->number;
    return true;
}

static bool in_range(const struct key *key, const struct node *node)
{
    int64_t value;
    return integer_of(key, node, &value) &&
           (key->minimum >= key->maximum || (value >= key->minimum && value <= key->maximum));
}

static bool one_or_list(const struct key *key, const struct node *node,
                        bool (*fits)(const struct key *, const struct node *))
{
    if (node->kind != NODE_LIST)
        return fits(key, node);
    for (size_t i = 0; i < node->count; i++)
        if (!fits(key, node->items[i]))
            return false;
    return true;
}

static bool text_fits(const struct key *key, const struct node *node)
{
    (void)key;
    return is_text(node);
}

static bool text_map_fits(const struct node *node)
{
    if (node->kind != NODE_MAP)
        return false;
    for (size_t i = 0; i < node->count; i++) {
        const struct node *value = node->entries[i].value;
        const char *key = node->entries[i].key;
        if ((value->kind != NODE_NULL && !is_text(value)) || key[0] == '\0' || strchr(key, '=') != NULL)
            return false;
    }
    return true;
}

static bool fits(const struct key *key, const struct node *node)
{
    switch (key->type) {
    case KEY_ANY:
        /* `polling`: a choice or a map. */
        return key->choices == NULL || node->kind == NODE_MAP || has_choice(key, node);
    case KEY_BOOL: return node->kind == NODE_BOOL;
    case KEY_INTEGER:
    case KEY_BYTES:
    case KEY_MS: return in_range(key, node);
    case KEY_TEXT: return is_text(node);
    case KEY_CHOICE: return has_choice(key, node);
    case KEY_CHOICES: return one_or_list(key, node, has_choice);
    case KEY_PORTS: return one_or_list(key, node, in_range);
    case KEY_TEXTS: return one_or_list(key, node, text_fits);
    case KEY_LIST: return node->kind == NODE_LIST;
    case KEY_MAP: return node->kind == NODE_MAP;
    case KEY_JSON_MAP: return node->kind == NODE_MAP || (node->kind == NODE_STRING && is_text(node));
    case KEY_TEXT_MAP: return text_map_fits(node);
    }
    return false;
}

static void describe_range(const struct key *key, struct buffer *out)
{
    if (key->minimum < key->maximum)
        buffer_printf(out, " from %lld to %lld", (long long)key->minimum, (long long)key->maximum);
}

static void describe_choices(const struct key *key, struct buffer *out)
{
    for (const char *const *choice = key->choices; *choice != NULL; choice++)
        buffer_printf(out, "%s%s", choice == key->choices ? "" : choice[1] == NULL ? " or " : ", ", *choice);
}

/* What the value should be, in words. */
static void describe_type(const struct key *key, struct buffer *out)
{
    switch (key->type) {
    case KEY_ANY:
        if (key->choices == NULL) {
            buffer_append_text(out, "anything");
            break;
        }
        describe_choices(key, out);
        buffer_append_text(out, ", or a map");
        break;
    case KEY_BOOL: buffer_append_text(out, "true or false"); break;
    case KEY_INTEGER: buffer_append_text(out, "an integer"); break;
    case KEY_BYTES: buffer_append_text(out, "a number of bytes (such as 1048576 or 64MiB)"); break;
    case KEY_MS: buffer_append_text(out, "milliseconds, an integer"); break;
    case KEY_TEXT: buffer_append_text(out, "a text"); break;
    case KEY_CHOICE: describe_choices(key, out); break;
    case KEY_CHOICES:
        describe_choices(key, out);
        buffer_append_text(out, ", or a list of these");
        break;
    case KEY_PORTS: buffer_append_text(out, "a port or a list of ports, each"); break;
    case KEY_TEXTS: buffer_append_text(out, "a text or a list of texts"); break;
    case KEY_LIST: buffer_append_text(out, "a list"); break;
    case KEY_MAP: buffer_append_text(out, "a map"); break;
    case KEY_JSON_MAP: buffer_append_text(out, "a map, or a text with one as JSON"); break;
    case KEY_TEXT_MAP: buffer_append_text(out, "a map of names to texts"); break;
    }
    describe_range(key, out);
}

static void report_type(const struct key *key, const struct node *node, const char *section, struct problems *problems)
{
    struct buffer wanted;
    buffer_init(&wanted, 1024);
    describe_type(key, &wanted);
    bool shown = node->text != NULL && node->size <= 60;
    problem_error(problems, node->place, "%s: \"%s\" must be %s, not %s%s%s", section, key->name, buffer_text(&wanted),
                  shown && node->kind != NODE_NUMBER ? "\"" : "", shown ? node->text : node_kind_name(node),
                  shown && node->kind != NODE_NUMBER ? "\"" : "");
    buffer_done(&wanted);
}

static bool is_harmless(const struct key *key, const struct node *node)
{
    if (key->harmless == NULL)
        return false;
    if (node->kind == NODE_LIST || node->kind == NODE_MAP)
        return node->count == 0;
    return node->text != NULL && strcasecmp(node->text, key->harmless) == 0;
}

static void check_class(const struct key *key, const struct node_entry *entry, const char *section,
                        struct problems *problems)
{
    if (key->class == KEY_SUPPORTED || is_harmless(key, entry->value))
        return;
    if (key->class == KEY_NOT_BUILT)
        problem_error(problems, entry->key_place,
                      "%s: \"%s\" (%s) is known, but not built yet; it would change answers, so this Flow does not run",
                      section, key->name, key->help);
    else if (key->class == KEY_MISPLACED)
        problem_error(problems, entry->key_place, "%s: \"%s\" has no place here; %s", section, key->name, key->help);
    else
        problem_warning(problems, entry->key_place, "%s: \"%s\" is ignored: %s", section, key->name, key->help);
}

void keys_check(const struct node *map, enum key_where where, const char *section, bool resolved,
                struct problems *problems)
{
    if (map == NULL || map->kind != NODE_MAP)
        return;
    for (size_t i = 0; i < map->count; i++) {
        const struct node_entry *entry = &map->entries[i];
        const struct key *key = key_find(entry->key, where, resolved);
        if (key == NULL)
            report_unknown(entry, where, section, resolved, problems);
        else if (entry->value->kind == NODE_NULL)
            continue;
        else if (!fits(key, entry->value))
            report_type(key, entry->value, section, problems);
        else
            check_class(key, entry, section, problems);
        if (key != NULL && key->alias_of != NULL && node_entry(map, key->alias_of) != NULL)
            problem_error(problems, entry->key_place, "%s: \"%s\" and \"%s\" are two names of one key; give one",
                          section, key->alias_of, key->name);
    }
}

static const struct node *get(const struct node *map, unsigned where, unsigned also, const char *name)
{
    if (map == NULL || map->kind != NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++) {
        const struct node *value = map->entries[i].value;
        const struct key *key = find_at(map->entries[i].key, where, also, true);
        if (key == NULL || value->kind == NODE_NULL ||
            strcmp(key->alias_of != NULL ? key->alias_of : key->name, name) != 0)
            continue;
        return fits(key, value) ? value : NULL;
    }
    return NULL;
}

const struct node *keys_get(const struct node *map, enum key_where where, const char *name)
{
    return get(map, (unsigned)where, 0, name);
}

const struct node *keys_get_inherited(const struct node *map, const struct node *with, enum key_where where,
                                      const char *name)
{
    const struct node *own = get(map, (unsigned)where, 0, name);
    if (own != NULL)
        return own;
    if (where == KEY_EXECUTOR)
        return get(with, KEY_EXECUTOR, KEY_INHERITED, name);
    return find_at(name, KEY_WITH, 0, true) == NULL ? get(with, (unsigned)where, 0, name) : NULL;
}

int64_t keys_integer(const struct node *node, enum key_where where, const char *name)
{
    const struct key *key = key_find(name, where, false);
    int64_t value;
    if (node != NULL && integer_of(key, node, &value))
        return value;
    return key->fallback != NULL ? strtoll(key->fallback, NULL, 10) : 0;
}

bool keys_bool(const struct node *node, bool fallback)
{
    return node != NULL && node->kind == NODE_BOOL ? node->truth : fallback;
}

const char *keys_text(const struct node *node)
{
    return node != NULL ? node->text : NULL;
}

static void write_where(const struct key *key, struct buffer *out)
{
    static const struct {
        unsigned where;
        const char *name;
    } names[] = {
        {KEY_FLOW,          "top"          },
        {KEY_WITH,          "with"         },
        {KEY_GATEWAY,       "gateway"      },
        {KEY_EXECUTOR,      "executor"     },
        {KEY_EXECUTOR_YAML, "executor YAML"},
        {KEY_METAS,         "metas"        }
    };
    const char *separator = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((key->where & names[i].where) != 0) {
            buffer_printf(out, "%s%s", separator, names[i].name);
            separator = ", ";
        }
    if ((key->where & KEY_INHERITED) != 0)
        buffer_append_text(out, " (inherits)");
}

void keys_write_row(const struct key *key, struct buffer *out)
{
    static const char *const classes[] = {[KEY_SUPPORTED] = "supported",
                                          [KEY_NOT_BUILT] = "not built: error",
                                          [KEY_IGNORED] = "ignored: warning",
                                          [KEY_MISPLACED] = "misplaced: error"};
    buffer_printf(out, "| `%s` | ", key->name);
    write_where(key, out);
    buffer_append_text(out, " | ");
    describe_type(key, out);
    buffer_printf(out, " | %s%s%s | %s", key->fallback != NULL ? "`" : "", key->fallback != NULL ? key->fallback : "",
                  key->fallback != NULL ? "`" : "", classes[key->class]);
    if (key->harmless != NULL)
        buffer_printf(out, ", except `%s`", key->harmless);
    buffer_printf(out, " | %s |\n", key->help);
}
