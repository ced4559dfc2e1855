# `cmake --install`: component `programs`, and component `library`, which is the modules up to client with
# a CMake package and a pkg-config file, and what a CA inside a process consists of (docs/library.md).

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(programs GLOBAL PROPERTY CAIRN_PROGRAMS)
install(TARGETS ${programs} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)

set(CAIRN_CLIENT_MODULES client dns http net protocol pki crypto asn1 base)
set(CAIRN_TEST_AUTHORITY_MODULES test_authority command_line perspective admin api store va ca)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/cairn)

# cairn_installed(EXPORT MODULE...): these libraries, to be had as cairn::MODULE.
function(cairn_installed export)
    foreach(module IN LISTS ARGN)
        set_target_properties(cairn_${module} PROPERTIES EXPORT_NAME ${module})
        target_compile_features(cairn_${module} PUBLIC cxx_std_23)
        target_include_directories(cairn_${module} INTERFACE
            $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
        install(TARGETS cairn_${module} EXPORT ${export}
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
    endforeach()
    install(EXPORT ${export} NAMESPACE cairn:: DESTINATION ${package_folder} COMPONENT library)
endfunction()
foreach(library asio unbound)
    set_target_properties(cairn_${library} PROPERTIES EXPORT_NAME ${library})
    install(TARGETS cairn_${library} EXPORT cairn-client)
endforeach()
cairn_installed(cairn-client ${CAIRN_CLIENT_MODULES})
cairn_installed(cairn-test_authority ${CAIRN_TEST_AUTHORITY_MODULES})

# Where installed headers find each other, no header of the program that includes them is in the way.
list(TRANSFORM CAIRN_CLIENT_MODULES PREPEND ${CMAKE_SOURCE_DIR}/src/ OUTPUT_VARIABLE header_folders)
configure_file(cmake/install_headers.cmake.in install_headers.cmake @ONLY)
install(SCRIPT ${CMAKE_BINARY_DIR}/install_headers.cmake COMPONENT library)

# What the modules link of others: `finds`, lines of the CMake package for what pkg-config knows, and
# `requires` and `libraries` of a .pc file.
set(of_fmt::fmt fmt)
set(of_CURL::libcurl libcurl)
set(of_OpenSSL::Crypto openssl)
set(of_OpenSSL::SSL openssl)
function(cairn_foreign_libraries)
    set(finds "")
    set(requires "")
    set(libraries "")
    foreach(module IN LISTS ARGN)
        get_target_property(linked cairn_${module} LINK_LIBRARIES)
        list(FILTER linked EXCLUDE REGEX "^cairn_|<")
        foreach(library IN LISTS linked)
            string(REGEX REPLACE "^cairn::" "" name ${library})
            get_property(package GLOBAL PROPERTY CAIRN_PACKAGE_OF_${name})
            if(package)
                list(APPEND requires ${package})
                list(JOIN package " " package)
                list(APPEND finds "cairn_find_by_pkg_config(${name} ${package})")
            elseif(DEFINED of_${library})
                list(APPEND requires ${of_${library}})
            elseif(library STREQUAL Boost::json)
                list(APPEND libraries -lboost_json)
            elseif(TARGET cairn_${name} OR NOT library MATCHES "::")
                list(APPEND libraries -l${name})
            endif()
        endforeach()
    endforeach()
    list(REMOVE_DUPLICATES finds)
    list(REMOVE_DUPLICATES requires)
    list(REMOVE_DUPLICATES libraries)
    list(REMOVE_ITEM libraries -lasio)
    list(JOIN finds "\n" finds)
    list(JOIN requires " " requires)
    list(JOIN libraries " " libraries)
    return(PROPAGATE finds requires libraries)
endfunction()
cairn_foreign_libraries(${CAIRN_TEST_AUTHORITY_MODULES})
set(test_authority_finds "${finds}")
cairn_foreign_libraries(${CAIRN_CLIENT_MODULES})
set(client_finds "${finds}")

configure_package_config_file(cmake/cairn-config.cmake.in cairn-config.cmake
    INSTALL_DESTINATION ${package_folder})
# Until version 1 any minor version may change what it offers.
write_basic_package_version_file(cairn-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/cairn-config.cmake ${CMAKE_BINARY_DIR}/cairn-config-version.cmake
    DESTINATION ${package_folder} COMPONENT library)

list(TRANSFORM CAIRN_CLIENT_MODULES PREPEND -lcairn_ OUTPUT_VARIABLE own_libraries)
list(JOIN own_libraries " " own_libraries)
set(sanitizers "")
if(CAIRN_SANITIZE)
    set(sanitizers " -fsanitize=${CAIRN_SANITIZE}")
endif()
get_target_property(definitions cairn_asio INTERFACE_COMPILE_DEFINITIONS)
list(TRANSFORM definitions PREPEND -D)
list(JOIN definitions " " definitions)
file(RELATIVE_PATH way_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/cairn.pc.in cairn.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/cairn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
