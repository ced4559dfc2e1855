#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "ca/facts/name_list.h"
#include "ca/rules/policy_kind.h"
#include "ca/rules/public_suffixes.h"
#include "crypto/key.h"
#include "protocol/identifier.h"

namespace cairn::ca {

/// Which names this CA issues for, before any proof of control. Pure: the answer depends only on
/// the identifier and the operator's settings.
class NamePolicy {
  public:
    struct Choices {
        /// Every name that exists only inside a network: single labels, localhost, .local, and all
        /// top-level names that nobody has in the public DNS. Not for a public CA.
        bool internal_names = false;
        /// Addresses outside public address space that certificates may name. Not for a public CA.
        std::vector<base::IpNetwork> networks{};
        /// Suffixes outside of the public DNS ("internal", "corp.example") below which a private CA
        /// issues; lower-case A-labels.
        std::set<std::string, std::less<>> private_suffixes = usual_private_suffixes();
        PolicyKind kind = PolicyKind::private_ca;
        /// The top-level domains of the public DNS. Empty: those of the public suffix list, which
        /// takes over IANA's as they come.
        std::set<std::string, std::less<>> top_level_domains{};
        /// What the operator allows and denies beyond this.
        NameRules names{};
    };
    explicit NamePolicy(Choices choices);

    /// Why no certificate for `identifier` may be issued, or nothing: reserved and reverse-zone
    /// names, names outside the DNS (.onion, .alt), public suffixes and wildcards directly above
    /// one (BR 3.2.2.6, 4.2.2), names of one or more than ten labels, names outside the public DNS
    /// and addresses of special purpose that the choices do not allow.
    [[nodiscard]] std::optional<std::string> refusal(const protocol::Identifier& identifier) const;

    /// Where networks have their own names by convention: .internal (ICANN), home.arpa (RFC 8375),
    /// those of RFC 6762 appendix G, and what tests and examples use (RFC 6761: .test, .example).
    /// Not .local, which mDNS answers for.
    [[nodiscard]] static std::set<std::string, std::less<>> usual_private_suffixes();

  private:
    [[nodiscard]] std::optional<std::string> address_refusal(const base::IpAddress& address) const;
    [[nodiscard]] std::optional<std::string> name_refusal(
        const protocol::Identifier& identifier) const;
    [[nodiscard]] std::optional<std::string> private_name_refusal(
        const protocol::Identifier& identifier) const;
    /// Whether the public DNS cannot have the name.
    [[nodiscard]] bool is_private(const protocol::DnsName& name) const;

    Choices choices_;
    PublicSuffixes suffixes_;
};

/// Why `key` may not sign ACME requests, or nothing: what `key_weakness` finds.
[[nodiscard]] std::optional<std::string> account_key_refusal(const crypto::PublicKey& key);
/// Why no certificate may hold `key`, or nothing: what `key_weakness` finds. Which kinds of keys
/// are certified is said by the profile.
[[nodiscard]] std::optional<std::string> certificate_key_refusal(const crypto::PublicKey& key);

}  // namespace cairn::ca
