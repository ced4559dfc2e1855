#pragma once

#include <string_view>

#include "base/result.h"
#include "dns/tsig.h"

namespace cairn::dns {

/// Reads the file of one key as tsig-keygen writes it and BIND and nsupdate read it:
/// `key "NAME" { algorithm hmac-sha256; secret "BASE64"; };`, with comments as in C, C++ and
/// shells. The error never holds a part of the secret.
[[nodiscard]] base::Result<TsigKey> tsig_key_from_file(std::string_view text);

}  // namespace cairn::dns
