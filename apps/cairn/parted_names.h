#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cairn {

/// The parts of "NAME[=SOLVER][,NAME...]", as -d takes it. A comma in a solver has a backslash
/// before it, which goes; between quotes it needs none, where the solver is a command line
/// (exec:PROGRAM), since these stay for that. Empty parts stay, to be refused as names.
[[nodiscard]] std::vector<std::string> parted_names(std::string_view text);
/// A solver as it is to stand in such a text: with a backslash before each comma.
[[nodiscard]] std::string with_escaped_commas(std::string_view solver);

}  // namespace cairn
