#pragma once

#include <string_view>

namespace cairn::client {

/// The JSON Schema of recipes, as the build has put it in: recipe.schema.json.
[[nodiscard]] std::string_view recipe_schema_text();

}  // namespace cairn::client
