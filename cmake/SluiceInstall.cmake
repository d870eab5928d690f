# What `cmake --install` puts where, beside what each folder installs itself. Two components: `library` (libsluice.so, its
# modules, headers, what builds find it by) and `runtime` (programs, fronts, plugins).
#
# Nothing that is installed names the prefix, so the tree may be moved: parts find one another relative to themselves
# (file_installed()), programs find the library by their RPATH, CMake and pkg-config by the place of their files.
include(CMakePackageConfigHelpers)

# Names for find_package(Sluice); the targets below exist for these alone.
add_library(sluice_executor_headers INTERFACE)
target_include_directories(sluice_executor_headers INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(sluice_executor_headers PROPERTIES EXPORT_NAME executor)
add_library(sluice_testkit_library INTERFACE)
target_link_libraries(sluice_testkit_library INTERFACE sluice_library)
set_target_properties(sluice_testkit_library PROPERTIES EXPORT_NAME testkit)

install(TARGETS sluice_library EXPORT SluiceTargets COMPONENT library)
install(TARGETS sluice_executor_headers sluice_testkit_library EXPORT SluiceTargets COMPONENT library)
install(TARGETS sluice_transport_grpc sluice_transport_http sluice_transport_websocket sluice_json_module
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/sluice COMPONENT library)
install(DIRECTORY client/include/sluice common/include/sluice executor/include/sluice ${CMAKE_BINARY_DIR}/common/include/sluice
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library FILES_MATCHING PATTERN *.h)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT library)

set(cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Sluice)
set(plugin_folder ${CMAKE_INSTALL_LIBDIR}/sluice/plugins)
set(program_folder ${CMAKE_INSTALL_BINDIR})
configure_file(cmake/package/sluice.pc.in package/sluice.pc @ONLY)
configure_package_config_file(cmake/package/SluiceConfig.cmake.in ${CMAKE_BINARY_DIR}/package/SluiceConfig.cmake
  INSTALL_DESTINATION ${cmake_folder} PATH_VARS plugin_folder program_folder)
# Before 1.0 each minor version is an interface of its own, as the soname says (client/CMakeLists.txt).
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
else()
  set(compatibility SameMajorVersion)
endif()
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/SluiceConfigVersion.cmake COMPATIBILITY ${compatibility})
install(FILES ${CMAKE_BINARY_DIR}/package/SluiceConfig.cmake ${CMAKE_BINARY_DIR}/package/SluiceConfigVersion.cmake
  cmake/package/SluiceExecutor.cmake DESTINATION ${cmake_folder} COMPONENT library)
install(EXPORT SluiceTargets NAMESPACE Sluice:: DESTINATION ${cmake_folder} COMPONENT library)
install(FILES ${CMAKE_BINARY_DIR}/package/sluice.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
