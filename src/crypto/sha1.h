#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace cairn::crypto {

using Sha1Digest = std::array<std::uint8_t, 20>;

/// SHA-1 of `data`, for protocols that name something by it. It resists no attack: nothing that is
/// to be trusted may depend on it.
[[nodiscard]] Sha1Digest sha1(base::BytesView data);

}  // namespace cairn::crypto
