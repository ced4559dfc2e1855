#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "crypto/key.h"
#include "pki/certificate.h"
#include "protocol/challenge_type.h"
#include "protocol/key_authorization.h"

namespace cairn::bench {

/// One challenge with the answer to it.
struct ChallengeAnswer {
    protocol::ChallengeType type;
    std::string name;
    protocol::Token token;
    std::string key_authorization;
};

/// What the responders answer with at this moment. Thread-safe.
class ChallengeBoard {
  public:
    void put(const ChallengeAnswer& answer);
    void remove(const ChallengeAnswer& answer);

    /// The key authorization for http-01, or empty.
    [[nodiscard]] std::string key_authorization(const std::string& token) const;
    /// The TXT records at this name, in lower case: those of "_acme-challenge." and the names.
    [[nodiscard]] std::vector<std::string> texts(const std::string& owner) const;
    /// The certificate for tls-alpn-01, with `certificate_key`.
    [[nodiscard]] std::optional<pki::Certificate> certificate(const std::string& name) const;
    [[nodiscard]] const crypto::PrivateKey& certificate_key() const { return certificate_key_; }

  private:
    const crypto::PrivateKey certificate_key_ =
        crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::string> key_authorizations_;
    std::unordered_multimap<std::string, std::string> texts_;
    std::unordered_map<std::string, pki::Certificate> certificates_;
};

}  // namespace cairn::bench
