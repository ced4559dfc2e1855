#pragma once
// Private to LineageFacts: the lines behind the object of its file (ADR 118).

#include <string_view>

#include "base/result.h"
#include "client/lineage_facts.h"

namespace cairn::client {

/// The text of a file of facts.
struct Parted {
    std::string_view whole;  ///< the object
    std::string_view lines;  ///< what is behind it
};
[[nodiscard]] Parted parted(std::string_view text);

/// Lets `facts`, of the object, say what the lines behind it do. A last line without its end says
/// nothing; the error says what is wrong with another one.
[[nodiscard]] base::Result<void> take_lines(std::string_view lines, LineageFacts& facts);

}  // namespace cairn::client
