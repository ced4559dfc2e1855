#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "ca/rules/policy_kind.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "pki/certificate.h"
#include "pki/certificate_builder.h"

namespace cairn::apps {

/// An issuer's certificate and its key, as they are made and written.
struct Intermediate {
    crypto::PrivateKey key;
    pki::Certificate certificate;

    /// A new key of `type`, certified for five years by `root`: for TLS servers alone in a public
    /// CA (Chrome Root Program 1.8), else for their clients, too.
    [[nodiscard]] static Intermediate make(const std::string& common_name,
                                           const std::string& organization, crypto::KeyType type,
                                           const pki::Certificate& root,
                                           const crypto::PrivateKey& root_key, ca::PolicyKind kind,
                                           base::Time now, crypto::Random& random);
    /// Writes `folder`/NAME.pem and, with mode 0600, `folder`/NAME-key.pem. Throws
    /// std::runtime_error if one of them cannot be written.
    void write(const std::filesystem::path& folder, const std::string& name) const;
};

/// Makes another issuer for the CA in `folder`: pki/NAME.pem and pki/NAME-key.pem, signed by the
/// root whose key must be in pki/root-key.pem, for what a CA of this kind certifies. What is there
/// is never replaced. Throws std::runtime_error saying what is wrong.
[[nodiscard]] Intermediate create_issuer(const std::filesystem::path& folder,
                                         const std::string& name, crypto::KeyType type,
                                         ca::PolicyKind kind, const base::Clock& clock,
                                         crypto::Random& random);

/// The validity of a certificate made now for `life`: it begins an hour early, for clocks that are
/// slow.
[[nodiscard]] pki::Validity validity_from(base::Time now, std::chrono::days life);

/// Writes a private key in PEM with mode 0600.
void write_key(const std::filesystem::path& path, const crypto::PrivateKey& key);

}  // namespace cairn::apps
