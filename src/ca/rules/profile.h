#pragma once

#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "ca/facts/name_list.h"
#include "crypto/key.h"
#include "pki/certificate_profile.h"
#include "protocol/identifier.h"

namespace cairn::ca {

/// What kind of certificate an order gets and how long its steps may take: the profile of
/// draft-ietf-acme-profiles, configured by the operator.
struct Profile {
    std::string name;
    /// Text or URL for people, shown in the directory.
    std::string description;
    /// notAfter - notBefore + 1 s of what is issued.
    base::Seconds validity{std::chrono::days(90)};
    /// How far before the moment of issuance the validity begins, for clients whose clock is slow;
    /// a part of `validity`.
    base::Seconds backdate = usual_backdate(validity);
    std::size_t max_names = 100;
    /// Kinds of names that an order may have; never empty.
    std::set<protocol::IdentifierType> identifier_types{protocol::IdentifierType::dns,
                                                        protocol::IdentifierType::ip};
    /// Which names, beyond what the CA's policy says, are for this profile.
    NameRules names{};
    /// Kinds of keys that are certified; empty: every one that the Baseline Requirements allow,
    /// which is all but Ed25519 (BR 6.1.5).
    std::set<crypto::KeyAlgorithm> key_algorithms{};
    /// What stands in every certificate, whatever its names and key.
    pki::CertificateProfile certificate{};
    base::Seconds order_lifetime{std::chrono::days(7)};
    base::Seconds pending_lifetime{std::chrono::days(7)};
    /// How long a proof of control may be used again.
    base::Seconds reuse_lifetime{std::chrono::days(10)};
    /// Whether the schedule of the Baseline Requirements limits `validity`.
    bool baseline_requirements = true;
    /// Whether the operator's word may stand for a validation (Authorization::vouched_by); never in
    /// a public CA (BR 3.2.2.4).
    bool operators_word = false;

    /// Whether keys of this kind are certified.
    [[nodiscard]] bool certifies(crypto::KeyAlgorithm key) const {
        return key_algorithms.empty() ? key != crypto::KeyAlgorithm::ed25519
                                      : key_algorithms.contains(key);
    }
    /// The longest validity of a certificate issued at `when`.
    [[nodiscard]] base::Seconds longest_life(base::Time when) const;

    /// An hour or a tenth of `validity`, whichever is less. A client renews after a share of the
    /// validity, so only a small part may be past when the certificate is issued.
    [[nodiscard]] static base::Seconds usual_backdate(base::Seconds validity);
    /// At most a third of the validity may be past when a certificate is issued. Otherwise clients
    /// that renew after two thirds would renew all the time.
    [[nodiscard]] static base::Seconds longest_backdate(base::Seconds validity);
};

/// The longest validity that the Baseline Requirements (6.3.2) allow a certificate issued at
/// `when`: 200 days, 100 from 2027-03-15, 47 from 2029-03-15.
[[nodiscard]] base::Seconds longest_validity(base::Time when);

/// The profiles of a CA, never empty.
class Profiles {
  public:
    /// Fails without a profile, or if `default_name` is none of them.
    [[nodiscard]] static base::Result<Profiles> of(std::map<std::string, Profile> profiles,
                                                   std::string default_name);
    /// The profile with this name; the default one for an empty name; null for an unknown one.
    [[nodiscard]] const Profile* find(const std::string& name) const;
    [[nodiscard]] const std::map<std::string, Profile>& all() const { return profiles_; }

  private:
    std::map<std::string, Profile> profiles_;
    std::string default_name_;
};

}  // namespace cairn::ca
