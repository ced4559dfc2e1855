#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::crypto {

/// A PEM block with this label (RFC 7468): lines of 64 letters.
[[nodiscard]] std::string to_pem(std::string_view label, base::BytesView octets);
/// The octets of the first block with this label; what stands around it is ignored.
[[nodiscard]] base::Result<base::Bytes> from_pem(std::string_view pem, std::string_view label);

}  // namespace cairn::crypto
