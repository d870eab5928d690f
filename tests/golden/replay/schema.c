#include "schema.h"
#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { TEXT, BYTES, UINT, FLOAT, MESSAGE, STRUCT, MAP_TEXT, MAP_MESSAGE, SHAPE, FLOATS, FILE_NAME };

struct field_type {
    uint32_t number;
    const char *name;
    enum kind kind;
    bool repeated;
    const struct message_type *message;
};

struct message_type {
    const char *name;
    struct field_type fields[24];
};

static const struct message_type type_timestamp = {
    "Timestamp", {{1, "seconds", UINT, false, NULL}, {2, "nanos", UINT, false, NULL}}
};
static const struct message_type type_exception = {
    "ExceptionProto",
    {{1, "name", TEXT, false, NULL},
      {2, "args", TEXT, true, NULL},
      {3, "stacks", TEXT, true, NULL},
      {4, "executor", TEXT, false, NULL}}
};
const struct message_type type_status = {
    "StatusProto",
    {{1, "code", UINT, false, NULL},
      {2, "description", TEXT, false, NULL},
      {3, "exception", MESSAGE, false, &type_exception}}
};
static const struct message_type type_header = {
    "HeaderProto",
    {{1, "request_id", TEXT, false, NULL},
      {2, "status", MESSAGE, false, &type_status},
      {3, "exec_endpoint", TEXT, false, NULL},
      {4, "target_executor", TEXT, false, NULL},
      {5, "timeout", UINT, false, NULL}}
};
static const struct message_type type_route = {
    "RouteProto",
    {{1, "executor", TEXT, false, NULL},
      {2, "start_time", MESSAGE, false, &type_timestamp},
      {3, "end_time", MESSAGE, false, &type_timestamp},
      {4, "status", MESSAGE, false, &type_status}}
};
static const struct message_type type_dense = {
    "DenseNdArrayProto",
    {{1, "buffer", BYTES, false, NULL}, {2, "shape", SHAPE, false, NULL}, {3, "dtype", TEXT, false, NULL}}
};
static const struct message_type type_sparse = {
    "SparseNdArrayProto",
    {{1, "indices", MESSAGE, false, &type_dense},
      {2, "values", MESSAGE, false, &type_dense},
      {3, "shape", SHAPE, false, NULL}}
};
static const struct message_type type_array = {
    "NdArrayProto",
    {{1, "dense", MESSAGE, false, &type_dense},
      {2, "sparse", MESSAGE, false, &type_sparse},
      {3, "cls_name", TEXT, false, NULL},
      {4, "parameters", STRUCT, false, NULL}}
};
static const struct message_type type_score = {
    "NamedScoreProto",
    {{1, "value", FLOAT, false, NULL},
      {2, "op_name", TEXT, false, NULL},
      {3, "description", TEXT, false, NULL},
      {4, "ref_id", TEXT, false, NULL}}
};
static const struct message_type type_document = {
    "DocumentProto",
    {{1, "id", TEXT, false, NULL},
      {2, "blob", BYTES, false, NULL},
      {3, "tensor", MESSAGE, false, &type_array},
      {4, "text", TEXT, false, NULL},
      {5, "granularity", UINT, false, NULL},
      {6, "adjacency", UINT, false, NULL},
      {7, "parent_id", TEXT, false, NULL},
      {8, "weight", FLOAT, false, NULL},
      {9, "uri", TEXT, false, NULL},
      {10, "modality", TEXT, false, NULL},
      {11, "mime_type", TEXT, false, NULL},
      {12, "offset", FLOAT, false, NULL},
      {13, "location", FLOATS, false, NULL},
      {14, "chunks", MESSAGE, true, &type_document},
      {15, "matches", MESSAGE, true, &type_document},
      {16, "embedding", MESSAGE, false, &type_array},
      {17, "tags", STRUCT, false, NULL},
      {18, "scores", MAP_MESSAGE, false, &type_score},
      {19, "evaluations", MAP_MESSAGE, false, &type_score},
      {20, "_metadata", STRUCT, false, NULL}}
};
static const struct message_type type_documents = {"DocumentArrayProto", {{1, "docs", MESSAGE, true, &type_document}}};
static const struct message_type type_content = {
    "DataContentProto", {{1, "docs", MESSAGE, false, &type_documents}, {2, "docs_bytes", BYTES, false, NULL}}
};
const struct message_type type_data_request = {
    "DataRequestProto",
    {{1, "header", MESSAGE, false, &type_header},
      {2, "parameters", STRUCT, false, NULL},
      {3, "routes", MESSAGE, true, &type_route},
      {4, "data", MESSAGE, false, &type_content}}
};
const struct message_type type_single_document_request = {
    "SingleDocumentRequestProto",
    {{1, "header", MESSAGE, false, &type_header},
      {2, "parameters", STRUCT, false, NULL},
      {3, "routes", MESSAGE, true, &type_route},
      {4, "document", MESSAGE, false, &type_document}}
};
const struct message_type type_info = {
    "JinaInfoProto", {{1, "jina", MAP_TEXT, false, NULL}, {2, "envs", MAP_TEXT, false, NULL}}
};
const struct message_type type_health = {"HealthCheckResponse", {{1, "status", UINT, false, NULL}}};
const struct message_type type_endpoints = {"EndpointsProto", {{1, "endpoints", TEXT, true, NULL}}};
/* grpc.reflection.v1alpha: of the file descriptors only the names, as compilers write the rest differently. */
static const struct message_type type_reflection_request = {"ServerReflectionRequest",
                                                            {{1, "host", TEXT, false, NULL},
                                                             {3, "file_by_filename", TEXT, false, NULL},
                                                             {4, "file_containing_symbol", TEXT, false, NULL},
                                                             {7, "list_services", TEXT, false, NULL}}};
