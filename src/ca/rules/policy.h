#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "crypto/key.h"
#include "protocol/identifier.h"
#include "protocol/key_authorization.h"

namespace cairn::ca {

/// Which names this CA issues for, before any proof of control. Pure: the answer depends only on
/// the identifier and the operator's settings.
class NamePolicy {
  public:
    struct Choices {
        /// Names that exist only inside a network: single labels, localhost, .local, .internal, ...
        bool internal_names = false;
        /// Addresses outside public address space that certificates may name.
        std::vector<base::IpNetwork> networks;
    };
    explicit NamePolicy(Choices choices);
    ~NamePolicy();
    NamePolicy(NamePolicy&&) noexcept;

    /// Why no certificate for `identifier` may be issued, or nothing: reserved and reverse-zone
    /// names, names outside the DNS (.onion, .alt), public suffixes and wildcards directly above
    /// one (BR 3.2.2.6, 4.2.2), names of one or more than ten labels, addresses of special purpose.
    [[nodiscard]] std::optional<std::string> refusal(const protocol::Identifier& identifier) const;

  private:
    struct PublicSuffixes;
    Choices choices_;
    std::unique_ptr<PublicSuffixes> suffixes_;
};

/// Why `key` may not sign ACME requests, or nothing: what `key_weakness` finds.
[[nodiscard]] std::optional<std::string> account_key_refusal(const crypto::PublicKey& key);
/// Why no certificate may hold `key`, or nothing: what `key_weakness` finds, and kinds other than
/// RSA, P-256, P-384 and P-521 (BR 6.1.5).
[[nodiscard]] std::optional<std::string> certificate_key_refusal(const crypto::PublicKey& key);

}  // namespace cairn::ca
