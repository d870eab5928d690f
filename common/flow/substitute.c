/*
 * Design notes: a text is scanned once from left to right; at each `$` the longest form that fits is replaced, anything
 * else is copied. So the result of a replacement is never scanned again, with one exception that the original's table
 * asks for: an unknown context variable ${{ c }} becomes `$` and then what `$c` gives.
 */
#include "common/flow/substitute.h"
#include "common/flow/scalar.h"
#include "common/foundation/buffer.h"
#include "common/foundation/number.h"
#include "common/foundation/text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REFERENCE_DEPTH = 3, NAME_MAX_BYTES = 256, REPLACEMENTS_MAX = 1000000 };

struct scan {
    const struct substitution *with;
    struct node *root;
    const struct node *self; /* the map that contains the value */
    const struct node *value;
    struct buffer out;
    bool replaced;
    size_t replacements; /* in the whole tree; bounded, as references multiply */
    size_t bytes;        /* made by replacement, in the whole tree */
    size_t made;         /* values made by coercion, in the whole tree */
};

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t name_size(const char *text, size_t size)
{
    size_t count = 0;
    while (count < size && is_name(text[count]))
        count++;
    return count;
}

static const char *environment_of(const struct substitution *with, const char *name, size_t size)
{
    if (with->environment != NULL && size > 0)
        for (const char *const *entry = with->environment; *entry != NULL; entry++)
            if (strncmp(*entry, name, size) == 0 && (*entry)[size] == '=')
                return *entry + size + 1;
    return NULL;
}

/* The value of NAME, or `$NAME` when there is none. */
static void put_variable(struct scan *scan, const char *name, size_t size)
{
    const char *value = environment_of(scan->with, name, size);
    if (value != NULL) {
        buffer_append_text(&scan->out, value);
        return;
    }
    buffer_append_byte(&scan->out, '$');
    buffer_append(&scan->out, name, size);
}

static void put_number(struct buffer *out, double number)
{
    char text[NUMBER_EXACT_SIZE];
    if (isnan(number))
        buffer_append_text(out, "nan");
    else if (isinf(number))
        buffer_append_text(out, number < 0 ? "-inf" : "inf");
    else if (number == floor(number) && fabs(number) < 1e16)
        buffer_printf(out, "%.0f", number);
    else
        buffer_append_text(out, number_exact(number, text));
}

static void put_context(struct scan *scan, const char *name, size_t size)
{
    const sluice_value *value =
        scan->with->context != NULL ? sluice_value_get_text(scan->with->context, (sluice_text){name, size}) : NULL;
    sluice_text text;
    if (value == NULL) {
        problem_warning(scan->with->problems, scan->value->place,
                        "the context has no \"%.*s\"; an environment variable is written ${{ ENV.%.*s }}", (int)size,
                        name, (int)size, name);
        buffer_append_byte(&scan->out, '$');
        put_variable(scan, name, size);
        return;
    }
    switch (sluice_value_kind_of(value)) {
    case SLUICE_VALUE_NULL: break;
    case SLUICE_VALUE_BOOL: buffer_append_text(&scan->out, sluice_value_bool(value, false) ? "true" : "false"); break;
    case SLUICE_VALUE_NUMBER: put_number(&scan->out, sluice_value_number(value, 0)); break;
    case SLUICE_VALUE_STRING:
        text = sluice_value_string(value);
        buffer_append(&scan->out, text.data, text.size);
        break;
    default:
        problem_error(
            scan->with->problems, scan->value->place,
            "the context's \"%.*s\" is a list or a map; only texts, numbers and truth values can be put in a text",
            (int)size, name);
    }
}

static bool starts_with(const char *text, size_t size, const char *prefix)
{
    return size >= strlen(prefix) && memcmp(text, prefix, strlen(prefix)) == 0;
}

/* `${{ ENV.NAME }}`, `${{ CONTEXT.NAME }}`, `${{ NAME }}` at `text`, exactly one white-space character inside the
 * braces: its length, or 0. */
