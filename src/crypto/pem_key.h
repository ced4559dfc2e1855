#pragma once

#include <string_view>

#include "base/result.h"
#include "crypto/key.h"

namespace cairn::crypto {

/// Reads one PEM block "PUBLIC KEY" (RFC 7468 section 13).
[[nodiscard]] base::Result<PublicKey> public_key_from_pem(std::string_view pem);

}  // namespace cairn::crypto
