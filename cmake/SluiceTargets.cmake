# Helpers that keep the CMakeLists.txt of each folder a list of names.

# sluice_component(NAME SOURCES ... [LINK ...] [PUBLIC_INCLUDE ...]): a static library with position-independent code.
# Internal headers are included by their path from the top of the tree ("common/foundation/arena.h"), public ones as
# <sluice/document.h>. Its functions are visible to the linker's export lists: the gateway exports them to its fronts; the
# executor and libsluice.so export sluice_ only.
function(sluice_component name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;INCLUDE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR} ${CMAKE_SOURCE_DIR}/common/include
    ${CMAKE_BINARY_DIR}/common/include ${ARG_INCLUDE})
  set_target_properties(${name} PROPERTIES C_VISIBILITY_PRESET default)
  target_link_libraries(${name} PRIVATE sluice_settings PUBLIC ${ARG_LINK} Threads::Threads)
endfunction()

# sluice_program(NAME SOURCES ... [LINK ...]): a program in bin/.
function(sluice_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  set_target_properties(${name} PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE sluice_settings ${ARG_LINK})
endfunction()

# sluice_plugin(NAME SOURCES ... [LINK ...] [DIRECTORY dir]): an executor plugin NAME.so. It takes the sluice_ functions
# from the process that loads it and links none of our libraries.
function(sluice_plugin name)
  cmake_parse_arguments(ARG "" "DIRECTORY" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_DIRECTORY)
    set(ARG_DIRECTORY ${SLUICE_PLUGIN_DIRECTORY})
  endif()
  add_library(plugin_${name} MODULE ${ARG_SOURCES})
  set_target_properties(plugin_${name} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
    LIBRARY_OUTPUT_DIRECTORY ${ARG_DIRECTORY})
  target_include_directories(plugin_${name} PRIVATE ${CMAKE_SOURCE_DIR}/common/include ${CMAKE_BINARY_DIR}/common/include
    ${CMAKE_SOURCE_DIR}/executor/include)
  target_link_libraries(plugin_${name} PRIVATE sluice_settings ${ARG_LINK})
endfunction()

# sluice_test(NAME SOURCES ... [LINK ...] [LABELS ...] [ARGUMENTS ...]): a Check program and its ctest entry. NAME mirrors
# the place in the tree: common.arena. The label "threads" puts it into the ThreadSanitizer run.
function(sluice_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;LINK;LABELS;ARGUMENTS;ENVIRONMENT" ${ARGN})
  string(REPLACE "." "_" target "test_${name}")
  add_executable(${target} ${ARG_SOURCES})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE sluice_settings ${ARG_LINK} PkgConfig::CHECK)
  add_test(NAME ${name} COMMAND ${target} ${ARG_ARGUMENTS} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  sluice_test_properties(${name} TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}" ENVIRONMENT "${ARG_ENVIRONMENT}")
endfunction()

# What every ctest entry gets: a time limit, the sanitizers' options, the place of the build. A sanitizer's complaint about
# any process of the test is a failure, even when the test did not look at how that process ended. (What a fault that a test
# provokes looks like, "AddressSanitizer: SEGV", is in capitals.)
function(sluice_test_properties name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "LABELS;ENVIRONMENT" ${ARGN})
  set(environment
    "SLUICE_BUILD=${CMAKE_BINARY_DIR}"
    "SLUICE_SOURCE=${CMAKE_SOURCE_DIR}"
    "ASAN_OPTIONS=abort_on_error=1:detect_leaks=1:detect_stack_use_after_return=1"
    "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/tsan.supp:second_deadlock_stack=1:abort_on_error=1"
    ${ARG_ENVIRONMENT})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}" ENVIRONMENT "${environment}"
    FAIL_REGULAR_EXPRESSION "(Thread|Address)Sanitizer: [a-z];LeakSanitizer: detected;: runtime error: ")
endfunction()

# sluice_fuzz(NAME SOURCES ... [LINK ...] [CORPUS name]): with -DSLUICE_FUZZ=ON a libFuzzer program fuzz_NAME; always a ctest entry
# fuzz.NAME that replays tests/fuzz/corpora/NAME (or that of another target) through the same function.
function(sluice_fuzz name)
  cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_CORPUS)
    set(ARG_CORPUS ${name})
  endif()
  if(SLUICE_FUZZ)
    add_executable(fuzz_${name} ${ARG_SOURCES})
    set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_libraries(fuzz_${name} PRIVATE sluice_settings ${ARG_LINK})
  endif()
  add_executable(replay_${name} ${ARG_SOURCES} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
  set_target_properties(replay_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(replay_${name} PRIVATE sluice_settings ${ARG_LINK})
  add_test(NAME fuzz.${name} COMMAND replay_${name} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpora/${ARG_CORPUS})
  sluice_test_properties(fuzz.${name} TIMEOUT 120 LABELS fuzz)
endfunction()
