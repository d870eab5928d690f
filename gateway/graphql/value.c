/* Values, and reading them from JSON. */
#include "gateway/graphql/value.h"
#include "common/json/json.h"

#include <string.h>

struct value *value_new(struct arena *arena, enum value_kind kind)
{
    struct value *value = arena_zalloc(arena, sizeof *value);
    if (value != NULL)
        value->kind = kind;
    return value;
}

struct value *value_of_text(struct arena *arena, sluice_text text)
{
    struct value *value = value_new(arena, VALUE_STRING);
    if (value != NULL)
        value->text = text;
    return value;
}

bool value_is_null(const struct value *value)
{
    return value == NULL || value->kind == VALUE_NULL || value->kind == VALUE_ABSENT;
}

struct value *value_member(const struct value *object, sluice_text key)
{
    struct value *found = NULL;
    for (struct value *member = object->first; member != NULL; member = member->next)
        if (member->key.size == key.size && memcmp(member->key.data, key.data, key.size) == 0)
            found = member;
    return found;
}

/* ---- JSON ---- */

/* An open list or object, and where its next entry goes. */
struct open_value {
    struct value *value;
    struct value **link;
};

struct value_reader {
    struct arena *arena;
    struct open_value *open;
    size_t depth;
    struct value *root;
    sluice_text key;
    bool no_memory;
};

static struct value *add(struct value_reader *reader, enum value_kind kind)
{
    struct value *value = value_new(reader->arena, kind);
    if (value == NULL) {
        reader->no_memory = true;
        return NULL;
    }
    if (reader->depth == 0) {
        reader->root = value;
        return value;
    }
    struct open_value *open = &reader->open[reader->depth - 1];
    value->key = reader->key;
    *open->link = value;
    open->link = &value->next;
    open->value->count++;
    return value;
}

static bool begin(struct value_reader *reader, enum value_kind kind)
{
    struct value *value = add(reader, kind);
    if (value == NULL)
        return false;
    reader->open[reader->depth++] = (struct open_value){value, &value->first};
    return true;
}

static bool begin_object(void *context)
{
    return begin(context, VALUE_OBJECT);
}

static bool begin_array(void *context)
{
    return begin(context, VALUE_LIST);
}

static bool end(void *context)
{
    ((struct value_reader *)context)->depth--;
    return true;
}

static bool copy(struct value_reader *reader, const char *text, size_t size, sluice_text *ret_text)
{
    char *mine = arena_text_of(reader->arena, text, size);
    reader->no_memory |= mine == NULL;
    *ret_text = (sluice_text){mine, size};
    return mine != NULL;
}

static bool key(void *context, const char *text, size_t size)
{
    struct value_reader *reader = context;
    return copy(reader, text, size, &reader->key);
}

static bool null(void *context)
{
    return add(context, VALUE_NULL) != NULL;
}

static bool boolean(void *context, bool truth)
{
    struct value *value = add(context, VALUE_BOOL);
    if (value != NULL)
        value->boolean = truth;
    return value != NULL;
}

static bool string(void *context, const char *text, size_t size)
{
    struct value *value = add(context, VALUE_STRING);
    return value != NULL && copy(context, text, size, &value->text);
}

static bool numbers(void *context, enum json_numbers kind, const void *values, size_t count)
{
    static const enum value_kind kinds[] = {
        [JSON_INTEGERS] = VALUE_INT, [JSON_UNSIGNED] = VALUE_UNSIGNED, [JSON_DOUBLES] = VALUE_FLOAT};
    for (size_t i = 0; i < count; i++) {
        struct value *value = add(context, kinds[kind]);
        if (value == NULL)
            return false;
        memcpy(&value->integer, (const uint8_t *)values + 8 * i, 8);
        if (kind == JSON_UNSIGNED && value->natural <= INT64_MAX)
            value->kind = VALUE_INT;
    }
    return true;
}

static void stopped(void *context, size_t line, size_t column)
{
    (void)context, (void)line, (void)column; /* only for want of memory */
}

sluice_status value_from_json(struct arena *arena, sluice_text json, size_t depth, struct value **ret_value,
                              sluice_error *error)
{
    static const struct json_events events = {.begin_object = begin_object,
                                              .key = key,
                                              .end_object = end,
                                              .begin_array = begin_array,
                                              .end_array = end,
                                              .null = null,
                                              .boolean = boolean,
                                              .string = string,
                                              .numbers = numbers,
                                              .stopped = stopped};
    struct value_reader reader = {.arena = arena, .open = arena_alloc(arena, (depth + 1) * sizeof(struct open_value))};
    if (reader.open == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "variables", "no memory to read the variables");
    sluice_status status = json_read(json.data, json.size, depth, &events, &reader, "variables", error);
    if (status == SLUICE_CANCELLED)
        return sluice_fail(error, arena_failure(arena), "variables", "the variables need more memory than there is");
    if (status == SLUICE_OK)
        *ret_value = reader.root;
    return status;
}