static const struct message_type type_service = {"ServiceResponse", {{1, "name", TEXT, false, NULL}}};
static const struct message_type type_services = {"ListServiceResponse", {{1, "service", MESSAGE, true, &type_service}}};
static const struct message_type type_files = {"FileDescriptorResponse", {{1, "files", FILE_NAME, true, NULL}}};
static const struct message_type type_reflection_error = {
    "ErrorResponse", {{1, "error_code", UINT, false, NULL}, {2, "error_message", TEXT, false, NULL}}};
const struct message_type type_reflection = {"ServerReflectionResponse",
                                             {{1, "valid_host", TEXT, false, NULL},
                                              {2, "original_request", MESSAGE, false, &type_reflection_request},
                                              {4, "file_descriptor_response", MESSAGE, false, &type_files},
                                              {6, "list_services_response", MESSAGE, false, &type_services},
                                              {7, "error_response", MESSAGE, false, &type_reflection_error}}};


static bool decode_into(const struct message_type *type, const void *data, size_t size, sluice_value *map);

static sluice_text text_of(const struct wire_field *field)
{
    return (sluice_text){(const char *)field->data, field->size};
}

/* The list or map under `key`, made on first use. Test code: the map is ours, so its entries may be changed. */
static sluice_value *open_entry(sluice_value *map, const char *key, bool list)
{
    const sluice_value *there = sluice_value_get(map, key);
    return there != NULL ? (sluice_value *)there
           : list        ? sluice_value_set_list(map, key)
                         : sluice_value_set_map(map, key);
}

static bool decode_struct(const void *data, size_t size, sluice_value *map);

/* A google.protobuf.Value, put at the end of `list`. */
static bool decode_value(const void *data, size_t size, sluice_value *list)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field = {.number = 0}, next;
    while (wire_next(&reader, &next))
        field = next;
    if (reader.malformed)
        return false;
    switch (field.number) {
    case 2: return sluice_value_append_number(list, wire_double(&field)) == SLUICE_OK;
    case 3: return sluice_value_append_text(list, text_of(&field)) == SLUICE_OK;
    case 4: return sluice_value_append_bool(list, field.value != 0) == SLUICE_OK;
    case 5: return decode_struct(field.data, field.size, sluice_value_append_map(list));
    case 6: {
        sluice_value *inner = sluice_value_append_list(list);
        struct wire_reader items = wire_read(field.data, field.size);
        while (wire_next(&items, &next))
            if (!decode_value(next.data, next.size, inner))
                return false;
        return !items.malformed;
    }
    default: return sluice_value_append_null(list) == SLUICE_OK;
    }
}

static bool decode_struct(const void *data, size_t size, sluice_value *map)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field entry, part;
    while (wire_next(&reader, &entry)) {
        struct wire_reader parts = wire_read(entry.data, entry.size);
        sluice_text key = sluice_text_of("");
        sluice_value *holder = sluice_value_new_map(), *list = sluice_value_set_list(holder, "v");
        bool good = true, seen = false;
        while (good && wire_next(&parts, &part)) {
            if (part.number == 1)
                key = text_of(&part);
            else
                good = seen = decode_value(part.data, part.size, list);
        }
        if (good && !seen)
            sluice_value_append_null(list);
        good = good && sluice_value_set_copy(map, key, sluice_value_at(list, 0)) == SLUICE_OK;
        sluice_value_free(holder);
        if (!good)
            return false;
    }
    return !reader.malformed;
}

