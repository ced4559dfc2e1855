#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/key.h"

namespace cairn::net {

/// Why OpenSSL would refuse a server this chain (PEM, leaf first) and key, as it does where the
/// security level of `ciphers` ("DEFAULT@SECLEVEL=3") asks for larger keys or better signatures;
/// nothing if it takes them. An empty or unknown list of ciphers is that of OpenSSL itself.
[[nodiscard]] std::optional<std::string> refusal_of_identity(std::string_view chain_pem,
                                                             const crypto::PrivateKey& key,
                                                             const std::string& ciphers);

}  // namespace cairn::net
