/* google.protobuf.Struct, Value and ListValue. */
#include "common/document/codec.h"
#include "common/document/reading.h"
#include "common/document/writing.h"

enum { STRUCT_FIELDS = 1, LIST_VALUES = 1, ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { KIND_NULL = 1, KIND_NUMBER = 2, KIND_STRING = 3, KIND_BOOL = 4, KIND_STRUCT = 5, KIND_LIST = 6 };

/* Reading */

static sluice_status read_fields(struct reading *reading, const struct wire_field *field, struct box *box);
static sluice_status read_values(struct reading *reading, const struct wire_field *field, struct box *box);

/* A list or map inside: another part of the one that is there, or a new one in place of whatever was there. */
static sluice_status read_box(struct reading *reading, const struct wire_field *field, size_t level, bool is_map,
                              sluice_value *value)
{
    if (value->kind != (is_map ? SLUICE_VALUE_MAP : SLUICE_VALUE_LIST)) {
        if (level > reading->model->depth_max)
            return reading_too_deep(reading, field->start);
        sluice_status status = value_init_box(reading->model, value, is_map, level);
        if (status != SLUICE_OK)
            return reading_fail(reading, status, field->start);
    }
    return is_map ? read_fields(reading, field, value->box) : read_values(reading, field, value->box);
}

/* Is this a member of the oneof, with its type? */
static bool is_kind(const struct wire_field *field)
{
    switch (field->number) {
    case KIND_NULL:
    case KIND_BOOL: return field->type == WIRE_VARINT;
    case KIND_NUMBER: return field->type == WIRE_FIXED64;
    case KIND_STRING:
    case KIND_STRUCT:
    case KIND_LIST: return field->type == WIRE_BYTES;
    default: return false;
    }
}

static sluice_status read_kind(struct reading *reading, const struct wire_field *field, size_t level, sluice_value *value)
{
    sluice_value read = {.unknown = value->unknown};
    sluice_status status = SLUICE_OK;
    switch (field->number) {
    case KIND_STRUCT: return read_box(reading, field, level, true, value);
    case KIND_LIST: return read_box(reading, field, level, false, value);
    case KIND_NULL:
        read.kind = SLUICE_VALUE_NULL;
        read.null = (int32_t)(uint32_t)field->value;
        break;
    case KIND_BOOL:
        read.kind = SLUICE_VALUE_BOOL;
        read.boolean = field->value != 0;
        break;
    case KIND_NUMBER:
        read.kind = SLUICE_VALUE_NUMBER;
        read.number = wire_double(field);
        break;
    default:
        read.kind = SLUICE_VALUE_STRING;
        status = reading_text(reading, field, "string_value", &read.text);
    }
    if (status == SLUICE_OK)
        *value = read;
    return status;
}

/* `level`: of a list or map that this value may be. */
static sluice_status read_value(struct reading *reading, const struct wire_field *message, size_t level,
                                sluice_value *value)
{
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_status status = is_kind(&field) ? read_kind(reading, &field, level, value)
                                               : reading_unknown(reading, &reader, &field, &value->unknown);
        if (status != SLUICE_OK)
            return status;
    }
    return reading_end(reading, &reader, "google.protobuf.Value");
}

/* A key that comes twice: the last one's value counts, at the place of the first. */
static sluice_status read_entry(struct reading *reading, const struct wire_field *entry, struct box *box)
{
    struct wire_reader reader = wire_read(entry->data, entry->size);
    struct wire_field field;
    sluice_text key = {.data = ""};
    sluice_value value = {.kind = VALUE_UNSET}, *slot;
    while (wire_next(&reader, &field)) {
        sluice_status status = SLUICE_OK;
        if (field.number == ENTRY_KEY && field.type == WIRE_BYTES)
            status = reading_text(reading, &field, "key", &key);
        else if (field.number == ENTRY_VALUE && field.type == WIRE_BYTES)
            status = read_value(reading, &field, box->level + 1, &value);
        if (status != SLUICE_OK)
            return status;
    }
    sluice_status status = reading_end(reading, &reader, "entry of google.protobuf.Struct");
    if (status != SLUICE_OK)
        return status;
    status = value_map_slot(box, key, &slot);
    if (status != SLUICE_OK)
        return reading_fail(reading, status, entry->start);
    reading->model->elements -= value_elements(slot); /* of the one before */
    *slot = value;
    return SLUICE_OK;
}

