#include "gateway/envelope/parameters.h"
#include "common/foundation/text.h"
#include "common/wire/wire.h"

/* google.protobuf.Struct: fields = 1, a map; an entry: key = 1, value = 2. Value: struct_value = 5, list_value = 6. */
enum { STRUCT_FIELDS = 1, ENTRY_KEY = 1, ENTRY_VALUE = 2, VALUE_STRING = 3, VALUE_STRUCT = 5, VALUE_LIST = 6 };

enum level { LEVEL_STRUCT, LEVEL_ENTRY, LEVEL_VALUE, LEVEL_LIST };

/* Which message a length-delimited field of `level` holds: -1 for text, -2 for something unknown. */
static int inner_level(enum level level, uint32_t number)
{
    switch (level) {
    case LEVEL_STRUCT: return number == STRUCT_FIELDS ? LEVEL_ENTRY : -2;
    case LEVEL_ENTRY: return number == ENTRY_KEY ? -1 : number == ENTRY_VALUE ? LEVEL_VALUE : -2;
    case LEVEL_VALUE:
        return number == VALUE_STRING   ? -1
               : number == VALUE_STRUCT ? LEVEL_STRUCT
               : number == VALUE_LIST   ? LEVEL_LIST
                                        : -2;
    case LEVEL_LIST: return number == 1 ? LEVEL_VALUE : -2;
    }
    return -2;
}

static sluice_status check(const uint8_t *data, size_t size, enum level level, size_t depth_left, sluice_error *error)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        if (field.type != WIRE_BYTES)
            continue;
        int inner = inner_level(level, field.number);
        if (inner == -1 && !text_is_utf8(field.data, field.size))
            return sluice_fail(error, SLUICE_INVALID, "request", "the parameters hold text that is not UTF-8");
        if (inner < 0)
            continue;
        bool deeper = inner == LEVEL_STRUCT || inner == LEVEL_LIST;
        if (deeper && depth_left == 0)
            return sluice_fail(error, SLUICE_LIMIT, "request",
                               "the parameters are nested deeper than the gateway's limit max_depth");
        sluice_status status = check(field.data, field.size, (enum level)inner, depth_left - deeper, error);
        if (status != SLUICE_OK)
            return status;
    }
    if (reader.malformed)
        return sluice_fail(error, SLUICE_INVALID, "request", "the parameters are no valid protobuf");
    return SLUICE_OK;
}

sluice_status parameters_check(struct span parameters, size_t depth_max, sluice_error *error)
{
    /* The outermost map counts as one level. */
    return parameters.size == 0
               ? SLUICE_OK
               : check(parameters.data, parameters.size, LEVEL_STRUCT, depth_max > 0 ? depth_max - 1 : 0, error);
}

struct entry {
    struct span whole; /* with its tag */
    struct span key, value;
};

/* The next top-level entry; other fields of the Struct are given with an empty key and `whole` only. */
static bool next_entry(struct wire_reader *reader, struct entry *entry, bool *ret_is_entry)
{
    struct wire_field field, part;
    if (!wire_next(reader, &field))
        return false;
    *entry = (struct entry){
        .whole = {field.start,         (size_t)(reader->at - field.start)},
          .key = {(const uint8_t *)"", 0                                 }
    };
    *ret_is_entry = field.number == STRUCT_FIELDS && field.type == WIRE_BYTES;
    if (!*ret_is_entry)
        return true;
    struct wire_reader inner = wire_read(field.data, field.size);
    while (wire_next(&inner, &part)) {
        if (part.type == WIRE_BYTES && part.number == ENTRY_KEY)
            entry->key = (struct span){part.data, part.size};
        else if (part.type == WIRE_BYTES && part.number == ENTRY_VALUE)
            entry->value = (struct span){part.data, part.size};
    }
    return true;
}

/* The contents of the Struct in a Value, or false when it is no map. */
static bool map_of(struct span value, struct span *ret_map)
{
    struct wire_reader reader = wire_read(value.data, value.size);
    struct wire_field field;
    bool found = false;
    while (wire_next(&reader, &field)) {
        if (field.number < 1 || field.number > VALUE_LIST)
            continue;
        found = field.number == VALUE_STRUCT && field.type == WIRE_BYTES;
        if (found)
            *ret_map = (struct span){field.data, field.size};
    }
    return found;
}

static bool span_is(struct span span, const char *text, size_t size)
{
    return span.size == size && memcmp(span.data, text, size) == 0;
}

/* Where "__" first stands at or behind `from`; span.size when nowhere. */
static size_t find_separator(struct span key, size_t from)
{
    for (size_t i = from; i + 1 < key.size; i++)
        if (key.data[i] == '_' && key.data[i + 1] == '_')
            return i;
    return key.size;
}

/* Is this a key for one executor: "__" inside, neither in front nor at the end? */
static bool is_addressed(struct span key)
{
    return key.size >= 4 && find_separator(key, 0) < key.size && !(key.data[0] == '_' && key.data[1] == '_') &&
           !(key.data[key.size - 2] == '_' && key.data[key.size - 1] == '_');
}

/*
 * Splits an addressed key at every "__": the last piece is the parameter's name, the pieces before, joined with nothing
 * between them, name the executor. True when that is `name`.
 */
