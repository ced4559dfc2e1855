#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "net/tls_identity.h"
#include "pki/certificate.h"
#include "va/enrolment_message.h"

namespace cairn::apps {

/// Who this perspective is, and to whom it speaks: its key, the certificate that its CA gave it,
/// and the authority below which the CA's own certificate stands. All that a perspective keeps, in
/// `identity.pem` (0600); before it is enrolled also the digest of its code's secret, in
/// `enrolment`. Thread-safe.
class PerspectiveIdentity {
  public:
    /// Makes both files in `folder`, for a new perspective, and the code for its CA. Throws
    /// std::runtime_error naming the file and the reason.
    [[nodiscard]] static va::EnrolmentCode make(const std::filesystem::path& folder,
                                                crypto::Random& random);
    /// Forgets the CA, keeps nothing of the former key, and makes another code.
    [[nodiscard]] static va::EnrolmentCode make_again(const std::filesystem::path& folder,
                                                      crypto::Random& random);

    /// Reads the files, and has `tls` show what is in them. `ca_url`: whose client it lets in.
    /// Throws std::runtime_error naming the file and the reason.
    PerspectiveIdentity(std::filesystem::path folder, std::string ca_url, const base::Clock& clock,
                        crypto::Random& random, std::shared_ptr<net::TlsIdentity> tls);

    [[nodiscard]] bool is_enrolled() const;
    /// Whether this (base64url) is the secret of the code; never once it is enrolled.
    [[nodiscard]] bool is_secret(std::string_view text) const;
    /// A request for a certificate (PKCS#10, DER), by a key that is made for it. The last one made
    /// is the one that counts.
    [[nodiscard]] base::Bytes request();
    /// Takes the certificate that answers the request, writes it down, and shows it from now on.
    /// Throws std::runtime_error, saying why, if it is not for the request's key, or not by that
    /// authority; and if it cannot be written.
    void take(const va::IdentityGrant& grant);
    /// When the certificate ends; the present if there is none.
    [[nodiscard]] base::Time certificate_ends() const;

  private:
    struct Certified {
        pki::Certificate certificate, authority;
    };
    void show() const;
    [[nodiscard]] net::ClientDemand demand() const;

    const std::filesystem::path folder_;
    const std::string ca_url_;
    const base::Clock& clock_;
    crypto::Random& random_;
    const std::shared_ptr<net::TlsIdentity> tls_;
    mutable std::mutex mutex_;
    crypto::PrivateKey key_;
    std::optional<Certified> certified_;
    std::optional<base::Bytes> secret_digest_;
    std::optional<crypto::PrivateKey> requested_;
};

}  // namespace cairn::apps
