# The target `coverage`: builds everything, runs the tests, prints the table. tools/coverage does the work.
function(sluice_targets_below folder ret_targets)
  get_property(targets DIRECTORY ${folder} PROPERTY BUILDSYSTEM_TARGETS)
  get_property(folders DIRECTORY ${folder} PROPERTY SUBDIRECTORIES)
  foreach(below ${folders})
    sluice_targets_below(${below} more)
    list(APPEND targets ${more})
  endforeach()
  set(${ret_targets} "${targets}" PARENT_SCOPE)
endfunction()

sluice_targets_below(${CMAKE_SOURCE_DIR} everything)
add_custom_target(coverage COMMAND ${CMAKE_SOURCE_DIR}/tools/coverage --no-build USES_TERMINAL)
add_dependencies(coverage ${everything})
