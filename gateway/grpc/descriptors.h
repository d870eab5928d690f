/*
 * descriptors.h - finding files and symbols in a serialized FileDescriptorSet (google/protobuf/descriptor.proto).
 *
 * For server reflection; the set is the program's own (proto/descriptors.h), so it is trusted. Pure functions; any
 * thread.
 */
#ifndef SLUICE_GATEWAY_GRPC_DESCRIPTORS_H
#define SLUICE_GATEWAY_GRPC_DESCRIPTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct descriptor_text {
    const uint8_t *data;
    size_t size;
};

#define DESCRIPTOR_FILES_MAX 32 /* files of a set, at most */

/* The file of this name, or the one that defines the message, field, enum, service or method with this full name. */
bool descriptor_find_file(struct descriptor_text set, struct descriptor_text name, struct descriptor_text *ret_file);
bool descriptor_find_symbol(struct descriptor_text set, struct descriptor_text symbol,
                            struct descriptor_text *ret_file);

/* `file`, then all that it imports, each once. Returns how many. */
size_t descriptor_with_imports(struct descriptor_text set, struct descriptor_text file,
                               struct descriptor_text files[DESCRIPTOR_FILES_MAX]);

#endif
