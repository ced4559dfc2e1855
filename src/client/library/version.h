#pragma once

#include <string_view>

namespace cairn::client {

/// The version of this library: "0.1.0".
[[nodiscard]] std::string_view library_version();

}  // namespace cairn::client
