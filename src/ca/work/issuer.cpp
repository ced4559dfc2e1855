#include "ca/work/issuer.h"

#include <algorithm>
#include <chrono>
#include <ranges>
#include <stdexcept>

#include "ca/rules/crl_names.h"
#include "crypto/digest.h"

namespace cairn::ca {

using protocol::Identifier;
using protocol::Problem;
using protocol::ProblemType;

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

Draft require(Draft::OrFindings draft) {
    if (draft) return *std::move(draft);
    constexpr std::size_t most = 5;
    std::string findings;
    for (const auto& finding : draft.error() | std::views::take(most))
        findings += (findings.empty() ? "" : "; ") + finding.message;
    if (draft.error().size() > most)
        findings += "; and " + std::to_string(draft.error().size() - most) + " more";
    throw LintRefused("the lint refuses the draft: " + findings);
}

}  // namespace

Issuer::Issuer(std::string name, pki::Chain chain, std::unique_ptr<Signer> signer,
               std::string certificate_url, Use use, std::vector<pki::Chain> other_chains)
    : name_(std::move(name)),
      id_(id_of(name_, chain)),
      chain_(std::move(chain)),
      validity_(validity_of(chain_)),
      signer_(std::move(signer)),
      certificate_url_(std::move(certificate_url)),
      use_(std::move(use)),
      other_chains_(std::move(other_chains)) {
    if (!certificate().is_ca())
        throw std::invalid_argument("issuer " + name_ + ": its certificate is not that of a CA");
    if (certificate().public_key() != signer_->public_key())
        throw std::invalid_argument("issuer " + name_ +
                                    ": the key does not belong to the certificate");
    for (std::size_t i = 0; i < other_chains_.size(); ++i) require_other_chain(i);
    if (!use_.active) return;  // what it issued has to be served, whatever its chain is like
    if (!certificate().subject_key_id())
        throw std::invalid_argument("issuer " + name_ +
                                    ": its certificate has no subjectKeyIdentifier, by which what "
                                    "it issues refers to it (RFC 5280 section 4.2.1.2)");
    if (const auto sound = pki::check_authorities(chain_); !sound)
        throw std::invalid_argument(
            "issuer " + name_ + ": nobody would accept what it issues: " + sound.error().message);
    for (const auto& authority : chain_) {
        auto constraints = pki::NameConstraints::of(authority);
        if (!constraints)
            throw std::invalid_argument("issuer " + name_ +
                                        ": nobody would accept what it issues: \"" +
                                        base::printable(authority.subject_common_name(), 80) +
                                        "\": " + constraints.error().message);
        if (constraints->has_any()) constraints_.push_back(*std::move(constraints));
    }
}

void Issuer::require_other_chain(std::size_t number) const {
    const auto& chain = other_chains_[number];
    const auto refuse = [&](const std::string& why) {
        throw std::invalid_argument("issuer " + name_ + ": its other chain number " +
                                    std::to_string(number + 1) + " " + why);
    };
    if (chain.empty()) refuse("is empty");
    const auto& first = chain.front();
    // What the issuer signs refers to it by these three.
    if (first.subject_name() != certificate().subject_name() ||
        first.public_key() != certificate().public_key() ||
        first.subject_key_id() != certificate().subject_key_id())
        refuse("does not begin with a certificate of the issuer's name, key and key identifier");
    if (chain == chain_ || std::ranges::find(other_chains_, chain) !=
                               other_chains_.begin() + static_cast<std::ptrdiff_t>(number))
        refuse("is there twice");
    if (!use_.active) return;
    if (const auto sound = pki::check_authorities(chain); !sound)
        refuse("would be accepted by nobody: " + sound.error().message);
}

IssuerChains Issuer::chains() const {
    IssuerChains chains{.usual = pki::to_pem(chain_)};
    for (const auto& chain : other_chains_) chains.others.push_back(pki::to_pem(chain));
    return chains;
}

bool Issuer::is_for(const std::string& profile) const {
    return use_.active && (use_.profiles.empty() || use_.profiles.contains(profile));
}

