/*
 * flat.h - the tags of a document as one run of bytes, in which a filter finds an entry without unpacking anything.
 *
 *   value    kind (1 byte, sluice_value_kind), then by kind
 *   bool     1 byte        number  8 bytes        string  uint32_t size, bytes
 *   list     uint32_t size of what follows, uint32_t count, values
 *   map      the same, each value with its key before it: uint32_t size, bytes
 *
 * In the machine's byte order; it never leaves the process. Any thread.
 */
#ifndef VECTOR_INDEX_FLAT_H
#define VECTOR_INDEX_FLAT_H

#include <sluice/document.h>

/* malloc()ed bytes of any value; a NULL value is null. SLUICE_NO_MEMORY; SLUICE_LIMIT: 4 GiB. */
sluice_status flat_write(const sluice_value *value, uint8_t **ret_bytes, size_t *ret_size);

sluice_value_kind flat_kind(const uint8_t *value); /* NULL reads as null */
bool flat_bool(const uint8_t *value);              /* of the right kind only, as the next two */
double flat_number(const uint8_t *value);
sluice_text flat_string(const uint8_t *value);

/* The entry at a path of names joined by two underscores: "a__b"; a number is an index into a list. NULL: there is none. */
const uint8_t *flat_find(const uint8_t *value, sluice_text path);

#endif
