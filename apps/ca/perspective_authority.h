#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "ca/ports/audit.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "http/exchange.h"
#include "pki/certificate.h"

namespace cairn::apps {

/// Who certifies a CA and its remote perspectives for each other, and nobody else: a key and a
/// self-signed certificate in the CA's folder, `perspectives/authority-key.pem` (0600) and
/// `perspectives/authority.pem`. Nothing that it signs is of any use to a subscriber. The nodes of
/// one CA have the same files. Thread-safe.
class PerspectiveAuthority {
  public:
    /// Reads the files, and makes them if neither is there. `audit` is told of the key and of each
    /// signature, and outlives it. Throws std::runtime_error naming the file and the reason.
    PerspectiveAuthority(const std::filesystem::path& folder, const base::Clock& clock,
                         crypto::Random& random, ca::Audit& audit);

    /// How long the CA shows one certificate, and how long one of a perspective is valid.
    static constexpr base::Seconds client_life = std::chrono::days(7);
    static constexpr base::Seconds perspective_life = std::chrono::days(90);

    /// A new key and certificate by which the CA of this public URL shows itself to perspectives.
    [[nodiscard]] http::ClientIdentity identify_ca(const std::string& ca_url) const;
    /// The certificate of the perspective with this key, which is reached at `host`, a name or an
    /// address. Throws std::runtime_error if that can stand in no certificate.
    [[nodiscard]] pki::Certificate certify(const crypto::PublicKey& key,
                                           const std::string& host) const;
    [[nodiscard]] const pki::Certificate& certificate() const { return certificate_; }
    /// PEM of the authority's certificate, to verify perspectives by.
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  private:
    PerspectiveAuthority(const std::filesystem::path& folder, const base::Clock& clock,
                         crypto::Random& random, ca::Audit& audit, crypto::PrivateKey key);
    /// The certificate, once the audit log is told of it.
    [[nodiscard]] pki::Certificate told(pki::Certificate certificate) const;

    const base::Clock& clock_;
    crypto::Random& random_;
    ca::Audit& audit_;
    std::filesystem::path file_;
    crypto::PrivateKey key_;
    pki::Certificate certificate_;
};

}  // namespace cairn::apps
