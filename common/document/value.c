/* Values: lists and maps in a model, made, freed and read. value_edit.c changes them, value_wire.c has the wire form. */
#include "common/document/model.h"
#include "common/document/codec.h"

#include <math.h>

enum { OWN_MAP_SIZE = 1024 }; /* first memory of a map of its own */

/* Making and freeing */

sluice_status value_init_box(struct model *model, sluice_value *value, bool is_map, size_t level)
{
    if (level > model->depth_max)
        return SLUICE_LIMIT;
    struct box *box = arena_zalloc(model->arena, sizeof *box);
    if (box == NULL)
        return arena_failure(model->arena);
    box->model = model;
    box->level = level;
    box->is_map = is_map;
    value->kind = is_map ? SLUICE_VALUE_MAP : SLUICE_VALUE_LIST;
    value->box = box;
    return SLUICE_OK;
}

sluice_value *value_new_map(struct model *model, size_t level)
{
    sluice_value *map = arena_zalloc(model->arena, sizeof *map);
    return map != NULL && value_init_box(model, map, true, level) == SLUICE_OK ? map : NULL;
}

sluice_value *value_new_map_in(struct arena *arena)
{
    struct model *model = model_new_in(arena, NULL);
    return model != NULL ? value_new_map(model, 1) : NULL;
}

sluice_value *sluice_value_new_map(void)
{
    struct model *model = model_new(OWN_MAP_SIZE, NULL);
    if (model == NULL)
        return NULL;
    sluice_value *map = value_new_map(model, 1);
    model->owner = map;
    if (map == NULL)
        model_free(model);
    return map;
}

void sluice_value_free(sluice_value *map)
{
    struct box *box = value_map(map);
    if (box != NULL && box->model->owner == map)
        model_free(box->model);
}

/* Reading */

sluice_value_kind sluice_value_kind_of(const sluice_value *value)
{
    return value != NULL && value->kind != VALUE_UNSET ? (sluice_value_kind)value->kind : SLUICE_VALUE_NULL;
}

bool sluice_value_bool(const sluice_value *value, bool fallback)
{
    return value != NULL && value->kind == SLUICE_VALUE_BOOL ? value->boolean : fallback;
}

double sluice_value_number(const sluice_value *value, double fallback)
{
    return value != NULL && value->kind == SLUICE_VALUE_NUMBER ? value->number : fallback;
}

int64_t sluice_value_integer(const sluice_value *value, int64_t fallback)
{
    const double most = 9007199254740992.0; /* 2^53 */
    double number = sluice_value_number(value, NAN);
    return number >= -most && number <= most && number == trunc(number) ? (int64_t)number : fallback;
}

sluice_text sluice_value_string(const sluice_value *value)
{
    return value != NULL && value->kind == SLUICE_VALUE_STRING ? text_or_empty(value->text) : (sluice_text){.data = ""};
}

size_t sluice_value_size(const sluice_value *value)
{
    const struct box *box = value_box(value);
    return box != NULL ? box->count : 0;
}

const sluice_value *sluice_value_at(const sluice_value *value, size_t index)
{
    const struct box *box = value_box(value);
    return box != NULL && index < box->count ? box->items[index] : NULL;
}

sluice_text sluice_value_key_at(const sluice_value *map, size_t index)
{
    const struct box *box = value_map(map);
    return box != NULL && index < box->count ? box->keys[index] : (sluice_text){.data = ""};
}

sluice_text value_key_at(const void *box, size_t position)
{
    return ((const struct box *)box)->keys[position];
}

size_t value_position(const struct box *box, sluice_text key)
{
    if (box->index.slots != NULL)
        return text_index_find(&box->index, key, value_key_at, box);
    for (size_t i = 0; i < box->count; i++)
        if (text_same(box->keys[i], key))
            return i;
    return TEXT_INDEX_NONE;
}

const sluice_value *sluice_value_get_text(const sluice_value *map, sluice_text key)
{
    const struct box *box = value_map(map);
    size_t position = box != NULL ? value_position(box, text_or_empty(key)) : TEXT_INDEX_NONE;
    return position != TEXT_INDEX_NONE ? box->items[position] : NULL;
}

const sluice_value *sluice_value_get(const sluice_value *map, const char *key)
{
    return sluice_value_get_text(map, sluice_text_of(key));
}

static bool maps_equal(const struct box *a, const sluice_value *other)
{
    if (a->count != other->box->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const sluice_value *found = sluice_value_get_text(other, a->keys[i]);
        if (found == NULL || !sluice_value_equal(a->items[i], found))
            return false;
    }
    return true;
}

static bool lists_equal(const struct box *a, const struct box *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!sluice_value_equal(a->items[i], b->items[i]))
            return false;
    return true;
}

bool sluice_value_equal(const sluice_value *a, const sluice_value *b)
{
    sluice_value_kind kind = sluice_value_kind_of(a);
    if (kind != sluice_value_kind_of(b))
        return false;
    switch (kind) {
    case SLUICE_VALUE_BOOL: return a->boolean == b->boolean;
    case SLUICE_VALUE_NUMBER: return memcmp(&a->number, &b->number, sizeof a->number) == 0;
    case SLUICE_VALUE_STRING: return text_same(a->text, b->text);
    case SLUICE_VALUE_LIST: return lists_equal(a->box, b->box);
    case SLUICE_VALUE_MAP: return maps_equal(a->box, b);
    default: return true;
    }
}

size_t value_elements(const sluice_value *value)
{
    const struct box *box = value_box(value);
    size_t count = 0;
    for (size_t i = 0; box != NULL && i < box->count; i++)
        count += 1 + value_elements(box->items[i]);
    return count;
}

/* Text */

sluice_text sluice_text_of(const char *text)
{
    return text != NULL ? (sluice_text){.data = text, .size = strlen(text)} : (sluice_text){.data = ""};
}

bool sluice_text_is(sluice_text text, const char *other)
{
    return text_same(text, sluice_text_of(other));
}
