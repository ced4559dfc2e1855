#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ca/facts/authorization.h"
#include "ca/facts/order.h"
#include "ca/rules/policy.h"
#include "ca/rules/profile.h"
#include "pki/certificate_builder.h"
#include "pki/csr.h"
#include "protocol/challenge_type.h"
#include "protocol/order.h"
#include "protocol/problem.h"

// What the CA allows and demands of an order: pure functions over values. Mechanism asks here and
// never decides by itself.
namespace cairn::ca {

/// The ways in which control of `identifier` may be proved: wildcards by dns-01 alone (RFC 8555
/// section 8.3, BR 3.2.2.4.19 and .20), addresses by all but dns-01 (RFC 8738 section 7).
[[nodiscard]] std::vector<protocol::ChallengeType> challenges_for(
    const protocol::Identifier& identifier);

/// Judges a request for an order under `profile`: the number of names, each name by `policy` with a
/// subproblem for each refused one, and the validity asked for.
[[nodiscard]] std::optional<protocol::Problem> order_refusal(
    const protocol::NewOrderRequest& request, const Profile& profile, const NamePolicy& policy,
    base::Time now);

/// Why an order with this validity asked for cannot be met now: notBefore more than 48 hours away
/// (BR 7.1.2.7), an end that is past or before the beginning, a span beyond the profile's. Asked
/// when the order is placed and again when it is finalized.
[[nodiscard]] std::optional<protocol::Problem> validity_refusal(
    std::optional<base::Time> not_before, std::optional<base::Time> not_after,
    const Profile& profile, base::Time now);

/// Why a certificate with the validity of `intent` may not be signed at `now` by an issuer that
/// ends at `issuer_not_after`, or nothing. An intent from before a long outage may be too old.
[[nodiscard]] std::optional<protocol::Problem> intent_refusal(const IssuanceIntent& intent,
                                                              base::Time issuer_not_after,
                                                              base::Time now);

/// Everything that is wrong with `csr` for `order`: its names are not exactly the order's (compared
/// without case and duplicates), its common name is none of them, its key may not be certified, it
/// asks for must-staple. Empty: nothing is.
[[nodiscard]] std::vector<std::string> csr_findings(const pki::Csr& csr, const Order& order);

/// The validity of a certificate issued at `now`: `life` in all, of which `backdate` is past, and
/// no longer than to `end`. Of one that is cut short there no more than a tenth is past, whatever
/// `backdate` says. Both ends inclusive.
[[nodiscard]] pki::Validity validity_until(base::Time end, base::Seconds life,
                                           base::Seconds backdate, base::Time now);

/// The validity of a certificate for `order` issued now: what the order asks for, else what the
/// profile says; never beyond the issuer's own. Both ends inclusive.
[[nodiscard]] pki::Validity validity_for(const Order& order, const Profile& profile,
                                         base::Time issuer_not_after, base::Time now);

/// The proof that a certificate may be signed: only this module makes one, and a signer takes
/// nothing else.
class IssuanceProof {
  public:
    /// Proves that every name of `order` has a valid authorization of the order's account, in
    /// `proofs`, at the moment of the order's intent, and that `csr` is the one in the intent and
    /// asks for exactly these names. The problem says what is missing.
    [[nodiscard]] static protocol::OrProblem<IssuanceProof> of(
        const Order& order, std::span<const Authorization> proofs, const pki::Csr& csr,
        const Profile& profile);
    /// For the certificate with which the CA itself serves HTTPS: names come from its
    /// configuration.
    [[nodiscard]] static IssuanceProof for_own_server(std::span<const protocol::Identifier> names,
                                                      crypto::PublicKey key,
                                                      pki::SerialNumber serial,
                                                      pki::Validity validity);

    /// The certificate has its names as alternative ones alone.
    void leave_out_common_name() { common_name_.reset(); }

    [[nodiscard]] const pki::SubjectNames& names() const { return names_; }
    [[nodiscard]] const std::optional<std::string>& common_name() const { return common_name_; }
    [[nodiscard]] const crypto::PublicKey& public_key() const { return public_key_; }
    [[nodiscard]] const pki::SerialNumber& serial() const { return serial_; }
    [[nodiscard]] const pki::Validity& validity() const { return validity_; }

  private:
    IssuanceProof(crypto::PublicKey key, pki::SerialNumber serial, pki::Validity validity)
        : public_key_(std::move(key)), serial_(std::move(serial)), validity_(validity) {}
    pki::SubjectNames names_;
    std::optional<std::string> common_name_;
    crypto::PublicKey public_key_;
    pki::SerialNumber serial_;
    pki::Validity validity_;
};

}  // namespace cairn::ca
