# cmake --install: the program, libweft-client with its headers, and what finds them.
include(CMakePackageConfigHelpers)
set(weft_cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/weft)

# One shared library of the objects that the static libraries of the tree are made of: no file is
# compiled twice. fmt by its file: an exported target would have users look for fmt, too.
set(weft_client_objects "")
foreach(part core routing wire_frame wire_client transport client_core client)
  list(APPEND weft_client_objects $<TARGET_OBJECTS:weft_${part}>)
endforeach()
set(weft_client_map ${PROJECT_SOURCE_DIR}/client/libweft-client.map)
add_library(weft_client_shared SHARED ${weft_client_objects})
target_link_libraries(weft_client_shared PRIVATE $<TARGET_LINKER_FILE:fmt::fmt>
    PkgConfig::sodium PkgConfig::xxhash
    PkgConfig::zmq Threads::Threads
    weft_options)
target_link_options(weft_client_shared PRIVATE -Wl,--version-script=${weft_client_map})
target_compile_features(weft_client_shared INTERFACE cxx_std_23)
target_include_directories(weft_client_shared INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(weft_client_shared PROPERTIES LINKER_LANGUAGE CXX OUTPUT_NAME weft-client
    EXPORT_NAME client VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
    LINK_DEPENDS ${weft_client_map} LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)

install(TARGETS weft_client_shared EXPORT weft-targets
    LIBRARY COMPONENT libweft-client0 NAMELINK_COMPONENT libweft-dev)
install(TARGETS weft_api FILE_SET HEADERS COMPONENT libweft-dev)
install(EXPORT weft-targets NAMESPACE weft:: DESTINATION ${weft_cmake_folder} COMPONENT libweft-dev)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/weft-config.cmake.in
    ${PROJECT_BINARY_DIR}/weft-config.cmake INSTALL_DESTINATION ${weft_cmake_folder})
# Before 1.0 a minor version may change the API.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/weft-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weft-config.cmake
    ${PROJECT_BINARY_DIR}/weft-config-version.cmake
    DESTINATION ${weft_cmake_folder} COMPONENT libweft-dev)

# The file finds its prefix from where it lies: `cmake --install --prefix` may choose any.
file(RELATIVE_PATH WEFT_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" WEFT_PC_TO_PREFIX "${WEFT_PC_TO_PREFIX}")
configure_file(${PROJECT_SOURCE_DIR}/cmake/weft-client.pc.in ${PROJECT_BINARY_DIR}/weft-client.pc
    @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/weft-client.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT libweft-dev)
