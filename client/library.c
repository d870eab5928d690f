/* library.c - a shared library needs a source of its own; what is in it comes from the archives in CMakeLists.txt. */
#include <sluice/version.h>

extern const char sluice_library_version[];
const char sluice_library_version[] = SLUICE_VERSION;
