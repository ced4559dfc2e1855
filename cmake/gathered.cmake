# Files are compiled many at a time where that is asked for (CAIRN_GATHER): what they include and
# instantiate alike costs once, which is most of the time of a build from nothing (ADR 107). Gathered are
# files of one folder whose helpers have different names (gather.py). The library for other programs is
# compiled file by file, where a missing #include is found.

if(CAIRN_GATHER)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
endif()

# cairn_gathered(TARGET): the files that the target has by now.
function(cairn_gathered target)
    if(NOT CAIRN_GATHER)
        return()
    endif()
    get_target_property(files ${target} SOURCES)
    list(FILTER files INCLUDE REGEX "\\.cpp$")
    execute_process(COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/cmake/gather.py ${CAIRN_GATHER} ${files}
        WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
        OUTPUT_VARIABLE groups COMMAND_ERROR_IS_FATAL ANY OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(REPLACE "\n" ";" groups "${groups}")
    while(groups)
        list(POP_FRONT groups file group)
        set_property(SOURCE ${file} PROPERTY UNITY_GROUP ${group})
    endwhile()
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
