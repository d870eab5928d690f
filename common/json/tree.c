#include "common/json/tree.h"
#include "common/json/numbers.h"

#include <string.h>

struct open {
    struct json_node *node, *last;
};

enum { OPEN_LOCAL = 32 }; /* so deep without memory of its own */

struct tree {
    struct arena *arena;
    struct open *open; /* the first holds the root */
    size_t count, capacity;
    struct numbers row; /* numbers of the innermost array that are not nodes yet */
    sluice_text key;
    bool failed, digits;
};

static struct open *top(struct tree *tree)
{
    return &tree->open[tree->count - 1];
}

static struct json_node *add_node(struct tree *tree, enum json_kind kind)
{
    struct json_node *node = arena_zalloc(tree->arena, sizeof *node);
    if (node == NULL) {
        tree->failed = true;
        return NULL;
    }
    struct open *open = top(tree);
    node->kind = (uint8_t)kind;
    node->key = tree->key;
    if (open->last == NULL)
        open->node->first = node;
    else
        open->last->next = node;
    open->last = node;
    open->node->count++;
    return node;
}

static enum json_numbers row_kind(const struct numbers *row)
{
    return row->kind == NUMBERS_DOUBLES ? JSON_DOUBLES : row->kind == NUMBERS_UNSIGNED ? JSON_UNSIGNED : JSON_INTEGERS;
}

/* Numbers that turned out to stand beside something else become nodes. */
static bool break_row(struct tree *tree)
{
    struct numbers *row = &tree->row;
    for (size_t at = 0; at < row->values.size; at += sizeof(uint64_t)) {
        struct json_node *node = add_node(tree, JSON_NUMBER);
        if (node == NULL)
            return false;
        node->numbers = (uint8_t)row_kind(row);
        memcpy(&node->bits, row->values.data + at, sizeof node->bits);
    }
    buffer_clear(&row->values);
    row->kind = NUMBERS_NONE;
    row->negative = false;
    return true;
}

static struct json_node *node_of(struct tree *tree, enum json_kind kind)
{
    return break_row(tree) ? add_node(tree, kind) : NULL;
}

/* One more level. */
static bool grow(struct tree *tree)
{
    if (tree->count < tree->capacity)
        return true;
    struct open *larger = arena_alloc(tree->arena, 2 * tree->capacity * sizeof *larger);
    if (larger == NULL)
        return !(tree->failed = true);
    memcpy(larger, tree->open, tree->count * sizeof *larger);
    tree->open = larger;
    tree->capacity *= 2;
    return true;
}

static bool begin(struct tree *tree, enum json_kind kind)
{
    struct json_node *node = node_of(tree, kind);
    if (node == NULL || !grow(tree))
        return false;
    tree->open[tree->count++] = (struct open){.node = node};
    tree->key = (sluice_text){.data = ""};
    return true;
}

static bool begin_object(void *context)
{
    return begin(context, JSON_OBJECT);
}

static bool begin_array(void *context)
{
    return begin(context, JSON_ARRAY);
}

static bool keep(struct tree *tree, const char *text, size_t size, sluice_text *ret_text)
{
    const char *copy = arena_copy(tree->arena, text, size);
    tree->failed |= copy == NULL;
    *ret_text = (sluice_text){.data = copy != NULL ? copy : "", .size = size};
    return copy != NULL;
}

static bool key(void *context, const char *text, size_t size)
{
    struct tree *tree = context;
    return keep(tree, text, size, &tree->key);
}

static bool end_object(void *context)
{
    ((struct tree *)context)->count--;
    return true;
}

static bool set_row(struct tree *tree, enum json_numbers kind, const void *values, size_t count)
{
    struct json_node *node = top(tree)->node;
    node->values = arena_copy(tree->arena, values, count * sizeof(uint64_t));
    node->is_row = true;
    node->numbers = (uint8_t)kind;
    node->count = count;
    return node->values != NULL || !(tree->failed = true);
}

static bool end_array(void *context)
{
    struct tree *tree = context;
    struct json_node *node = top(tree)->node;
    struct buffer *values = &tree->row.values;
    if (values->size > 0 && node->count == 0) {
        if (!set_row(tree, row_kind(&tree->row), values->data, values->size / sizeof(uint64_t)))
            return false;
        buffer_clear(values);
        tree->row.kind = NUMBERS_NONE;
        tree->row.negative = false;
    } else if (!break_row(tree)) {
        return false;
    }
    tree->count--;
    return true;
}

static bool null(void *context)
{
    return node_of(context, JSON_NULL) != NULL;
}

static bool boolean(void *context, bool value)
{
    struct json_node *node = node_of(context, JSON_BOOL);
    if (node != NULL)
        node->boolean = value;
    return node != NULL;
}