bool Issuer::has_kind(crypto::KeyAlgorithm subject) const {
    return use_.key_algorithms.empty() || use_.key_algorithms.contains(subject);
}

std::optional<std::string> Issuer::refusal(const Identifier& identifier) const {
    for (const auto& constraints : constraints_) {
        const bool is_permitted = identifier.type() == protocol::IdentifierType::ip
                                      ? constraints.permits(identifier.ip_address())
                                      : constraints.permits(identifier.value());
        if (!is_permitted)
            return "the name constraints of this CA's certificates do not permit it (" +
                   constraints.text() + ")";
    }
    return std::nullopt;
}

bool Issuer::permits(std::span<const Identifier> identifiers) const {
    return constraints_.empty() ||
           std::ranges::none_of(identifiers, [&](const Identifier& identifier) {
               return refusal(identifier).has_value();
           });
}

bool Issuer::permits_common_name() const {
    return std::ranges::all_of(constraints_, &pki::NameConstraints::permits_common_name);
}

Draft Issuer::draft(IssuanceProof proof) const {
    const auto places = places_for(proof.fields(), proof.profile());
    return require(Draft::certificate(std::move(proof), certificate(), places));
}

Draft Issuer::draft(OwnCertificateProof proof) const {
    const auto places = places_for(proof.fields(), proof.profile());
    return require(Draft::certificate(std::move(proof), certificate(), places));
}

Draft Issuer::draft(const IssuanceProof& proof, const IssuancePin& pin) const {
    return require(Draft::pinned(proof, pin, certificate()));
}

Draft Issuer::draft(const pki::CrlFields& fields) const {
    return require(Draft::crl(fields, certificate()));
}

Draft Issuer::draft(const pki::OcspResponderFields& fields) const {
    return require(Draft::ocsp_responder(fields, certificate()));
}

base::Task<base::Bytes> Issuer::sign(Draft draft, Observer& observer) const {
    const auto begun = std::chrono::steady_clock::now();
    const auto tell = [&](Observer::Signature outcome) {
        observer.signature_ended(name_, certificate().public_key().algorithm(), outcome,
                                 std::chrono::steady_clock::now() - begun);
    };
    try {
        auto signed_object = co_await signer_->sign(std::move(draft));
        tell(Observer::Signature::done);
        co_return signed_object;
    } catch (const SignerUnavailable&) {
        tell(Observer::Signature::unavailable);
        throw;
    } catch (...) {
        tell(Observer::Signature::failed);
        throw;
    }
}

const CrlList* Issuer::shard_for(const pki::SerialNumber& serial,
                                 const pki::CertificateProfile& profile) const {
    const auto& shards = crl_names_.shards;
    if (profile.crl != pki::CertificateProfile::Crl::sharded || shards.empty()) return nullptr;
    return &shards[shard_number(serial, shards.size())];
}

Draft::Places Issuer::places_for(const pki::ServerCertificateFields& fields,
                                 const pki::CertificateProfile& profile) const {
    Draft::Places places{.issuer = certificate_url_, .crl = {}, .ocsp = ocsp_url_};
    if (const auto* shard = shard_for(fields.serial, profile))
        places.crl = shard->url;
    else if (profile.crl != pki::CertificateProfile::Crl::none)
        places.crl = crl_names_.complete;
    return places;
}

IssuedCertificate Issuer::record_of(const pki::ServerCertificateFields& fields,
                                    const IssuancePin& pin) const {
    auto record = record_of(fields, pki::CertificateProfile{});
    const auto names = [&](const CrlList& list) {
        return !list.is_complete() &&
               base::text_of(pin.to_be_signed).find(list.url) != std::string_view::npos;
    };
    const auto shard = std::ranges::find_if(crl_names_.all, names);
    if (shard != crl_names_.all.end()) record.shard = shard->id;
    return record;
}

