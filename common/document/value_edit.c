/* Changing lists and maps: entries set, copied, removed, appended. value.c makes and reads them. */
#include "common/document/model.h"

static sluice_status grow(struct box *box)
{
    size_t capacity = box->capacity;
    sluice_status status = model_grow(box->model, &box->items, &capacity, box->count, sizeof *box->items);
    if (status == SLUICE_OK && box->is_map) {
        size_t key_capacity = box->capacity;
        status = model_grow(box->model, &box->keys, &key_capacity, box->count, sizeof *box->keys);
    }
    if (status == SLUICE_OK)
        box->capacity = capacity;
    return status;
}

/* Adds an entry, which counts as an element. */
static sluice_status add(struct box *box, sluice_value **ret_value)
{
    sluice_status status = grow(box);
    sluice_value *value = status == SLUICE_OK ? arena_alloc(box->model->arena, sizeof *value) : NULL;
    if (value == NULL)
        return status != SLUICE_OK ? status : arena_failure(box->model->arena);
    status = model_add_elements(box->model, 1);
    if (status != SLUICE_OK)
        return status;
    *value = (sluice_value){.kind = VALUE_UNSET};
    box->items[box->count++] = *ret_value = value;
    return SLUICE_OK;
}

static void take_back(struct box *box)
{
    box->count--;
    box->model->elements--;
}

sluice_status value_list_slot(struct box *box, sluice_value **ret_value)
{
    return add(box, ret_value);
}

sluice_status value_map_slot(struct box *box, sluice_text key, sluice_value **ret_value)
{
    size_t position = value_position(box, key);
    if (position != TEXT_INDEX_NONE) {
        *ret_value = box->items[position];
        return SLUICE_OK;
    }
    sluice_status status = add(box, ret_value);
    if (status != SLUICE_OK)
        return status;
    box->keys[box->count - 1] = key;
    if (box->index.slots != NULL || box->count > TEXT_INDEX_FROM)
        status = text_index_add(&box->index, box->model->arena, box->count - 1, value_key_at, box);
    if (status != SLUICE_OK)
        take_back(box);
    return status;
}

/* Puts a value that is complete (with its bytes in the model) at `key`, whose bytes are copied when it is new. */
static sluice_status put(struct box *box, sluice_text key, sluice_value value)
{
    size_t position = value_position(box, key);
    if (position == TEXT_INDEX_NONE) {
        sluice_value *slot;
        sluice_status status = model_copy_utf8(box->model, key.data, key.size, &key);
        if (status == SLUICE_OK)
            status = value_map_slot(box, key, &slot);
        if (status == SLUICE_OK)
            *slot = value;
        return status;
    }
    box->model->elements -= value_elements(box->items[position]);
    *box->items[position] = value;
    return SLUICE_OK;
}

/* What a setter answers when it was given something that is no map: edit_…() gives NULL for want of memory. */
static sluice_status not_writable(const sluice_value *value)
{
    return value == NULL ? SLUICE_NO_MEMORY : SLUICE_INVALID;
}

static sluice_status set(sluice_value *map, sluice_text key, sluice_value value)
{
    struct box *box = value_map(map);
    return box != NULL ? put(box, text_or_empty(key), value) : not_writable(map);
}

sluice_status sluice_value_set_null(sluice_value *map, const char *key)
{
    return set(map, sluice_text_of(key), (sluice_value){.kind = SLUICE_VALUE_NULL});
}

sluice_status sluice_value_set_bool(sluice_value *map, const char *key, bool value)
{
    return set(map, sluice_text_of(key), (sluice_value){.kind = SLUICE_VALUE_BOOL, .boolean = value});
}

sluice_status sluice_value_set_number(sluice_value *map, const char *key, double value)
{
    return set(map, sluice_text_of(key), (sluice_value){.kind = SLUICE_VALUE_NUMBER, .number = value});
}

sluice_status sluice_value_set_string(sluice_value *map, const char *key, const char *text)
{
    return sluice_value_set_text(map, sluice_text_of(key), sluice_text_of(text));
}

sluice_status sluice_value_set_text(sluice_value *map, sluice_text key, sluice_text value)
{
    struct box *box = value_map(map);
    if (box == NULL)
        return not_writable(map);
    sluice_value text = {.kind = SLUICE_VALUE_STRING};
    sluice_status status = model_copy_utf8(box->model, value.data, value.size, &text.text);
    return status == SLUICE_OK ? put(box, text_or_empty(key), text) : status;
}

/* A list or map at `level`, empty, with the entries of `from`; on failure the elements taken are given back. */
static sluice_status copy_box(struct model *model, sluice_value *to, const struct box *from, size_t level)
{
    size_t before = model->elements;
    sluice_status status = value_init_box(model, to, from->is_map, level);
    for (size_t i = 0; status == SLUICE_OK && i < from->count; i++) {
        sluice_value *slot, copy = {.kind = VALUE_UNSET};
        sluice_text key = {.data = ""};
        status = value_copy_into(to->box, &copy, from->items[i]);
        if (status == SLUICE_OK && from->is_map)
            status = model_copy_text(model, from->keys[i].data, from->keys[i].size, &key);
        if (status == SLUICE_OK)
            status = from->is_map ? value_map_slot(to->box, key, &slot) : value_list_slot(to->box, &slot);
        if (status == SLUICE_OK)
            *slot = copy;
    }
    if (status == SLUICE_OK)
        status = model_copy_unknown(model, &to->box->unknown, from->unknown);
    if (status != SLUICE_OK)
        model->elements = before;
    return status;
}

