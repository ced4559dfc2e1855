#pragma once

#include <memory>
#include <string_view>

#include "crypto/key.h"

namespace cairn::net {

/// The TLS side of a server: TLS 1.2 or later, its certificate replaceable while it serves.
/// Thread-safe.
class TlsIdentity {
  public:
    TlsIdentity();
    ~TlsIdentity();
    /// New handshakes use this chain (PEM, leaf first) and key from now on.
    /// Throws std::runtime_error if they do not belong together.
    void replace(std::string_view chain_pem, const crypto::PrivateKey& key);
    struct State;
    [[nodiscard]] std::shared_ptr<State> state() const { return state_; }

  private:
    std::shared_ptr<State> state_;
};

}  // namespace cairn::net
