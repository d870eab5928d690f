#include "flat.h"

#include <stdlib.h>
#include <string.h>

#define SEPARATOR "__"
enum { HEAD = 1 + 2 * sizeof(uint32_t) }; /* of a list or map: kind, size, count */

/* ---- writing ---- */

struct bytes {
    uint8_t *data;
    size_t size, capacity;
    sluice_status failed;
};

static void add(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->failed != SLUICE_OK)
        return;
    if (size > UINT32_MAX - bytes->size) {
        bytes->failed = SLUICE_LIMIT;
        return;
    }
    if (bytes->capacity - bytes->size < size) {
        size_t capacity = 2 * bytes->capacity + size + 64;
        uint8_t *grown = realloc(bytes->data, capacity);
        if (grown == NULL) {
            bytes->failed = SLUICE_NO_MEMORY;
            return;
        }
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void add_text(struct bytes *bytes, sluice_text text)
{
    uint32_t size = (uint32_t)text.size;
    if (text.size > UINT32_MAX)
        bytes->failed = SLUICE_LIMIT;
    add(bytes, &size, sizeof size);
    add(bytes, text.data, text.size);
}

static void add_value(struct bytes *bytes, const sluice_value *value);

static void add_container(struct bytes *bytes, const sluice_value *value, bool is_map)
{
    size_t place = bytes->size;
    uint32_t head[2] = {0, (uint32_t)sluice_value_size(value)};
    add(bytes, head, sizeof head);
    for (size_t i = 0; i < sluice_value_size(value) && bytes->failed == SLUICE_OK; i++) {
        if (is_map)
            add_text(bytes, sluice_value_key_at(value, i));
        add_value(bytes, sluice_value_at(value, i));
    }
    head[0] = (uint32_t)(bytes->size - place - sizeof head);
    if (bytes->failed == SLUICE_OK)
        memcpy(bytes->data + place, &head[0], sizeof head[0]);
}

/* As deep as the limits of documents let a tag be nested. */
static void add_value(struct bytes *bytes, const sluice_value *value)
{
    uint8_t kind = (uint8_t)sluice_value_kind_of(value);
    add(bytes, &kind, 1);
    if (kind == SLUICE_VALUE_BOOL) {
        uint8_t boolean = sluice_value_bool(value, false);
        add(bytes, &boolean, 1);
    } else if (kind == SLUICE_VALUE_NUMBER) {
        double number = sluice_value_number(value, 0);
        add(bytes, &number, sizeof number);
    } else if (kind == SLUICE_VALUE_STRING) {
        add_text(bytes, sluice_value_string(value));
    } else if (kind == SLUICE_VALUE_LIST || kind == SLUICE_VALUE_MAP) {
        add_container(bytes, value, kind == SLUICE_VALUE_MAP);
    }
}

sluice_status flat_write(const sluice_value *value, uint8_t **ret_bytes, size_t *ret_size)
{
    struct bytes bytes = {0};
    add_value(&bytes, value);
    if (bytes.failed != SLUICE_OK) {
        free(bytes.data);
        return bytes.failed;
    }
    *ret_bytes = bytes.data;
    *ret_size = bytes.size;
    return SLUICE_OK;
}

/* ---- reading ---- */

static uint32_t read_size(const uint8_t *at)
{
    uint32_t size;
    memcpy(&size, at, sizeof size);
    return size;
}

sluice_value_kind flat_kind(const uint8_t *value)
{
    return value == NULL ? SLUICE_VALUE_NULL : (sluice_value_kind)value[0];
}

bool flat_bool(const uint8_t *value)
{
    return value[1] != 0;
}

double flat_number(const uint8_t *value)
{
    double number;
    memcpy(&number, value + 1, sizeof number);
    return number;
}

static sluice_text read_text(const uint8_t *at)
{
    return (sluice_text){(const char *)at + sizeof(uint32_t), read_size(at)};
}

sluice_text flat_string(const uint8_t *value)
{
    return read_text(value + 1);
}

static size_t size_of(const uint8_t *value)
{
    switch (flat_kind(value)) {
    case SLUICE_VALUE_BOOL: return 2;
    case SLUICE_VALUE_NUMBER: return 1 + sizeof(double);
    case SLUICE_VALUE_STRING: return 1 + sizeof(uint32_t) + read_size(value + 1);
    case SLUICE_VALUE_LIST:
    case SLUICE_VALUE_MAP: return HEAD + read_size(value + 1);
    default: return 1;
    }
}

static const uint8_t *in_map(const uint8_t *value, sluice_text name)
{
    uint32_t count = read_size(value + 1 + sizeof(uint32_t));
    const uint8_t *at = value + HEAD;
    for (uint32_t i = 0; i < count; i++) {
        sluice_text key = read_text(at);
        at += sizeof(uint32_t) + key.size;
        if (key.size == name.size && memcmp(key.data, name.data, name.size) == 0)
            return at;
        at += size_of(at);
    }
    return NULL;
}

static const uint8_t *in_list(const uint8_t *value, sluice_text name)
{
    uint32_t count = read_size(value + 1 + sizeof(uint32_t));
    size_t index = 0;
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] < '0' || name.data[i] > '9' || index >= count)
            return NULL;
        index = index * 10 + (size_t)(name.data[i] - '0');
    }
    if (name.size == 0 || index >= count)
        return NULL;
    const uint8_t *at = value + HEAD;
    while (index-- > 0)
        at += size_of(at);
    return at;
}

const uint8_t *flat_find(const uint8_t *value, sluice_text path)
{
    while (value != NULL) {
        const char *separator = memmem(path.data, path.size, SEPARATOR, strlen(SEPARATOR));
        sluice_text name = {path.data, separator == NULL ? path.size : (size_t)(separator - path.data)};
        if (flat_kind(value) == SLUICE_VALUE_MAP)
            value = in_map(value, name);
        else
            value = flat_kind(value) == SLUICE_VALUE_LIST ? in_list(value, name) : NULL;
        if (separator == NULL)
            break;
        size_t used = name.size + strlen(SEPARATOR);
        path = (sluice_text){path.data + used, path.size - used};
    }
    return value;
}