sluice_status value_copy_into(struct box *box, sluice_value *to, const sluice_value *from)
{
    if (from == NULL) {
        *to = (sluice_value){.kind = SLUICE_VALUE_NULL};
        return SLUICE_OK;
    }
    sluice_value copy = *from;
    copy.unknown = NULL;
    sluice_status status = SLUICE_OK;
    if (value_box(from) != NULL)
        status = copy_box(box->model, &copy, from->box, box->level + 1);
    else if (from->kind == SLUICE_VALUE_STRING)
        status = model_copy_text(box->model, from->text.data, from->text.size, &copy.text);
    if (status == SLUICE_OK)
        status = model_copy_unknown(box->model, &copy.unknown, from->unknown);
    if (status == SLUICE_OK)
        *to = copy;
    return status;
}

sluice_status value_copy_map(struct model *model, const sluice_value *from, size_t level, sluice_value **ret_map)
{
    if (from == NULL)
        return SLUICE_OK;
    sluice_value *map = arena_zalloc(model->arena, sizeof *map);
    if (map == NULL)
        return arena_failure(model->arena);
    *ret_map = map;
    return copy_box(model, map, from->box, level);
}

sluice_status sluice_value_set_copy(sluice_value *map, sluice_text key, const sluice_value *value)
{
    struct box *box = value_map(map);
    if (box == NULL)
        return not_writable(map);
    size_t before = box->model->elements;
    sluice_value copy;
    sluice_status status = value_copy_into(box, &copy, value);
    if (status == SLUICE_OK)
        status = put(box, text_or_empty(key), copy);
    if (status != SLUICE_OK)
        box->model->elements = before;
    return status;
}

static sluice_value *set_box(sluice_value *map, const char *key, bool is_map)
{
    struct box *box = value_map(map);
    sluice_value value = {0};
    sluice_text name = sluice_text_of(key);
    if (box == NULL || value_init_box(box->model, &value, is_map, box->level + 1) != SLUICE_OK ||
        put(box, name, value) != SLUICE_OK)
        return NULL;
    return box->items[value_position(box, name)];
}

sluice_value *sluice_value_set_list(sluice_value *map, const char *key)
{
    return set_box(map, key, false);
}

sluice_value *sluice_value_set_map(sluice_value *map, const char *key)
{
    return set_box(map, key, true);
}

bool sluice_value_remove(sluice_value *map, const char *key)
{
    struct box *box = value_map(map);
    size_t position = box != NULL ? value_position(box, sluice_text_of(key)) : TEXT_INDEX_NONE;
    if (position == TEXT_INDEX_NONE)
        return false;
    box->model->elements -= 1 + value_elements(box->items[position]);
    size_t after = --box->count - position;
    memmove(&box->items[position], &box->items[position + 1], after * sizeof *box->items);
    memmove(&box->keys[position], &box->keys[position + 1], after * sizeof *box->keys);
    if (box->index.slots != NULL) /* it has room for one more already, so this needs no memory */
        text_index_build(&box->index, box->model->arena, box->count, value_key_at, box);
    return true;
}

void sluice_value_clear(sluice_value *map_or_list)
{
    struct box *box = value_box(map_or_list);
    if (box == NULL)
        return;
    box->model->elements -= value_elements(map_or_list);
    box->count = 0;
    if (box->index.slots != NULL)
        text_index_build(&box->index, box->model->arena, 0, value_key_at, box);
}

static sluice_status append(sluice_value *list, sluice_value value)
{
    struct box *box = value_list(list);
    if (box == NULL)
        return not_writable(list);
    sluice_value *slot;
    sluice_status status = add(box, &slot);
    if (status == SLUICE_OK)
        *slot = value;
    return status;
}

sluice_status sluice_value_append_null(sluice_value *list)
{
    return append(list, (sluice_value){.kind = SLUICE_VALUE_NULL});
}

sluice_status sluice_value_append_bool(sluice_value *list, bool value)
{
    return append(list, (sluice_value){.kind = SLUICE_VALUE_BOOL, .boolean = value});
}

sluice_status sluice_value_append_number(sluice_value *list, double value)
{
    return append(list, (sluice_value){.kind = SLUICE_VALUE_NUMBER, .number = value});
}

sluice_status sluice_value_append_text(sluice_value *list, sluice_text value)
{
    struct box *box = value_list(list);
    if (box == NULL)
        return not_writable(list);
    sluice_value text = {.kind = SLUICE_VALUE_STRING};
    sluice_status status = model_copy_utf8(box->model, value.data, value.size, &text.text);
    return status == SLUICE_OK ? append(list, text) : status;
}

sluice_status sluice_value_append_copy(sluice_value *list, const sluice_value *value)
{
    struct box *box = value_list(list);
    if (box == NULL)
        return not_writable(list);
    size_t before = box->model->elements;
    sluice_value copy;
    sluice_status status = value_copy_into(box, &copy, value);
    if (status == SLUICE_OK)
        status = append(list, copy);
    if (status != SLUICE_OK)
        box->model->elements = before;
    return status;
}

static sluice_value *append_box(sluice_value *list, bool is_map)
{
    struct box *box = value_list(list);
    sluice_value value = {0}, *slot;
    if (box == NULL || value_init_box(box->model, &value, is_map, box->level + 1) != SLUICE_OK ||
        add(box, &slot) != SLUICE_OK)
        return NULL;
    *slot = value;
    return slot;
}

sluice_value *sluice_value_append_list(sluice_value *list)
{
    return append_box(list, false);
}

sluice_value *sluice_value_append_map(sluice_value *list)
{
    return append_box(list, true);
}