static sluice_status read_fields(struct reading *reading, const struct wire_field *message, struct box *box)
{
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_status status = field.number == STRUCT_FIELDS && field.type == WIRE_BYTES
                                   ? read_entry(reading, &field, box)
                                   : reading_unknown(reading, &reader, &field, &box->unknown);
        if (status != SLUICE_OK)
            return status;
    }
    return reading_end(reading, &reader, "google.protobuf.Struct");
}

static sluice_status read_item(struct reading *reading, const struct wire_field *field, struct box *box)
{
    sluice_value *slot;
    sluice_status status = value_list_slot(box, &slot);
    if (status != SLUICE_OK)
        return reading_fail(reading, status, field->start);
    return read_value(reading, field, box->level + 1, slot);
}

static sluice_status read_values(struct reading *reading, const struct wire_field *message, struct box *box)
{
    struct wire_reader reader = wire_read(message->data, message->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_status status = field.number == LIST_VALUES && field.type == WIRE_BYTES
                                   ? read_item(reading, &field, box)
                                   : reading_unknown(reading, &reader, &field, &box->unknown);
        if (status != SLUICE_OK)
            return status;
    }
    return reading_end(reading, &reader, "google.protobuf.ListValue");
}

sluice_status reading_struct(struct reading *reading, const struct wire_field *field, size_t level, sluice_value **map)
{
    if (*map == NULL) {
        if (level > reading->model->depth_max)
            return reading_too_deep(reading, field->start);
        sluice_value *made = value_new_map(reading->model, level);
        if (made == NULL)
            return reading_fail(reading, arena_failure(reading->model->arena), field->start);
        *map = made;
    }
    return read_fields(reading, field, (*map)->box);
}

static sluice_status read_root(struct model *model, const void *data, size_t size, sluice_value **ret_map,
                               sluice_error *error)
{
    const uint8_t *bytes = data != NULL ? data : (const uint8_t *)"";
    struct reading reading = {.model = model, .base = bytes, .where = "map", .error = error};
    struct wire_field whole = {.data = bytes, .size = size, .start = bytes};
    sluice_value *map = NULL;
    sluice_status status = reading_struct(&reading, &whole, 1, &map);
    if (status == SLUICE_OK)
        *ret_map = map;
    return status;
}

sluice_status value_read_struct_in(struct arena *arena, const void *data, size_t size, const sluice_limits *limits,
                                   sluice_value **ret_map, sluice_error *error)
{
    struct model *model = model_new_in(arena, limits);
    if (model == NULL)
        return sluice_fail(error, arena_failure(arena), "map", "no memory to read it");
    return read_root(model, data, size, ret_map, error);
}

enum { READ_FIRST_SIZE = 512, READ_FIRST_MOST = 64 << 10 };

sluice_status value_read_struct(const void *data, size_t size, const sluice_limits *limits, sluice_value **ret_map,
                                sluice_error *error)
{
    size_t first = READ_FIRST_SIZE + (size < READ_FIRST_MOST / 4 ? 4 * size : READ_FIRST_MOST);
    struct model *model = model_new(first, limits);
    const void *copy = model != NULL ? arena_copy(model->arena, data, size) : NULL;
    if (copy == NULL) {
        sluice_status status = model != NULL ? arena_failure(model->arena) : SLUICE_NO_MEMORY;
        if (model != NULL)
            model_free(model);
        return sluice_fail(error, status, "map",
                           status == SLUICE_LIMIT ? "it needs more memory than the limit \"bytes\" allows"
                                                  : "no memory to read it");
    }
    sluice_status status = read_root(model, copy, size, ret_map, error);
    if (status == SLUICE_OK)
        model->owner = *ret_map;
    else
        model_free(model);
    return status;
}

/* Writing */

static size_t box_size(struct writing *writing, const struct box *box);

