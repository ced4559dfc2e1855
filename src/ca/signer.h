#pragma once

#include <span>

#include "base/task.h"
#include "ca/order_rules.h"
#include "pki/chain.h"

namespace cairn::ca {

/// The port to whatever holds the issuer's key. Thread-safe.
class Signer {
  public:
    virtual ~Signer() = default;
    /// The issuer's certificate first, then those above it, without the root.
    [[nodiscard]] virtual std::span<const pki::Certificate> chain() const = 0;
    /// Signs what `proof` proves and nothing else. Throws std::runtime_error if the key cannot
    /// sign.
    [[nodiscard]] virtual base::Task<pki::Certificate> sign(IssuanceProof proof) = 0;
};

}  // namespace cairn::ca
