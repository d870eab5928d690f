/*
 * schema.h - messages of the protocol as values, for comparing and for reading a difference.
 *
 * A message becomes a map with the field names of the .proto files; a Struct becomes the map it stands for, a map field
 * a map, bytes the text "bytes:HEX". Field numbers: the docarray and jina packages.
 */
#ifndef SLUICE_GOLDEN_SCHEMA_H
#define SLUICE_GOLDEN_SCHEMA_H

#include <sluice/document.h>

struct message_type;
extern const struct message_type type_data_request, type_single_document_request, type_status, type_info, type_health,
    type_endpoints, type_reflection;

/* Decode `data` into a new map (sluice_value_free()). NULL when the bytes are no such message. */
sluice_value *schema_decode(const struct message_type *type, const void *data, size_t size);

#endif
