/*
 * embed.h - a file of this folder as a text in the program.
 *
 * EMBED(name, "file") at the top level of a source makes `name`, an array of characters with a NUL behind, and
 * `name_end`, which is where that NUL is. The build names the file as a dependency of the source (CMakeLists.txt). The
 * assembler does it (gcc and clang); it looks below HTTP_FOLDER, which the build defines.
 */
#ifndef SLUICE_GATEWAY_HTTP_EMBED_H
#define SLUICE_GATEWAY_HTTP_EMBED_H

#define EMBED(name, file)                                                                                              \
    __asm__(".pushsection .rodata\n" #name ":\n.incbin \"" HTTP_FOLDER "/" file "\"\n" #name "_end:\n.byte 0\n"        \
            ".popsection\n");                                                                                          \
    __attribute__((visibility("hidden"))) extern const char name[], name##_end[]

#endif
