#include "ca/issuer.h"

#include <algorithm>
#include <stdexcept>

#include "crypto/digest.h"

namespace cairn::ca {

namespace {

IssuerId id_of(const std::string& name, const pki::Chain& chain) {
    if (chain.empty()) throw std::invalid_argument("issuer " + name + ": its chain is empty");
    return crypto::sha256(chain.front().der());
}

// A chain is as good as its weakest certificate.
pki::Validity validity_of(const pki::Chain& chain) {
    pki::Validity validity{base::Time::min(), base::Time::max()};
    for (const auto& certificate : chain) {
        validity.not_before = std::max(validity.not_before, certificate.not_before());
        validity.not_after = std::min(validity.not_after, certificate.not_after());
    }
    return validity;
}

}  // namespace

Issuer::Issuer(std::string name, pki::Chain chain, std::unique_ptr<Signer> signer,
               std::string certificate_url, Use use)
    : name_(std::move(name)),
      id_(id_of(name_, chain)),
      chain_(std::move(chain)),
      validity_(validity_of(chain_)),
      signer_(std::move(signer)),
      certificate_url_(std::move(certificate_url)),
      use_(std::move(use)) {
    if (!certificate().is_ca())
        throw std::invalid_argument("issuer " + name_ + ": its certificate is not that of a CA");
    if (certificate().public_key() != signer_->public_key())
        throw std::invalid_argument("issuer " + name_ +
                                    ": the key does not belong to the certificate");
}

bool Issuer::is_for(const std::string& profile, crypto::KeyAlgorithm subject) const {
    const bool has_profile = use_.profiles.empty() || use_.profiles.contains(profile);
    const bool has_kind = use_.key_algorithms.empty() || use_.key_algorithms.contains(subject);
    return use_.active && has_profile && has_kind;
}

Issuers::Issuers(std::vector<Issuer> issuers) : issuers_(std::move(issuers)) {
    if (issuers_.empty()) throw std::invalid_argument("there is no issuer");
    std::set<IssuerId> ids;
    for (const auto& issuer : issuers_) {
        if (!ids.insert(issuer.id()).second)
            throw std::invalid_argument("issuer " + issuer.name() +
                                        " has the certificate of another one");
    }
}

const Issuer* Issuers::choose(const std::string& profile, crypto::KeyAlgorithm subject,
                              base::Time now) const {
    const Issuer* chosen = nullptr;
    const Issuer* latest = nullptr;  // to end, of those that are not valid
    for (const auto& issuer : issuers_) {
        if (!issuer.is_for(profile, subject)) continue;
        if (!issuer.is_valid(now)) {
            if (latest == nullptr || issuer.validity().not_after > latest->validity().not_after)
                latest = &issuer;
        } else if (chosen == nullptr ||
                   issuer.certificate().not_before() > chosen->certificate().not_before()) {
            chosen = &issuer;
        }
    }
    if (chosen == nullptr && latest != nullptr)
        throw IssuerUnavailable("no issuer can sign now: the last one is valid from " +
                                base::to_rfc3339(latest->validity().not_before) + " to " +
                                base::to_rfc3339(latest->validity().not_after) +
                                ", and the clock of the CA says " + base::to_rfc3339(now));
    return chosen;
}

}  // namespace cairn::ca
