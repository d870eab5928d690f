/*
 * descriptors.h - the descriptors of every message and service of proto/, for gRPC server reflection.
 *
 * A serialized google.protobuf.FileDescriptorSet made by protoc at build time, imports included; each file comes after
 * those it needs. Constant; any thread.
 */
#ifndef SLUICE_PROTO_DESCRIPTORS_H
#define SLUICE_PROTO_DESCRIPTORS_H

#include <stddef.h>
#include <stdint.h>

const uint8_t *proto_descriptors(size_t *ret_size);

#endif
