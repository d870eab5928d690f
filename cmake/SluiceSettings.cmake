# Compiler settings that hold for every target.
# Below the prefix the parts find one another at fixed places (file_installed()), so no folder per architecture.
set(CMAKE_INSTALL_LIBDIR lib CACHE PATH "Folder of libraries below the prefix")
include(GNUInstallDirs)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)

# The build tree has the layout of an installation, so that the programs, the library and the plugins find one another
# in it without settings: bin/, lib/, lib/sluice/, lib/sluice/plugins/.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/archives")
set(SLUICE_MODULE_DIRECTORY "${CMAKE_BINARY_DIR}/lib/sluice")
set(SLUICE_PLUGIN_DIRECTORY "${CMAKE_BINARY_DIR}/lib/sluice/plugins")
set(CMAKE_BUILD_RPATH "$ORIGIN/../lib")

add_library(sluice_settings INTERFACE)
target_compile_options(sluice_settings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -fno-strict-aliasing -fno-semantic-interposition -g
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes>
  $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
  $<$<BOOL:${SLUICE_WERROR}>:-Werror>)
target_compile_definitions(sluice_settings INTERFACE _GNU_SOURCE)
target_link_options(sluice_settings INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2)
endif()
if(SLUICE_SANITIZE)
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  # The instrumentation hides from gcc that a variable was written; the plain builds keep the warning.
  target_compile_options(sluice_settings INTERFACE $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  if(SLUICE_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
if(SLUICE_FUZZ)
  # The libraries too: libFuzzer finds its way by their coverage. (Linking with -fsanitize=fuzzer is the targets' own.)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
if(SLUICE_COVERAGE)
  # Counters that threads share must not lose or invent counts.
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
find_package(Threads REQUIRED)
