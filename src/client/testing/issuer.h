#pragma once
// For the tests of client.

#include <chrono>
#include <string>

#include "crypto/key.h"
#include "crypto/random.h"
#include "pki/certificate_builder.h"
#include "pki/chain.h"

namespace cairn::client::testing {

/// A root that issues what a test asks for.
class Issuer {
  public:
    explicit Issuer(const std::string& name = "Test Root")
        : root_(pki::make_root_certificate(
              {.serial = pki::SerialNumber::random(random_),
               .validity = {base::Time(), base::Time() + std::chrono::days(36500)},
               .common_name = name,
               .organization = "Tests",
               .path_length = std::nullopt},
              key_)) {}

    [[nodiscard]] const pki::Certificate& root() const { return root_; }
    /// The chain for a TLS server, the root included so that alternates can be told apart.
    [[nodiscard]] pki::Chain issue(const crypto::PublicKey& key, const pki::SubjectNames& names,
                                   const pki::Validity& validity) {
        return {pki::make_server_certificate({.serial = pki::SerialNumber::random(random_),
                                              .validity = validity,
                                              .public_key = key,
                                              .names = names,
                                              .common_name = std::nullopt,
                                              .issuer_url = {}},
                                             root_, key_),
                root_};
    }
    /// The same, valid now and for 90 days.
    [[nodiscard]] pki::Chain issue(const crypto::PublicKey& key, const pki::SubjectNames& names) {
        const auto now = base::SystemClock().now();
        return issue(key, names, {now - std::chrono::hours(1), now + std::chrono::days(90)});
    }

  private:
    crypto::SystemRandom random_;
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    pki::Certificate root_;
};

/// The names of a certificate for these domain names.
inline pki::SubjectNames names(std::vector<std::string> dns_names) {
    pki::SubjectNames result;
    result.dns_names = std::move(dns_names);
    return result;
}

}  // namespace cairn::client::testing
