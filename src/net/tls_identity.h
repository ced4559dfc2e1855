#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/key.h"

namespace cairn::net {

/// Which clients a server speaks to: those with a certificate for TLS clients below one authority.
struct ClientDemand {
    /// PEM of the authority's certificate.
    std::string authority_pem;
    /// Whether a client with this certificate (DER), whose chain is good, is meant. Called in the
    /// handshake, from any thread.
    std::function<bool(base::BytesView certificate)> accepts;
};

/// The TLS side of a server: TLS 1.2 or later, its certificate replaceable while it serves.
/// Thread-safe.
class TlsIdentity {
  public:
    TlsIdentity();
    ~TlsIdentity();
    /// New handshakes use this chain (PEM, leaf first) and key from now on.
    /// Throws std::runtime_error if they do not belong together.
    void replace(std::string_view chain_pem, const crypto::PrivateKey& key);
    /// The same; who does not meet the demand does not get through the handshake.
    void replace(std::string_view chain_pem, const crypto::PrivateKey& key, ClientDemand clients);
    struct State;
    [[nodiscard]] std::shared_ptr<State> state() const { return state_; }

  private:
    std::shared_ptr<State> state_;
};

}  // namespace cairn::net
