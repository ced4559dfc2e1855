#include "ca/rules/issuance_proof.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "ca/rules/challenge_rules.h"
#include "ca/rules/order_rules.h"

namespace cairn::ca {

using protocol::Identifier;
using protocol::IdentifierType;
using protocol::Problem;
using protocol::ProblemType;

namespace {

constexpr std::size_t longest_common_name = 64;  // ub-common-name, RFC 5280 appendix A

// What a certificate of this profile says of `names`.
pki::ServerCertificateFields fields_for(std::span<const Identifier> names,
                                        const pki::CertificateProfile& profile,
                                        crypto::PublicKey key, pki::SerialNumber serial,
                                        pki::Validity validity) {
    pki::ServerCertificateFields fields{.serial = std::move(serial),
                                        .validity = validity,
                                        .public_key = std::move(key),
                                        .names = {},
                                        .common_name = std::nullopt,
                                        .issuer_url = {}};
    for (const auto& identifier : names) {
        if (identifier.type() == IdentifierType::ip) {
            fields.names.ip_addresses.push_back(identifier.ip_address());
            continue;
        }
        fields.names.dns_names.push_back(identifier.value());
        if (profile.common_name && !fields.common_name &&
            identifier.value().size() <= longest_common_name)
            fields.common_name = identifier.value();
    }
    return fields;
}

// The set to be signed is the set of what was proved, name by name (Let's Encrypt 2020): each name
// has a valid proof, and nothing else is among the proofs.
bool are_proved(const Order& order, std::span<const Authorization> proofs, const Profile& profile) {
    std::vector<const Authorization*> valid;
    for (const auto& proof : proofs)
        if (proof.account == order.account &&
            proof.status(order.intent->begun) == protocol::AuthorizationStatus::valid &&
            (proof.vouched_by.empty() || profile.operators_word))
            valid.push_back(&proof);
    const auto& names = order.identifiers;
    const auto is_proved = [&](const Identifier& name) {
        return std::ranges::any_of(valid, [&](const auto* proof) { return proves(*proof, name); });
    };
    const auto is_of_order = [&](const Authorization* proof) {
        return std::ranges::any_of(names,
                                   [&](const Identifier& name) { return proves(*proof, name); });
    };
    return std::ranges::all_of(names, is_proved) && std::ranges::all_of(valid, is_of_order);
}

}  // namespace

protocol::OrProblem<IssuanceProof> IssuanceProof::of(const Order& order,
                                                     std::span<const Authorization> proofs,
                                                     const pki::Csr& csr, const Profiles& profiles,
                                                     const AccountScope& scope,
                                                     const CaaStanding& caa) {
    const auto refuse = [](ProblemType type, std::string detail) {
        return std::unexpected(Problem(type, std::move(detail)));
    };
    if (!order.intent) return refuse(ProblemType::order_not_ready, "the order was not finalized");
    const auto* profile = profiles.find(order.profile);
    if (profile == nullptr)
        return refuse(ProblemType::invalid_profile, "the profile is not offered any more");

    if (!are_proved(order, proofs, *profile))
        return refuse(ProblemType::unauthorized,
                      "not every identifier of the order has a valid authorization any more");

    if (const auto missing = missing_caa_checks(order, proofs, caa); !missing.empty())
        return refuse(ProblemType::caa, "the CAA records of " + missing.front().name.value() +
                                            " were not looked up within the last 8 hours");

    if (csr.der() != order.intent->csr)
        return refuse(ProblemType::bad_csr,
                      "the CSR is not the one that the order was finalized with");
    if (const auto findings = csr_findings(csr, order, *profile, scope); !findings.empty())
        return refuse(ProblemType::bad_csr, findings.front());

    auto fields = fields_for(order.identifiers, profile->certificate, csr.public_key(),
                             order.intent->serial, order.intent->validity);
    fields.names.uris = csr.names().uris;
    return IssuanceProof(std::move(fields), profile->certificate);
}

OwnCertificateProof::OwnCertificateProof(std::span<const Identifier> names, CommonName common_name,
                                         pki::CertificateProfile::Crl crl, crypto::PublicKey key,
                                         pki::SerialNumber serial, pki::Validity validity)
    : profile_({.common_name = common_name == CommonName::first_name, .crl = crl}),
      fields_(fields_for(names, profile_, std::move(key), std::move(serial), validity)) {}

}  // namespace cairn::ca
