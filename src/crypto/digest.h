#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace cairn::crypto {

using Sha256Digest = std::array<std::uint8_t, 32>;

/// SHA-256 of `data`.
[[nodiscard]] Sha256Digest sha256(base::BytesView data);
/// HMAC with SHA-256; any key length.
[[nodiscard]] Sha256Digest hmac_sha256(base::BytesView key, base::BytesView data);
/// Compares in time that depends on the lengths alone.
[[nodiscard]] bool equal_in_constant_time(base::BytesView left, base::BytesView right);

}  // namespace cairn::crypto
