# A module is a folder of src/: its .cpp files make one library, its _test.cpp files one test
# program. What is in its folder testing/ is for tests: .cpp files there make a library of their own,
# which the module's test program links, and those of the modules above it. A program is a folder of
# apps/.

if(CAIRN_TESTS)
    find_package(GTest REQUIRED)
    include(GoogleTest)
endif()
if(CAIRN_TESTS OR CAIRN_FUZZ)
    include(cmake/precompiled.cmake)
endif()
include(cmake/gathered.cmake)

# cairn_precompiled(TARGET library|tests): nothing in a build without tests and fuzz targets.
function(cairn_precompiled target use)
    if(TARGET cairn_precompiled_${use})
        target_precompile_headers(${target} REUSE_FROM cairn_precompiled_${use})
    endif()
endfunction()

# cairn_stand_on_testing(TARGET PUBLIC|PRIVATE MODULE...): links what is in testing/ of each of them.
function(cairn_stand_on_testing target scope)
    foreach(module IN LISTS ARGN)
        if(TARGET ${module}_testing)
            target_link_libraries(${target} ${scope} ${module}_testing)
        endif()
    endforeach()
endfunction()

# cairn_module(NAME [MODULES m...] [LIBRARIES l...])
function(cairn_module name)
    cmake_parse_arguments(arg "" "" "MODULES;LIBRARIES" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
    set(tests ${sources})
    set(for_tests ${sources})
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$|/testing/")
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(FILTER for_tests INCLUDE REGEX "/testing/")
    list(TRANSFORM arg_MODULES PREPEND "cairn_" OUTPUT_VARIABLE modules)

    if(NOT sources)
        add_library(cairn_${name} INTERFACE)
        return()
    endif()
    add_library(cairn_${name} STATIC ${sources})
    target_include_directories(cairn_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/src>)
    target_link_libraries(cairn_${name} PUBLIC ${modules} ${arg_LIBRARIES}
        PRIVATE $<BUILD_INTERFACE:cairn_flags>)
    if(CAIRN_SANITIZE)
        target_link_options(cairn_${name} PUBLIC -fsanitize=${CAIRN_SANITIZE})
    endif()
    cairn_precompiled(cairn_${name} library)
    cairn_gathered(cairn_${name})

    if(CAIRN_TESTS AND for_tests)
        add_library(cairn_${name}_testing STATIC ${for_tests})
        target_link_libraries(cairn_${name}_testing PUBLIC cairn_${name} GTest::gmock
            PRIVATE cairn_test_flags)
        cairn_stand_on_testing(cairn_${name}_testing PUBLIC ${modules})
        cairn_precompiled(cairn_${name}_testing tests)
        cairn_gathered(cairn_${name}_testing)
    endif()
    if(CAIRN_TESTS AND tests)
        add_executable(${name}_test ${tests})
        cairn_precompiled(${name}_test tests)
        cairn_gathered(${name}_test)
        cairn_stand_on_testing(${name}_test PRIVATE ${modules} cairn_${name})
        target_link_libraries(${name}_test PRIVATE cairn_${name} cairn_test_flags GTest::gmock GTest::gtest_main)
        add_test(NAME ${name} COMMAND ${name}_test)
    endif()
endfunction()

# cairn_shared_part(NAME [MODULES m...] [LIBRARIES l...])
# apps/NAME: a part that several programs share.
function(cairn_shared_part name)
    cmake_parse_arguments(arg "" "" "MODULES;LIBRARIES" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/apps/${name}/*.cpp)
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(TRANSFORM arg_MODULES PREPEND "cairn_" OUTPUT_VARIABLE modules)
    add_library(cairn_${name} STATIC ${sources})
    cairn_gathered(cairn_${name})
    target_include_directories(cairn_${name} PUBLIC $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>)
    target_link_libraries(cairn_${name} PUBLIC ${modules} ${arg_LIBRARIES}
        PRIVATE $<BUILD_INTERFACE:cairn_flags>)
    if(CAIRN_TESTS AND tests)
        add_executable(${name}_test ${tests})
        cairn_precompiled(${name}_test tests)
        cairn_gathered(${name}_test)
        cairn_stand_on_testing(${name}_test PRIVATE ${modules})
        target_link_libraries(${name}_test PRIVATE cairn_${name} cairn_test_flags GTest::gmock
            GTest::gtest_main)
        add_test(NAME ${name} COMMAND ${name}_test)
    endif()
endfunction()

# cairn_program(NAME FOLDER [MODULES m...] [LIBRARIES l...] [PARTS p...])
# All but main.cpp are NAME_parts, which the tests of the program stand on too. PARTS: those of
# another program, which this one has in itself.
function(cairn_program name folder)
    cmake_parse_arguments(arg "" "" "MODULES;LIBRARIES;PARTS" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.cpp)
    set(tests ${sources})
    list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(TRANSFORM arg_MODULES PREPEND "cairn_" OUTPUT_VARIABLE modules)
    add_library(${name}_parts OBJECT ${sources})
    target_include_directories(${name}_parts PUBLIC ${CMAKE_SOURCE_DIR})
    target_compile_definitions(${name}_parts PUBLIC CAIRN_VERSION="${PROJECT_VERSION}")
    target_link_libraries(${name}_parts PUBLIC ${modules} ${arg_LIBRARIES} ${arg_PARTS}
        PRIVATE cairn_flags)
    cairn_precompiled(${name}_parts library)
    cairn_gathered(${name}_parts)
    add_executable(${name} ${folder}/main.cpp)
    set_property(GLOBAL APPEND PROPERTY CAIRN_PROGRAMS ${name})
    target_link_libraries(${name} PRIVATE ${name}_parts ${arg_PARTS} cairn_flags)
    if(NOT CAIRN_SANITIZE)
        # First, for the loader looks for each symbol in one library after the other, and most are in
        # these: a fifth of its work at each start. A sanitizer's own library has to be the first.
        target_link_options(${name} PRIVATE
            LINKER:--push-state,--no-as-needed -lstdc++ -lcrypto LINKER:--pop-state)
    endif()
    if(CAIRN_TESTS AND tests)
        add_executable(${name}_test ${tests})
        cairn_precompiled(${name}_test tests)
        cairn_gathered(${name}_test)
        cairn_stand_on_testing(${name}_test PRIVATE ${modules})
        target_link_libraries(${name}_test PRIVATE ${name}_parts ${arg_PARTS} cairn_test_flags
            GTest::gmock GTest::gtest_main)
        add_test(NAME ${name} COMMAND ${name}_test)
    endif()
endfunction()