static size_t put_spaced(struct scan *scan, const char *text, size_t size)
{
    if (size < 7 || !isspace((unsigned char)text[3]))
        return 0;
    const char *name = text + 4;
    size_t left = size - 4;
    bool environment = starts_with(name, left, "ENV.") || starts_with(name, left, "env.");
    bool context = starts_with(name, left, "CONTEXT.") || starts_with(name, left, "context.");
    size_t prefix = environment ? 4 : context ? 8 : 0;
    size_t length = name_size(name + prefix, left - prefix), at = 4 + prefix + length;
    if (at + 3 > size || !isspace((unsigned char)text[at]) || text[at + 1] != '}' || text[at + 2] != '}' || length == 0)
        return 0;
    if (environment)
        put_variable(scan, name + prefix, length);
    else
        put_context(scan, name + prefix, length);
    return at + 3;
}

static struct node *step(const struct node *at, const char *name, size_t size)
{
    char key[NAME_MAX_BYTES];
    if (size >= sizeof key)
        return NULL;
    memcpy(key, name, size);
    key[size] = '\0';
    return node_get(at, key);
}

/* The node at `root.a.b[2]` or `this.a`, or NULL; *ret_self: the map that contains it. */
static const struct node *follow(const struct scan *scan, const char *path, size_t size, const struct node **ret_self)
{
    size_t at = name_size(path, size);
    const struct node *node = at == 4 && memcmp(path, "root", 4) == 0   ? scan->root
                              : at == 4 && memcmp(path, "this", 4) == 0 ? scan->self
                                                                        : NULL;
    *ret_self = scan->root;
    while (node != NULL && at < size) {
        if (node->kind == NODE_MAP)
            *ret_self = node;
        if (path[at] == '.') {
            size_t length = name_size(path + at + 1, size - at - 1);
            node = step(node, path + at + 1, length);
            at += 1 + length;
        } else if (path[at] == '[' && at + 2 < size) {
            size_t length = name_size(path + at + 1, size - at - 1);
            char *end;
            unsigned long index = strtoul(path + at + 1, &end, 10);
            if (end != path + at + 1 + length || at + 1 + length >= size || *end != ']' || length == 0 ||
                node->kind != NODE_LIST || index >= node->count)
                return NULL;
            node = node->items[index];
            at += 2 + length;
        } else {
            return NULL;
        }
    }
    return node;
}

static void scan_text(struct scan *scan, const char *text, size_t size, unsigned depth);

static void put_reference(struct scan *scan, const char *path, size_t size, unsigned depth)
{
    struct problems *problems = scan->with->problems;
    struct flow_place place = scan->value->place;
    if (starts_with(path, size, "ENV.") || starts_with(path, size, "env.")) {
        const char *value = environment_of(scan->with, path + 4, size - 4);
        if (value == NULL)
            problem_error(problems, place, "the environment has no \"%.*s\"", (int)(size - 4), path + 4);
        else
            buffer_append_text(&scan->out, value);
        return;
    }
    const struct node *self, *outer = scan->self;
    const struct node *node = follow(scan, path, size, &self);
    if (node == NULL)
        problem_error(problems, place,
                      "${{%.*s}} leads to nothing; a path starts with root, this or ENV, as in ${{root.with.port}}",
                      (int)size, path);
    else if (node->text == NULL)
        problem_error(problems, place, "${{%.*s}} is %s; only texts, numbers and truth values can be put in a text",
                      (int)size, path, node_kind_name(node));
    else if (node->kind != NODE_STRING || node->coerced || node->replaced)
        buffer_append(&scan->out, node->text, node->size);
    else if (depth >= REFERENCE_DEPTH)
        problem_error(problems, place, "${{%.*s}} leads to itself, or over more than %d references", (int)size, path,
                      REFERENCE_DEPTH);
    else {
        scan->self = self;
        scan_text(scan, node->text, node->size, depth + 1);
        scan->self = outer;
    }
}

/* `${{path}}` without spaces: its length, or 0. */
static size_t put_path(struct scan *scan, const char *text, size_t size, unsigned depth)
{
    size_t at = 3;
    while (at < size && (is_name(text[at]) || text[at] == '.' || text[at] == '[' || text[at] == ']'))
        at++;
    if (at == 3 || at + 2 > size || text[at] != '}' || text[at + 1] != '}')
        return 0;
    put_reference(scan, text + 3, at - 3, depth);
    return at + 2;
}

