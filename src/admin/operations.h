#pragma once
// Private to admin and the programs: the table of all operations.

#include <span>
#include <string_view>

#include "admin/operation.h"

namespace cairn::admin {

/// All operations, those of one noun side by side.
[[nodiscard]] std::span<const Operation> operations();

/// Null if there is none of that name.
[[nodiscard]] const Operation* find_operation(std::string_view noun, std::string_view verb);

/// What a noun's operations are about, for help.
[[nodiscard]] std::string_view summary_of_noun(std::string_view noun);

}  // namespace cairn::admin
