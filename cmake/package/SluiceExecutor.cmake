# sluice_add_executor(NAME source... [LINK library...]): the target NAME makes the plugin NAME.so.
#
# A plugin takes the sluice_ functions from the program that loads it, so it links no library of Sluice and undefined
# functions are no error, whatever the project's flags say. Only its entry is visible, so that two plugins in one program
# cannot get into one another's way. LINK names what it needs besides.
function(sluice_add_executor name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "LINK")
  if(NOT ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "sluice_add_executor(${name}): it has no source file; write sluice_add_executor(${name} ${name}.c)")
  endif()
  add_library(${name} MODULE ${ARG_UNPARSED_ARGUMENTS})
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  target_link_libraries(${name} PRIVATE Sluice::executor ${ARG_LINK})
  target_link_options(${name} PRIVATE -Wl,-z,undefs)
endfunction()