/* `$NAME` or `${NAME}` with a known variable: its length, or 0. */
static size_t put_dollar(struct scan *scan, const char *text, size_t size)
{
    size_t start = size > 1 && text[1] == '{' ? 2 : 1;
    size_t length = name_size(text + start, size - start), end = start + length;
    const char *value = environment_of(scan->with, text + start, length);
    if (value == NULL || (start == 2 && (end >= size || text[end] != '}')))
        return 0;
    buffer_append_text(&scan->out, value);
    return start == 2 ? end + 1 : end;
}

static void scan_text(struct scan *scan, const char *text, size_t size, unsigned depth)
{
    size_t at = 0;
    while (at < size && scan->out.failed == SLUICE_OK && scan->replacements <= REPLACEMENTS_MAX) {
        const char *dollar = memchr(text + at, '$', size - at);
        size_t plain = dollar != NULL ? (size_t)(dollar - text) - at : size - at;
        buffer_append(&scan->out, text + at, plain);
        at += plain;
        if (dollar == NULL)
            break;
        size_t taken = 0;
        if (starts_with(dollar, size - at, "${{")) {
            taken = put_spaced(scan, dollar, size - at);
            if (taken == 0)
                taken = put_path(scan, dollar, size - at, depth);
        }
        if (taken == 0)
            taken = put_dollar(scan, dollar, size - at);
        if (taken == 0) {
            buffer_append_byte(&scan->out, '$');
            taken = 1;
        } else {
            scan->replaced = true;
            scan->replacements++;
        }
        at += taken;
    }
}

/* Is the result of the last scan good? What is wrong with it is reported; after a limit of the whole file nothing is
 * scanned. */
static bool check_result(const struct scan *scan)
{
    struct problems *problems = scan->with->problems;
    struct flow_place place = scan->value->place;
    if (scan->replacements > REPLACEMENTS_MAX)
        problem_error(problems, place, "more than %d variables are replaced in this file", REPLACEMENTS_MAX);
    else if (scan->bytes > SUBSTITUTED_BYTES_ALL_MAX)
        problem_error(problems, place, "more than %d bytes of texts in this file after their variables are replaced",
                      SUBSTITUTED_BYTES_ALL_MAX);
    else if (scan->out.failed == SLUICE_LIMIT)
        problem_error(problems, place, "longer than %d bytes after its variables are replaced", SUBSTITUTED_BYTES_MAX);
    else if (scan->out.failed != SLUICE_OK)
        problems->no_memory = true;
    else if (!text_is_utf8(scan->out.data, scan->out.size))
        problem_error(problems, place, "not UTF-8 after its variables are replaced");
    else
        return true;
    return false;
}

static void replace(struct scan *scan, struct node *node)
{
    bool full = scan->replacements > REPLACEMENTS_MAX || scan->bytes > SUBSTITUTED_BYTES_ALL_MAX;
    if (full || memchr(node->text, '$', node->size) == NULL)
        return;
    scan->value = node;
    scan->replaced = false;
    buffer_init(&scan->out, SUBSTITUTED_BYTES_MAX);
    scan_text(scan, node->text, node->size, 0);
    scan->bytes += scan->out.size;
    if (check_result(scan) && scan->replaced) {
        const char *text = arena_text_of(scan->with->arena, scan->out.data, scan->out.size);
        if (text == NULL)
            scan->with->problems->no_memory = true;
        node->text = text != NULL ? text : "";
        node->size = text != NULL ? scan->out.size : 0;
    }
    buffer_done(&scan->out);
}

static bool is_wrapped(const char *text, size_t size)
{
    return size >= 2 && (text[0] == '\'' || text[0] == '"') && text[size - 1] == text[0];
}

static void set_scalar(struct node *node, const char *text, size_t size)
{
    static const enum node_kind kinds[] = {[SCALAR_TEXT] = NODE_STRING,
                                           [SCALAR_NULL] = NODE_NULL,
                                           [SCALAR_BOOL] = NODE_BOOL,
                                           [SCALAR_NUMBER] = NODE_NUMBER};
    struct scalar scalar = scalar_of_coercion(text, size);
    node->kind = kinds[scalar.kind];
    node->coerced = scalar.kind != SCALAR_TEXT;
    node->truth = scalar.truth;
    node->integer = scalar.integer;
    node->inexact = scalar.inexact;
    node->number = scalar.number;
}

