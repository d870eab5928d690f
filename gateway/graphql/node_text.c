/* Literals and values as messages show them. */
#include "gateway/graphql/validate.h"
#include "gateway/graphql/value.h"
#include "common/foundation/buffer.h"
#include "common/foundation/text.h"
#include "common/json/json.h"

#include <math.h>

enum { SHOWN_MAX = 1000, LIST_SHOWN = 10, DEPTH_SHOWN = 2 };

static void show_string(struct buffer *buffer, sluice_text text)
{
    json_write_string(buffer, text.data, text.size);
}

static void show_node(struct buffer *buffer, const struct node *node)
{
    const char *between = "";
    switch (node->kind) {
    case NODE_STRING: show_string(buffer, node->name); return;
    case NODE_NULL: buffer_append_text(buffer, "null"); return;
    case NODE_LIST:
        buffer_append_byte(buffer, '[');
        for (const struct node *item = node->children; item != NULL && buffer->failed == SLUICE_OK; item = item->next) {
            buffer_append_text(buffer, between);
            show_node(buffer, item);
            between = ", ";
        }
        buffer_append_byte(buffer, ']');
        return;
    case NODE_OBJECT:
        buffer_append_byte(buffer, '{');
        for (const struct node *item = node->children; item != NULL && buffer->failed == SLUICE_OK; item = item->next) {
            buffer_printf(buffer, "%s%.*s: ", between, TEXT_ARGS(item->name));
            show_node(buffer, item->value);
            between = ", ";
        }
        buffer_append_byte(buffer, '}');
        return;
    case NODE_VARIABLE: buffer_append_byte(buffer, '$'); /* fall through */
    default: buffer_append(buffer, node->name.data, node->name.size);
    }
}

/* What was printed, or as much of it as fits. */
static const char *shown(struct arena *arena, struct buffer *buffer)
{
    const char *text = buffer_text(buffer);
    size_t size = text_cut(text, buffer->size);
    const char *copy = arena_printf(arena, "%.*s%s", (int)size, text, buffer->failed != SLUICE_OK ? "..." : "");
    buffer_done(buffer);
    return copy != NULL ? copy : "";
}

const char *node_text(struct arena *arena, const struct node *value)
{
    struct buffer buffer;
    buffer_init(&buffer, SHOWN_MAX);
    show_node(&buffer, value);
    return shown(arena, &buffer);
}

static void show_value(struct buffer *buffer, const struct value *value, size_t depth);

static void show_list(struct buffer *buffer, const struct value *list, size_t depth)
{
    size_t number = 0;
    buffer_append_byte(buffer, '[');
    for (const struct value *item = list->first; item != NULL && number < LIST_SHOWN; item = item->next, number++) {
        buffer_append_text(buffer, number > 0 ? ", " : "");
        show_value(buffer, item, depth + 1);
    }
    if (list->count > LIST_SHOWN)
        buffer_printf(buffer, ", ... %zu more item%s", list->count - LIST_SHOWN,
                      list->count == LIST_SHOWN + 1 ? "" : "s");
    buffer_append_byte(buffer, ']');
}

static void show_object(struct buffer *buffer, const struct value *object, size_t depth)
{
    buffer_append_text(buffer, "{ ");
    for (const struct value *item = object->first; item != NULL && buffer->failed == SLUICE_OK; item = item->next) {
        buffer_printf(buffer, "%s%.*s: ", item == object->first ? "" : ", ", TEXT_ARGS(item->key));
        show_value(buffer, item, depth + 1);
    }
    buffer_append_text(buffer, " }");
}

static void show_float(struct buffer *buffer, double number)
{
    json_print_double print;
    char text[JSON_NUMBER_MAX];
    if (isfinite(number) && number == floor(number) && fabs(number) < 1e15)
        buffer_printf(buffer, "%.0f", number); /* as JavaScript does */
    else if (json_printer(&print, NULL) == SLUICE_OK)
        buffer_append(buffer, text, print(number, text));
}

static void show_value(struct buffer *buffer, const struct value *value, size_t depth)
{
    switch (value->kind) {
    case VALUE_ABSENT: buffer_append_text(buffer, "undefined"); break;
    case VALUE_NULL: buffer_append_text(buffer, "null"); break;
    case VALUE_BOOL: buffer_append_text(buffer, value->boolean ? "true" : "false"); break;
    case VALUE_INT: buffer_printf(buffer, "%lld", (long long)value->integer); break;
    case VALUE_UNSIGNED: buffer_printf(buffer, "%llu", (unsigned long long)value->natural); break;
    case VALUE_FLOAT: show_float(buffer, value->number); break;
    case VALUE_STRING: show_string(buffer, value->text); break;
    case VALUE_LIST:
        if (value->count > 0 && depth >= DEPTH_SHOWN + 1)
            buffer_append_text(buffer, "[Array]");
        else
            show_list(buffer, value, depth);
        break;
    case VALUE_OBJECT:
        if (value->count == 0)
            buffer_append_text(buffer, "{}");
        else if (depth >= DEPTH_SHOWN + 1)
            buffer_append_text(buffer, "[Object]");
        else
            show_object(buffer, value, depth);
        break;
    }
}

const char *value_text(struct arena *arena, const struct value *value)
{
    struct buffer buffer;
    buffer_init(&buffer, SHOWN_MAX);
    show_value(&buffer, value, 0);
    return shown(arena, &buffer);
}