static bool string(void *context, const char *text, size_t size)
{
    struct json_node *node = node_of(context, JSON_STRING);
    return node != NULL && keep(context, text, size, &node->text);
}

static bool numbers(void *context, enum json_numbers kind, const void *values, size_t count)
{
    struct tree *tree = context;
    if (count > 1)
        return set_row(tree, kind, values, count);
    if (top(tree)->node->kind == JSON_ARRAY) {
        if (numbers_add(&tree->row, kind, values, count) == NULL)
            return true;
        return !(tree->failed = true);
    }
    struct json_node *node = add_node(tree, JSON_NUMBER);
    if (node == NULL)
        return false;
    node->numbers = (uint8_t)kind;
    memcpy(&node->bits, values, sizeof node->bits);
    return true;
}

static bool big_integer(void *context, const char *digits, size_t size)
{
    struct tree *tree = context;
    if (size - (digits[0] == '-') > JSON_DIGITS_MAX)
        return !(tree->digits = true);
    struct json_node *node = node_of(tree, JSON_BIG_INTEGER);
    return node != NULL && keep(tree, digits, size, &node->text);
}

static void stopped(void *context, size_t line, size_t column)
{
    (void)context, (void)line, (void)column;
}

static sluice_status why_stopped(const struct tree *tree, sluice_error *error)
{
    if (tree->digits)
        return sluice_fail(error, SLUICE_INVALID, "json", "an integer has more than %d digits", JSON_DIGITS_MAX);
    if (arena_failure(tree->arena) == SLUICE_LIMIT)
        return sluice_fail(error, SLUICE_LIMIT, "json",
                           "more memory is needed to read it than the limit \"bytes\" allows");
    return sluice_fail(error, SLUICE_NO_MEMORY, "json", "no memory to read it");
}

sluice_status json_tree_read(const char *text, size_t size, size_t depth, struct arena *arena,
                             const struct json_node **ret_root, bool *ret_digits, sluice_error *error)
{
    static const struct json_events events = {.begin_object = begin_object,
                                              .key = key,
                                              .end_object = end_object,
                                              .begin_array = begin_array,
                                              .end_array = end_array,
                                              .null = null,
                                              .boolean = boolean,
                                              .string = string,
                                              .numbers = numbers,
                                              .big_integer = big_integer,
                                              .as_python = true,
                                              .stopped = stopped};
    struct json_node holder = {.kind = JSON_NULL};
    struct open open[OPEN_LOCAL];
    struct tree tree; /* field by field: most of it is the row, which has its own beginning */
    tree.arena = arena;
    tree.open = open;
    tree.count = 1;
    tree.capacity = OPEN_LOCAL;
    tree.failed = tree.digits = false;
    *ret_digits = false;
    open[0] = (struct open){.node = &holder};
    tree.key = (sluice_text){.data = ""};
    numbers_init(&tree.row, BUFFER_NO_LIMIT);
    sluice_status status = json_read(text, size, depth, &events, &tree, "json", error);
    numbers_done(&tree.row);
    *ret_digits = tree.digits;
    *ret_root = holder.first;
    return status == SLUICE_CANCELLED ? why_stopped(&tree, error) : status;
}

struct json_items json_items_of(const struct json_node *node)
{
    bool listed = (node->kind == JSON_ARRAY || node->kind == JSON_OBJECT) && !node->is_row;
    return (struct json_items){.of = node, .next = listed ? node->first : NULL};
}

const struct json_node *json_next(struct json_items *items)
{
    const struct json_node *node = items->next;
    if (node != NULL) {
        items->next = node->next;
        return node;
    }
    if (!items->of->is_row || items->index == items->of->count)
        return NULL;
    items->scratch = (struct json_node){.kind = JSON_NUMBER, .numbers = items->of->numbers};
    memcpy(&items->scratch.bits, (const uint8_t *)items->of->values + 8 * items->index++, 8);
    return &items->scratch;
}

const struct json_node *json_member(const struct json_node *object, const char *name)
{
    const struct json_node *found = NULL;
    if (object == NULL || object->kind != JSON_OBJECT)
        return NULL;
    for (const struct json_node *member = object->first; member != NULL; member = member->next)
        if (sluice_text_is(member->key, name))
            found = member;
    return found;
}

double json_number(const struct json_node *node)
{
    double number;
    if (node->numbers == JSON_UNSIGNED)
        return (double)node->bits;
    if (node->numbers == JSON_INTEGERS)
        return (double)(int64_t)node->bits;
    memcpy(&number, &node->bits, sizeof number);
    return number;
}
