# Every library that Cairn stands on, as one imported or interface target each.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(fmt REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)

# cairn_pkg_library(NAME PACKAGE...): what pkg-config knows by these names.
function(cairn_pkg_library name)
    pkg_check_modules(cairn_${name} REQUIRED IMPORTED_TARGET ${ARGN})
    add_library(cairn::${name} ALIAS PkgConfig::cairn_${name})
    set_property(GLOBAL PROPERTY CAIRN_PACKAGE_OF_${name} ${ARGN})
endfunction()
cairn_pkg_library(pq libpq)
cairn_pkg_library(psl libpsl)
cairn_pkg_library(idn2 libidn2)
cairn_pkg_library(pcre2 libpcre2-8)
cairn_pkg_library(yaml yaml-cpp)
cairn_pkg_library(tomlplusplus tomlplusplus)
cairn_pkg_library(prometheus prometheus-cpp-core)

# Keys in tokens: the header of PKCS #11 alone, since modules are loaded by their path. Keys in TPMs.
cairn_pkg_library(cryptoki p11-kit-1)
cairn_pkg_library(tpm tss2-esys tss2-tctildr tss2-mu tss2-rc)

# Signed updates of name servers by Kerberos, Active Directory's among them; without it they are
# refused with that reason.
pkg_check_modules(cairn_gssapi IMPORTED_TARGET krb5-gssapi)
if(cairn_gssapi_FOUND)
    add_library(cairn::gssapi ALIAS PkgConfig::cairn_gssapi)
    set_property(GLOBAL PROPERTY CAIRN_PACKAGE_OF_gssapi krb5-gssapi)
endif()

# Debian's .pc file of libunbound names packages that only a static link would need.
function(cairn_found_library name header library)
    find_path(${name}_INCLUDE ${header} REQUIRED)
    find_library(${name}_LIBRARY ${library} REQUIRED)
    add_library(cairn_${name} INTERFACE)
    target_include_directories(cairn_${name} SYSTEM INTERFACE $<BUILD_INTERFACE:${${name}_INCLUDE}>)
    target_link_libraries(cairn_${name} INTERFACE
        $<BUILD_INTERFACE:${${name}_LIBRARY}> $<INSTALL_INTERFACE:${library}>)
    add_library(cairn::${name} ALIAS cairn_${name})
endfunction()
cairn_found_library(unbound unbound.h unbound)
cairn_found_library(jemalloc jemalloc/jemalloc.h jemalloc)

find_package(CLI11 REQUIRED)
add_library(cairn::cli11 ALIAS CLI11::CLI11)

# Asio and Beast are compiled once (src/base/asio.cpp, src/http/beast.cpp), not in every file.
add_library(cairn_asio INTERFACE)
target_compile_definitions(cairn_asio INTERFACE
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
    BOOST_ASIO_DISABLE_BOOST_COROUTINE
    # Frames of coroutines come from operator new, which aligns enough and is cheaper than what aligns
    # to order; each thread keeps some of them.
    BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN
    BOOST_ASIO_RECYCLING_ALLOCATOR_CACHE_SIZE=8)
target_link_libraries(cairn_asio INTERFACE Boost::headers Threads::Threads)
add_library(cairn::asio ALIAS cairn_asio)
