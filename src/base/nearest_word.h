#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::base {

/// The word of `known` that `word` was probably meant to be: the one that needs the fewest letters
/// inserted, left out, replaced or swapped with their neighbour. None if that is more than a third
/// of the letters, or if `word` is unreasonably long.
[[nodiscard]] std::optional<std::string> nearest_word(std::string_view word,
                                                      const std::vector<std::string>& known);

}  // namespace cairn::base
