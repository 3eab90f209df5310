# cpack -G DEB: weft, libweft-client0 and libweft-dev, of the components of cmake/install.cmake. For
# Debian's folders configure with -DCMAKE_INSTALL_PREFIX=/usr.

# A component of its own: `cmake --install --prefix` must not write to /etc.
install(FILES ${PROJECT_SOURCE_DIR}/packaging/weft.toml DESTINATION /etc/weft
    COMPONENT service EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/packaging/weft@.service DESTINATION lib/systemd/system
    COMPONENT service EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME weft)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "weft maintainers <maintainers@users.noreply.r-seed-e1c3dcaa.example>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL weft service libweft-client0 libweft-dev)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENT_WEFT_GROUP weft)
set(CPACK_COMPONENT_SERVICE_GROUP weft)
set(CPACK_COMPONENT_LIBWEFT-CLIENT0_GROUP libweft-client0)
set(CPACK_COMPONENT_LIBWEFT-DEV_GROUP libweft-dev)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
foreach(package WEFT LIBWEFT-CLIENT0 LIBWEFT-DEV)
  string(TOLOWER ${package} name)
  set(CPACK_DEBIAN_${package}_PACKAGE_NAME ${name})
endforeach()
set(CPACK_DEBIAN_WEFT_DESCRIPTION "broker-free mesh for stateful entities: nodes and command line")
set(CPACK_DEBIAN_WEFT_PACKAGE_SECTION net)
set(CPACK_DEBIAN_WEFT_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/conffiles)
set(CPACK_DEBIAN_LIBWEFT-CLIENT0_DESCRIPTION "client library of the mesh weft")
set(CPACK_DEBIAN_LIBWEFT-CLIENT0_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBWEFT-CLIENT0_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/packaging/triggers)
set(CPACK_DEBIAN_LIBWEFT-DEV_DESCRIPTION "headers of the client library of the mesh weft")
set(CPACK_DEBIAN_LIBWEFT-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBWEFT-DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_LIBWEFT-DEV_PACKAGE_DEPENDS "libweft-client0 (= ${PROJECT_VERSION})")
include(CPack)
