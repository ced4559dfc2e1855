# cairn_embedded_recipes(TARGET FOLDER)
# The files FOLDER/*.toml and their schema beside it, as text within TARGET: the functions that
# shipped_recipe.h and recipe_schema.h of src/client/dns declare.
function(cairn_embedded_recipes target folder)
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.toml)
    set(rows "")
    foreach(file IN LISTS files)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        file(READ ${file} text)
        get_filename_component(name ${file} NAME_WE)
        string(APPEND rows "        ShippedRecipe{\"${name}\", R\"recipe(${text})recipe\"},\n")
    endforeach()
    set(schema_file ${CMAKE_SOURCE_DIR}/${folder}/../recipe.schema.json)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${schema_file})
    file(READ ${schema_file} schema)
    set(generated ${CMAKE_BINARY_DIR}/generated/shipped_recipe.cpp)
    file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT [[
#include "client/dns/shipped_recipe.h"

#include <array>

#include "client/dns/recipe_schema.h"

namespace cairn::client {

std::span<const ShippedRecipe> shipped_recipe_texts() {
    static constexpr std::array all = {
@rows@    };
    return all;
}

std::string_view recipe_schema_text() {
    return R"schema(@schema@)schema";
}

}  // namespace cairn::client
]])
    target_sources(${target} PRIVATE ${generated})
endfunction()

# cairn_embedded_target_recipes(TARGET FOLDER)
# The files FOLDER/*.toml as text within TARGET: the function that target_recipe.h of
# src/client/deploy declares.
function(cairn_embedded_target_recipes target folder)
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${folder}/*.toml)
    set(rows "")
    foreach(file IN LISTS files)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        file(READ ${file} text)
        get_filename_component(name ${file} NAME_WE)
        string(APPEND rows "        ShippedTargetRecipe{\"${name}\", R\"recipe(${text})recipe\"},\n")
    endforeach()
    set(generated ${CMAKE_BINARY_DIR}/generated/shipped_target_recipe.cpp)
    file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT [[
#include <array>

#include "client/deploy/target_recipe.h"

namespace cairn::client {

std::span<const ShippedTargetRecipe> shipped_target_recipes() {
    static constexpr std::array all = {
@rows@    };
    return all;
}

}  // namespace cairn::client
]])
    target_sources(${target} PRIVATE ${generated})
endfunction()
