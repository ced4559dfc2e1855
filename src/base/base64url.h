#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::base {

/// base64url without padding (RFC 4648 section 5, as RFC 8555 section 6.1 wants it).
[[nodiscard]] std::string base64url(BytesView bytes);

/// The strict reverse of `base64url`: refuses padding, the characters + and /, white space, a
/// length of 1 modulo 4, and trailing bits that are not zero, so each value has one spelling.
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);

/// True if every character of `text` is of the base64url alphabet (RFC 4648 section 5).
[[nodiscard]] bool is_base64url(std::string_view text);

}  // namespace cairn::base