/* The body of a Value; `inner` is the size of the list or map that it may be. */
static size_t value_size(const sluice_value *value, size_t inner)
{
    size_t size = unknown_size(value->unknown);
    switch (value->kind) {
    case SLUICE_VALUE_NULL: return size + uint_size(KIND_NULL, (uint64_t)(int64_t)value->null);
    case SLUICE_VALUE_BOOL: return size + 2;
    case SLUICE_VALUE_NUMBER: return size + 1 + sizeof(double);
    case SLUICE_VALUE_STRING: return size + wire_bytes_size(KIND_STRING, value->text.size);
    case SLUICE_VALUE_MAP: return size + wire_bytes_size(KIND_STRUCT, inner);
    case SLUICE_VALUE_LIST: return size + wire_bytes_size(KIND_LIST, inner);
    default: return size;
    }
}

static bool is_box(const sluice_value *value)
{
    return value->kind == SLUICE_VALUE_MAP || value->kind == SLUICE_VALUE_LIST;
}

static size_t entry_size(sluice_text key, size_t value)
{
    return wire_bytes_size(ENTRY_KEY, key.size) + wire_bytes_size(ENTRY_VALUE, value);
}

static size_t box_size(struct writing *writing, const struct box *box)
{
    size_t note = writing_note(writing), size = unknown_size(box->unknown);
    for (size_t i = 0; i < box->count; i++) {
        const sluice_value *item = box->items[i];
        size_t value = value_size(item, is_box(item) ? box_size(writing, item->box) : 0);
        size += box->is_map ? wire_bytes_size(STRUCT_FIELDS, entry_size(box->keys[i], value))
                            : wire_bytes_size(LIST_VALUES, value);
    }
    return writing_noted(writing, note, size);
}

static void put_box(struct writing *writing, uint32_t number, const struct box *box);

static void put_value(struct writing *writing, const sluice_value *value)
{
    switch (value->kind) {
    case SLUICE_VALUE_NULL: put_uint(writing, KIND_NULL, (uint64_t)(int64_t)value->null); break;
    case SLUICE_VALUE_BOOL: put_uint(writing, KIND_BOOL, value->boolean); break;
    case SLUICE_VALUE_NUMBER:
        *writing->at++ = (uint8_t)wire_tag(KIND_NUMBER, WIRE_FIXED64);
        put_raw(writing, &value->number, sizeof value->number);
        break;
    case SLUICE_VALUE_STRING: put_text(writing, KIND_STRING, value->text); break;
    case SLUICE_VALUE_MAP: put_box(writing, KIND_STRUCT, value->box); break;
    case SLUICE_VALUE_LIST: put_box(writing, KIND_LIST, value->box); break;
    default: break;
    }
    put_unknown(writing, value->unknown);
}

static void put_body(struct writing *writing, const struct box *box)
{
    for (size_t i = 0; i < box->count; i++) {
        const sluice_value *item = box->items[i];
        size_t value = value_size(item, is_box(item) ? writing_peek(writing) : 0);
        if (box->is_map) {
            put_head(writing, STRUCT_FIELDS, entry_size(box->keys[i], value));
            put_text(writing, ENTRY_KEY, box->keys[i]);
        }
        put_head(writing, box->is_map ? ENTRY_VALUE : LIST_VALUES, value);
        put_value(writing, item);
    }
    put_unknown(writing, box->unknown);
}

static void put_box(struct writing *writing, uint32_t number, const struct box *box)
{
    put_head(writing, number, writing_take(writing));
    put_body(writing, box);
}

size_t struct_size(struct writing *writing, const sluice_value *map)
{
    return box_size(writing, map->box);
}

void put_struct(struct writing *writing, uint32_t number, const sluice_value *map)
{
    put_box(writing, number, map->box);
}

void value_write_struct(const sluice_value *map, struct buffer *buffer)
{
    if (map == NULL || map->kind != SLUICE_VALUE_MAP)
        return;
    struct writing writing;
    writing_init(&writing);
    size_t size = struct_size(&writing, map);
    if (writing.failed && buffer->failed == SLUICE_OK)
        buffer->failed = SLUICE_NO_MEMORY;
    writing.at = buffer_reserve(buffer, size);
    if (writing.at != NULL) {
        writing_take(&writing);
        put_body(&writing, map->box);
        buffer->size += size;
        buffer->data[buffer->size] = '\0';
    }
    writing_done(&writing);
}
