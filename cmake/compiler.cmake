# Warnings are errors; sanitizers apply to everything; ccache and mold are used where they are.

add_library(cairn_flags INTERFACE)
target_compile_options(cairn_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wcast-qual -Wold-style-cast
    -Wnon-virtual-dtor -Woverloaded-virtual -Wnull-dereference -Wformat=2 -Werror
    -fstack-protector-strong -fno-omit-frame-pointer)
if(NOT CAIRN_GATHER)
    target_compile_options(cairn_flags INTERFACE -Wshadow)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # What stands in the unnamed namespace of a gathered file is as much the file's own as elsewhere, and
    # a local name may be that of a neighbour's helper. Memory is collected from 1 GB on, a tenth of the time.
    target_compile_options(cairn_flags INTERFACE -Wshadow=local -Wno-subobject-linkage
        --param ggc-min-heapsize=1000000)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports null dereferences inside the standard library once it inlines sanitizer checks,
    # and takes the allocation functions of Asio's coroutine frames for a mismatched pair.
    target_compile_options(cairn_flags INTERFACE
        -Wno-null-dereference -Wno-maybe-uninitialized -Wno-mismatched-new-delete)
endif()

if(CAIRN_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Boost uses fences, which g++ warns that TSan does not see.
    target_compile_options(cairn_flags INTERFACE -Wno-tsan)
endif()
if(CAIRN_SANITIZE)
    target_compile_options(cairn_flags INTERFACE
        -fsanitize=${CAIRN_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(cairn_flags INTERFACE
        -fsanitize=${CAIRN_SANITIZE} -fno-sanitize-recover=all)
    if(CAIRN_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        # At fixed addresses: else each start of a program, of which tests have thousands, begins with
        # moving the 800,000 addresses in what the sanitizers know of it.
        target_link_options(cairn_flags INTERFACE -no-pie)
    endif()
else()
    target_compile_options(cairn_flags INTERFACE $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
    if(NOT CMAKE_POSITION_INDEPENDENT_CODE)
        target_compile_options(cairn_flags INTERFACE -fPIE)
    endif()
    target_link_options(cairn_flags INTERFACE -pie -Wl,-z,relro,-z,now)
endif()

# A profile of where cairn-ca spends its time, to lay out its code by: recorded by one build, used by
# another (dev.d/build.sh, ADR 20). What the recording did not reach is compiled as without it.
if(CAIRN_RECORD_PROFILE)
    target_compile_options(cairn_flags INTERFACE
        -fprofile-generate=${CAIRN_RECORD_PROFILE} -fprofile-update=atomic)
    target_link_options(cairn_flags INTERFACE -fprofile-generate=${CAIRN_RECORD_PROFILE})
elseif(CAIRN_USE_PROFILE)
    target_compile_options(cairn_flags INTERFACE
        -fprofile-use=${CAIRN_USE_PROFILE} -fprofile-partial-training -fprofile-correction
        -Wno-missing-profile -Wno-coverage-mismatch)
    target_link_options(cairn_flags INTERFACE -fprofile-use=${CAIRN_USE_PROFILE})
endif()

if(CAIRN_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # To g++ what UBSan knows of each place is a global that ASan has to guard: 24 MB in cairn-ca, which each
    # start of a program goes through. So globals are not guarded; what is read of them by an index is
    # checked by the standard library, and the fuzz targets, which clang compiles, have both.
    target_compile_options(cairn_flags INTERFACE --param=asan-globals=0)
    target_compile_definitions(cairn_flags INTERFACE _GLIBCXX_ASSERTIONS)
endif()

if(CAIRN_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ checks each access for null, alignment and the type of the object, which is a third of its time.
    # A null access ends the process anyway; the fuzz targets, which clang compiles, check all three.
    target_compile_options(cairn_flags INTERFACE -fno-sanitize=null,alignment,vptr)
endif()

# What tests are compiled with. ASan and UBSan look at the library, not at the code of tests, where they would
# take half of the compile time. What allocates and frees is watched in both.
add_library(cairn_test_flags INTERFACE)
target_link_libraries(cairn_test_flags INTERFACE cairn_flags)
if(CAIRN_SANITIZE MATCHES "undefined")
    target_compile_options(cairn_test_flags INTERFACE -fno-sanitize=all)
endif()

if(CAIRN_FUZZ)
    # Coverage feedback from the libraries; libFuzzer itself is linked into the fuzz targets alone.
    target_compile_options(cairn_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(CAIRN_CCACHE ccache)
if(CAIRN_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
        ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
        CCACHE_SLOPPINESS=pch_defines,time_macros ${CAIRN_CCACHE})
endif()
find_program(CAIRN_MOLD mold)
if(CAIRN_MOLD)
    add_link_options(-fuse-ld=mold)
endif()
