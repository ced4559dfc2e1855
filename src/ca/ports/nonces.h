#pragma once

#include <string>

namespace cairn::ca {

/// Makes anti-replay nonces (RFC 8555 section 6.5); `RequestChecks` takes them back. Thread-safe.
class Nonces {
  public:
    virtual ~Nonces() = default;

    /// A nonce in base64url, never the same twice.
    [[nodiscard]] virtual std::string issue() = 0;
};

}  // namespace cairn::ca
