#pragma once

#include <filesystem>

namespace cairn::base::testing {

/// The checkout that a test was compiled from, for the files that it reads. In a file of its own,
/// since what knows its place is compiled anew in each checkout.
[[nodiscard]] std::filesystem::path source_tree();

}  // namespace cairn::base::testing