static void coerce(struct scan *scan, struct node *node);

/* The part of a list's text from `first` to `last` as an item, without the white space around it. */
static sluice_status add_piece(struct scan *scan, struct node *list, const char *text, size_t first, size_t last)
{
    struct arena *arena = scan->with->arena;
    while (first < last && isspace((unsigned char)text[first]))
        first++;
    while (last > first && isspace((unsigned char)text[last - 1]))
        last--;
    struct node *item = node_new_text(arena, text + first, last - first, list->place);
    if (item == NULL || node_append(arena, list, item) != SLUICE_OK)
        return SLUICE_NO_MEMORY;
    coerce(scan, item);
    return ++scan->made <= NODE_COUNT_MAX ? SLUICE_OK : SLUICE_LIMIT;
}

/* `[a, [2]]`: brackets dropped wherever they are, pieces between commas coerced. */
static sluice_status coerce_list(struct scan *scan, struct node *node)
{
    char *flat = arena_alloc(scan->with->arena, node->size + 1);
    if (flat == NULL)
        return SLUICE_NO_MEMORY;
    size_t size = 0, at = 0;
    for (size_t i = 0; i < node->size; i++)
        if (node->text[i] != '[' && node->text[i] != ']')
            flat[size++] = node->text[i];
    node->kind = NODE_LIST;
    node->coerced = true;
    sluice_status status = SLUICE_OK;
    while (size > 0 && at <= size && status == SLUICE_OK) {
        const char *comma = memchr(flat + at, ',', size - at);
        size_t end = comma != NULL ? (size_t)(comma - flat) : size;
        status = add_piece(scan, node, flat, at, end);
        at = end + 1;
    }
    return status;
}

static void unwrap(struct scan *scan, struct node *node)
{
    const char *inner = arena_text_of(scan->with->arena, node->text + 1, node->size - 2);
    if (inner == NULL) {
        scan->with->problems->no_memory = true;
        return;
    }
    node->text = inner;
    node->size -= 2;
}

static bool is_listed(const struct node *node)
{
    return node->size >= 2 && node->text[0] == '[' && node->text[node->size - 1] == ']';
}

/* A text without lists in it: quotes that a variable brought go away, and what is left is looked at. */
static void coerce(struct scan *scan, struct node *node)
{
    if (is_wrapped(node->text, node->size))
        unwrap(scan, node);
    set_scalar(node, node->text, node->size);
}

static void coerce_value(struct scan *scan, struct node *node, bool was_wrapped)
{
    struct problems *problems = scan->with->problems;
    if (was_wrapped && is_wrapped(node->text, node->size)) {
        unwrap(scan, node);
    } else if (is_listed(node)) {
        sluice_status status = coerce_list(scan, node);
        if (status == SLUICE_NO_MEMORY)
            problems->no_memory = true;
        else if (status != SLUICE_OK)
            problem_error(problems, node->place, "lists in texts have at most %d entries in one file", NODE_COUNT_MAX);
    } else {
        coerce(scan, node);
    }
}

/* `level`: 0 the document, 1 its sections (`with`, `gateway`, each executor), 2 what is in them. */
static void walk(struct scan *scan, struct node *node, bool coercing, unsigned level)
{
    if (node->kind == NODE_MAP) {
        const struct node *self = scan->self;
        for (size_t i = 0; i < node->count; i++) {
            const char *key = node->entries[i].key;
            bool text = scan->with->flow && level == 1 && (strcmp(key, "when") == 0 || strcmp(key, "env") == 0);
            scan->self = node;
            walk(scan, node->entries[i].value, coercing && !text, level + 1);
        }
        scan->self = self;
    } else if (node->kind == NODE_LIST) {
        for (size_t i = 0; i < node->count; i++)
            walk(scan, node->items[i], coercing, level);
    } else if (node->kind == NODE_STRING && !node->coerced) {
        bool was_wrapped = is_wrapped(node->text, node->size);
        replace(scan, node);
        node->replaced = true;
        if (coercing)
            coerce_value(scan, node, was_wrapped);
    }
}

void substitute(struct node *root, const struct substitution *with)
{
    struct scan scan = {.with = with, .root = root, .self = root};
    walk(&scan, root, true, 0);
}
