#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::crypto {

/// base64 with padding, on one line (RFC 4648 section 4).
[[nodiscard]] std::string base64(base::BytesView bytes);
/// The reverse. White space is skipped and padding may be missing, since people paste keys; refuses
/// other characters.
[[nodiscard]] base::Result<base::Bytes> from_base64(std::string_view text);

}  // namespace cairn::crypto
