#include "proto/descriptors.h"

/* The assembler takes the file in as it is; CMake makes this object anew when the file changes. */
__asm__(".pushsection .rodata\n"
        ".local sluice_descriptors\n"
        "sluice_descriptors:\n"
        ".incbin \"" PROTO_DESCRIPTORS_FILE "\"\n"
        ".local sluice_descriptors_end\n"
        "sluice_descriptors_end:\n"
        ".byte 0\n"
        ".popsection\n");

extern const uint8_t sluice_descriptors[], sluice_descriptors_end[];

const uint8_t *proto_descriptors(size_t *ret_size)
{
    *ret_size = (size_t)(sluice_descriptors_end - sluice_descriptors);
    return sluice_descriptors;
}
