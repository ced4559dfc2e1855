#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::client::apache {

/// Decides <IfVersion WORDS>, as mod_version does: an operator (=, ==, >, >=, <, <=, ~, each with !
/// before it) and a version, or a version alone; a version as /regex/ for = and ~.
[[nodiscard]] bool holds_for_version(const std::vector<std::string>& words,
                                     const std::vector<unsigned long>& version);

/// The names by which <IfModule> knows what `LoadModule identifier file` loads: the identifier, and
/// the source file as far as it follows from the two.
[[nodiscard]] std::vector<std::string> module_names(std::string_view identifier,
                                                    std::string_view file);

}  // namespace cairn::client::apache