static void put_bytes(sluice_value *map, const char *name, const struct wire_field *field)
{
    char *hex = malloc(field->size * 2 + 7);
    size_t at = (size_t)sprintf(hex, "bytes:");
    for (size_t i = 0; i < field->size; i++)
        at += (size_t)sprintf(hex + at, "%02x", field->data[i]);
    sluice_value_set_string(map, name, hex);
    free(hex);
}

static void put_numbers(sluice_value *map, const struct field_type *type, const struct wire_field *field)
{
    sluice_value *list = open_entry(map, type->name, true);
    if (field->type == WIRE_VARINT)
        sluice_value_append_number(list, (double)field->value);
    else if (field->type == WIRE_FIXED32)
        sluice_value_append_number(list, (double)wire_float(field));
    else if (type->kind == FLOATS)
        for (size_t at = 0; at + sizeof(float) <= field->size; at += sizeof(float)) {
            float value;
            memcpy(&value, field->data + at, sizeof value);
            sluice_value_append_number(list, (double)value);
        }
    else
        for (size_t at = 0, used; at < field->size; at += used) {
            uint64_t value = 0;
            used = wire_read_varint(field->data + at, field->data + field->size, &value);
            if (used == 0)
                return;
            sluice_value_append_number(list, (double)value);
        }
}

static bool put_map_entry(sluice_value *map, const struct field_type *type, const struct wire_field *field)
{
    struct wire_reader parts = wire_read(field->data, field->size);
    struct wire_field part;
    char key[256] = "";
    sluice_text value = sluice_text_of("");
    while (wire_next(&parts, &part)) {
        if (part.number == 1)
            snprintf(key, sizeof key, "%.*s", (int)part.size, (const char *)part.data);
        else
            value = text_of(&part);
    }
    sluice_value *entries = open_entry(map, type->name, false);
    if (type->kind == MAP_TEXT)
        return sluice_value_set_text(entries, sluice_text_of(key), value) == SLUICE_OK;
    return decode_into(type->message, value.data, value.size, sluice_value_set_map(entries, key));
}

static bool put_field(sluice_value *map, const struct field_type *type, const struct wire_field *field)
{
    switch (type->kind) {
    case TEXT:
        if (type->repeated)
            return sluice_value_append_text(open_entry(map, type->name, true), text_of(field)) == SLUICE_OK;
        return sluice_value_set_text(map, sluice_text_of(type->name), text_of(field)) == SLUICE_OK;
    case FILE_NAME: {
        struct wire_reader file = wire_read(field->data, field->size);
        struct wire_field part;
        while (wire_next(&file, &part))
            if (part.number == 1)
                return sluice_value_append_text(open_entry(map, type->name, true), text_of(&part)) == SLUICE_OK;
        return false;
    }
    case BYTES: put_bytes(map, type->name, field); return true;
    case UINT: return sluice_value_set_number(map, type->name, (double)field->value) == SLUICE_OK;
    case FLOAT: return sluice_value_set_number(map, type->name, (double)wire_float(field)) == SLUICE_OK;
    case SHAPE:
    case FLOATS: put_numbers(map, type, field); return true;
    case STRUCT: return decode_struct(field->data, field->size, open_entry(map, type->name, false));
    case MAP_TEXT:
    case MAP_MESSAGE: return put_map_entry(map, type, field);
    case MESSAGE:
        return decode_into(type->message, field->data, field->size,
                           type->repeated ? sluice_value_append_map(open_entry(map, type->name, true))
                                          : open_entry(map, type->name, false));
    }
    return false;
}

static bool decode_into(const struct message_type *type, const void *data, size_t size, sluice_value *map)
{
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        const struct field_type *found = NULL;
        for (const struct field_type *at = type->fields; at->name != NULL && found == NULL; at++)
            if (at->number == field.number)
                found = at;
        if (found == NULL) {
            char name[32];
            snprintf(name, sizeof name, "field_%u", field.number);
            put_bytes(map, name, &(struct wire_field){.data = field.start, .size = (size_t)(reader.at - field.start)});
        } else if (!put_field(map, found, &field)) {
            return false;
        }
    }
    return !reader.malformed;
}

sluice_value *schema_decode(const struct message_type *type, const void *data, size_t size)
{
    sluice_value *map = sluice_value_new_map();
    if (map != NULL && !decode_into(type, data, size, map)) {
        sluice_value_free(map);
        return NULL;
    }
    return map;
}
