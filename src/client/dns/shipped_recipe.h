#pragma once
// Private to client: the recipes that come with the program, as the build has put them in.

#include <span>
#include <string_view>

namespace cairn::client {

/// One file of recipes/.
struct ShippedRecipe {
    std::string_view name;  ///< without .toml
    std::string_view text;
};

/// All of them, in the order of their names.
[[nodiscard]] std::span<const ShippedRecipe> shipped_recipe_texts();

}  // namespace cairn::client