IssuedCertificate Issuer::record_of(const pki::ServerCertificateFields& fields,
                                    const pki::CertificateProfile& profile) const {
    const auto* shard = shard_for(fields.serial, profile);
    return {.serial = fields.serial,
            .der = {},
            .issuer = id_,
            .key = crypto::sha256(fields.public_key.spki()),
            .not_after = fields.validity.not_after,
            .account = std::nullopt,
            .order = std::nullopt,
            .issued = {},
            .revocation = std::nullopt,
            .profile = {},
            .shard = shard == nullptr ? std::nullopt : std::optional(shard->id)};
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

template <class Predicate>
const Issuer* Issuers::newest(Predicate is_candidate, base::Time now) const {
    const Issuer* chosen = nullptr;
    const Issuer* latest = nullptr;  // to end, of those that are not valid
    for (const auto& issuer : issuers_) {
        if (!is_candidate(issuer)) continue;
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

const Issuer* Issuers::choose(const Wanted& wanted, base::Time now) const {
    return newest(
        [&](const Issuer& issuer) {
            return issuer.is_for(wanted.profile, wanted.key) && issuer.permits(wanted.names);
        },
        now);
}

void Issuers::name_crls(const IssuerId& id, Issuer::CrlNames names) {
    const auto found = std::ranges::find(issuers_, id, &Issuer::id);
    if (found == issuers_.end()) throw std::invalid_argument("there is no such issuer");
    found->name_crls(std::move(names));
}

void Issuers::name_ocsp(const std::string& url) {
    for (auto& issuer : issuers_) issuer.name_ocsp(url);
}

const Issuer* Issuers::find(const IssuerId& id) const {
    const auto found = std::ranges::find(issuers_, id, &Issuer::id);
    return found == issuers_.end() ? nullptr : &*found;
}

std::optional<Problem> Issuers::names_refusal(const std::string& profile,
                                              std::span<const Identifier> names) const {
    std::vector<const Issuer*> candidates;
    for (const auto& issuer : issuers_) {
        if (!issuer.is_for(profile)) continue;
        if (issuer.permits(names)) return std::nullopt;
        candidates.push_back(&issuer);
    }
    if (candidates.empty()) return std::nullopt;

    Problem problem(ProblemType::rejected_identifier, "");
    for (const auto& name : names) {
        const bool is_permitted = std::ranges::any_of(
            candidates, [&](const Issuer* issuer) { return !issuer->refusal(name).has_value(); });
        if (!is_permitted)
            problem.subproblems.push_back(
                {ProblemType::rejected_identifier, *candidates.front()->refusal(name),
                 std::pair(std::string(to_string(name.type())), name.value())});
    }
    const auto& refused = problem.subproblems;
    if (refused.size() == 1)
        problem.detail = refused.front().identifier->second + ": " + refused.front().detail;
    else if (refused.empty())
        problem.detail =
            "the name constraints of this CA's certificates permit each of these "
            "identifiers, but no one of them permits all; order them apart";
    else
        problem.detail = "several identifiers are refused; each has a subproblem of its own";
    return problem;
}

std::optional<Issuers::OwnServer> Issuers::for_own_server(const std::string& profile,
                                                          std::span<const Identifier> names,
                                                          base::Time now) const {
    enum class Conceded { nothing, the_profile, the_names, the_key };
    using enum crypto::KeyAlgorithm;
    using enum Conceded;
    const auto is_active = [](const Issuer& issuer) { return issuer.use().active; };
    if (newest(is_active, now) == nullptr) return std::nullopt;
    for (const auto conceded : {nothing, the_profile, the_names, the_key}) {
        for (const auto key : {ec_p256, ec_p384, rsa}) {
            const auto is_candidate = [&](const Issuer& issuer) {
                return is_active(issuer) && issuer.is_valid(now) &&
                       (conceded >= the_profile || issuer.is_for(profile)) &&
                       (conceded >= the_names || issuer.permits(names)) &&
                       (conceded >= the_key || issuer.has_kind(key));
            };
            if (const auto* issuer = newest(is_candidate, now)) return OwnServer{*issuer, key};
        }
    }
    return std::nullopt;
}

}  // namespace cairn::ca