static bool is_addressed_to(struct span key, const char *name, size_t name_size, struct span *ret_key)
{
    size_t piece = 0, compared = 0;
    bool same = true;
    for (size_t separator; (separator = find_separator(key, piece)) < key.size; piece = separator + 2) {
        size_t size = separator - piece;
        same = same && size <= name_size - compared && memcmp(key.data + piece, name + compared, size) == 0;
        if (same)
            compared += size;
    }
    *ret_key = (struct span){key.data + piece, key.size - piece};
    return same && compared == name_size;
}

static void append_entry(struct buffer *buffer, struct span key, struct span value)
{
    wire_append_tag(buffer, STRUCT_FIELDS, WIRE_BYTES);
    wire_append_varint(buffer, wire_bytes_size(ENTRY_KEY, key.size) + wire_bytes_size(ENTRY_VALUE, value.size));
    wire_append_bytes(buffer, ENTRY_KEY, key.data, key.size);
    wire_append_bytes(buffer, ENTRY_VALUE, value.data, value.size);
}

static bool concerns(struct span parameters, const char *name, size_t name_size)
{
    struct wire_reader reader = wire_read(parameters.data, parameters.size);
    struct entry entry;
    bool is_entry;
    while (next_entry(&reader, &entry, &is_entry))
        if (is_entry && (is_addressed(entry.key) || span_is(entry.key, name, name_size)))
            return true;
    return false;
}

/* Moves what was built to the arena. */
static sluice_status finish(struct buffer *buffer, struct arena *arena, struct span *ret_span)
{
    sluice_status status = buffer->failed;
    uint8_t *copy = status == SLUICE_OK ? arena_copy(arena, buffer->data, buffer->size) : NULL;
    if (copy != NULL)
        *ret_span = (struct span){copy, buffer->size};
    else if (status == SLUICE_OK)
        status = SLUICE_NO_MEMORY;
    buffer_done(buffer);
    return status;
}

sluice_status parameters_for(struct span parameters, const char *name, struct arena *arena, struct span *ret_parameters)
{
    size_t name_size = strlen(name);
    if (!concerns(parameters, name, name_size)) {
        *ret_parameters = parameters;
        return SLUICE_OK;
    }
    struct buffer kept, addressed, own;
    buffer_init(&kept, BUFFER_NO_LIMIT);
    buffer_init(&addressed, BUFFER_NO_LIMIT);
    buffer_init(&own, BUFFER_NO_LIMIT);
    struct wire_reader reader = wire_read(parameters.data, parameters.size);
    struct entry entry;
    struct span key, map;
    bool is_entry;
    while (next_entry(&reader, &entry, &is_entry)) {
        if (is_entry && is_addressed(entry.key)) {
            if (is_addressed_to(entry.key, name, name_size, &key))
                append_entry(&addressed, key, entry.value);
            continue;
        }
        buffer_append(&kept, entry.whole.data, entry.whole.size);
        if (is_entry && span_is(entry.key, name, name_size)) {
            buffer_clear(&own);
            if (map_of(entry.value, &map))
                buffer_append(&own, map.data, map.size);
        }
    }
    buffer_append(&kept, addressed.data, addressed.size);
    buffer_append(&kept, own.data, own.size);
    if (addressed.failed != SLUICE_OK || own.failed != SLUICE_OK)
        kept.failed = SLUICE_NO_MEMORY;
    buffer_done(&addressed);
    buffer_done(&own);
    return finish(&kept, arena, ret_parameters);
}

sluice_status parameters_answer(struct span parameters, const struct parameters_result *results, size_t count,
                                struct arena *arena, struct span *ret_parameters)
{
    if (count == 0) {
        *ret_parameters = parameters;
        return SLUICE_OK;
    }
    struct buffer answer, pods;
    buffer_init(&answer, BUFFER_NO_LIMIT);
    buffer_init(&pods, BUFFER_NO_LIMIT);
    struct wire_reader reader = wire_read(parameters.data, parameters.size);
    struct entry entry;
    struct span map;
    bool is_entry;
    while (next_entry(&reader, &entry, &is_entry)) {
        if (is_entry && span_is(entry.key, PARAMETERS_RESULTS, sizeof PARAMETERS_RESULTS - 1)) {
            buffer_clear(&pods);
            if (map_of(entry.value, &map))
                buffer_append(&pods, map.data, map.size);
        } else {
            buffer_append(&answer, entry.whole.data, entry.whole.size);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct buffer value;
        buffer_init(&value, BUFFER_NO_LIMIT);
        wire_append_bytes(&value, VALUE_STRUCT, results[i].results.data, results[i].results.size);
        append_entry(&pods, (struct span){(const uint8_t *)results[i].pod, strlen(results[i].pod)},
                     (struct span){value.data, value.size});
        if (value.failed != SLUICE_OK)
            answer.failed = value.failed;
        buffer_done(&value);
    }
    struct buffer value;
    buffer_init(&value, BUFFER_NO_LIMIT);
    wire_append_bytes(&value, VALUE_STRUCT, pods.data, pods.size);
    append_entry(&answer, (struct span){(const uint8_t *)PARAMETERS_RESULTS, sizeof PARAMETERS_RESULTS - 1},
                 (struct span){value.data, value.size});
    if (value.failed != SLUICE_OK || pods.failed != SLUICE_OK)
        answer.failed = SLUICE_NO_MEMORY;
    buffer_done(&value);
    buffer_done(&pods);
    return finish(&answer, arena, ret_parameters);
}
