/* Values from JSON: sluice_value_from_json(), and the frames that tags use too. */
#include "common/json/reader.h"

#include <stdlib.h>

enum { MAP_FIRST_SIZE = 1024 };

/* The place for the value that comes next, empty. */
static sluice_value *next_slot(struct reader *reader, struct frame *frame)
{
    sluice_value *slot = NULL;
    struct box *box = frame->box;
    sluice_status status = box->is_map ? value_map_slot(box, frame->key, &slot) : value_list_slot(box, &slot);
    if (!reader_status(reader, status))
        return NULL;
    reader->model->elements -= value_elements(slot); /* of an earlier value with this key */
    *slot = (sluice_value){.kind = SLUICE_VALUE_NULL};
    return slot;
}

static bool keep_key(struct reader *reader, struct frame *frame, sluice_text key)
{
    return reader_status(reader, model_copy_utf8(reader->model, key.data, key.size, &frame->key));
}

bool reader_push_map(struct reader *reader, sluice_value *map)
{
    struct frame *frame = reader_push(reader, &reader_map);
    if (frame != NULL)
        frame->box = map->box;
    return frame != NULL;
}

static bool push_box(struct reader *reader, struct frame *frame, bool is_map)
{
    size_t level = frame->box->level + 1;
    sluice_value *slot = next_slot(reader, frame);
    if (slot == NULL || !reader_status(reader, value_init_box(reader->model, slot, is_map, level)))
        return false;
    struct frame *inner = reader_push(reader, is_map ? &reader_map : &reader_list);
    if (inner != NULL)
        inner->box = slot->box;
    return inner != NULL;
}

static bool begin_map(struct reader *reader, struct frame *frame)
{
    return push_box(reader, frame, true);
}

static bool begin_list(struct reader *reader, struct frame *frame)
{
    return push_box(reader, frame, false);
}

static bool add_numbers(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    for (size_t i = 0; i < scalar->count; i++) {
        sluice_value *slot = next_slot(reader, frame);
        if (slot == NULL)
            return false;
        slot->kind = SLUICE_VALUE_NUMBER;
        scalar_number(scalar, i, &slot->number);
    }
    return true;
}

static bool add_scalar(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    if (scalar->kind == SCALAR_NUMBERS)
        return add_numbers(reader, frame, scalar);
    sluice_value *slot = next_slot(reader, frame);
    if (slot == NULL)
        return false;
    if (scalar->kind == SCALAR_BOOL) {
        slot->kind = SLUICE_VALUE_BOOL;
        slot->boolean = scalar->boolean;
    }
    if (scalar->kind != SCALAR_STRING)
        return true;
    slot->kind = SLUICE_VALUE_STRING;
    slot->text = (sluice_text){.data = ""};
    return reader_status(reader, model_copy_utf8(reader->model, scalar->text.data, scalar->text.size, &slot->text));
}

const struct frame_type reader_map = {
    .expects = "a value", .key = keep_key, .begin_object = begin_map, .begin_array = begin_list, .scalar = add_scalar};
const struct frame_type reader_list = {
    .expects = "a value", .begin_object = begin_map, .begin_array = begin_list, .scalar = add_scalar};

/* What stands under a key that is not known. */

static bool skip_key(struct reader *reader, struct frame *frame, sluice_text key)
{
    (void)reader, (void)frame, (void)key;
    return true;
}

static bool skip_inside(struct reader *reader, struct frame *frame)
{
    (void)frame;
    return reader_push(reader, &reader_skip) != NULL;
}

static bool skip_scalar(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    (void)reader, (void)frame, (void)scalar;
    return true;
}

const struct frame_type reader_skip = {.expects = "a value",
                                       .key = skip_key,
                                       .begin_object = skip_inside,
                                       .begin_array = skip_inside,
                                       .scalar = skip_scalar};

/* A map of its own */

static bool begin_root(struct reader *reader, struct frame *frame)
{
    struct frame *inner = reader_push(reader, &reader_map);
    if (inner != NULL)
        inner->box = reader->frames[reader->count - 2].box; /* `frame` may have moved */
    (void)frame;
    return inner != NULL;
}

sluice_status sluice_value_from_json(const char *json, size_t size, sluice_value **ret_map, sluice_error *error)
{
    static const struct frame_type root = {.expects = "an object {…} is", .begin_object = begin_root};
    sluice_value *map = sluice_value_new_map();
    if (map == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "json", "no memory to read it");
    struct reader reader = {.model = map->box->model, .where = "json", .error = error};
    sluice_status status =
        reader_run(&reader, json, size, SLUICE_DEFAULT_DEPTH, (struct frame){.type = &root, .box = map->box});
    if (status == SLUICE_OK)
        *ret_map = map;
    else
        sluice_value_free(map);
    return status;
}
