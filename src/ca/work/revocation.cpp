#include "ca/work/revocation.h"

#include <algorithm>

#include "pki/certificate.h"

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;
using protocol::RevocationReason;

namespace {

// The identifiers that a certificate names, or nothing if it names what no order can hold.
std::optional<std::vector<protocol::Identifier>> identifiers_of(const pki::SubjectNames& names) {
    // Nobody can hold an authorization for a URI.
    if (!names.uris.empty()) return std::nullopt;
    std::vector<protocol::Identifier> identifiers;
    for (const auto& name : names.dns_names) {
        auto identifier = protocol::Identifier::dns(name);
        if (!identifier) return std::nullopt;
        identifiers.push_back(std::move(*identifier));
    }
    for (const auto& address : names.ip_addresses)
        identifiers.push_back(protocol::Identifier::of(address));
    if (identifiers.empty()) return std::nullopt;
    return identifiers;
}

}  // namespace

Revoking::Revoking(Repository& repository, const base::Clock& clock, base::Log& log,
                   Observer& observer)
    : repository_(repository), clock_(clock), log_(log), observer_(observer) {}

base::Task<void> Revoking::revoke_for_account(AccountId account,
                                              protocol::RevocationRequest request,
                                              RequestContext context) {
    const auto certificate = co_await require_certificate(std::move(request.certificate));
    auto reason = request.reason;
    if (certificate.account != account) {
        const bool controls = co_await controls_all_names(account, certificate.der);
        if (!controls)
            throw Problem(ProblemType::unauthorized,
                          "the account neither got this certificate nor holds valid authorizations "
                          "for all its names");
        reason = RevocationReason::cessation_of_operation;
    }
    co_await record(certificate.serial, reason, "account " + account.to_string(),
                    std::move(context));
}

base::Task<void> Revoking::revoke_for_key(protocol::Jwk key, protocol::RevocationRequest request,
                                          RequestContext context) {
    const auto issued = co_await require_certificate(std::move(request.certificate));
    const auto certificate = pki::Certificate::from_der(issued.der);
    if (!certificate || certificate->public_key() != key.public_key())
        throw Problem(ProblemType::unauthorized,
                      "the request is not signed by the key of this certificate");
    const auto store = repository_.on_behalf_of(context.cause());
    const bool is_news = co_await store->record_key_compromise(issued.key, clock_.now());
    if (!is_news)
        throw Problem(ProblemType::already_revoked,
                      "the key is known to be compromised, and the certificate revoked for it");
    observer_.revoked(RevocationReason::key_compromise);
    log_.info("revoked", {{"request", context.request},
                          {"serial", issued.serial.to_hex()},
                          {"reason", to_string(RevocationReason::key_compromise)},
                          {"requester", "the certificate's key"},
                          {"all_with_key", base::to_hex(issued.key)}});
}

base::Task<IssuedCertificate> Revoking::require_certificate(base::Bytes der) {
    const auto certificate = pki::Certificate::from_der(der);
    if (!certificate)
        throw Problem(ProblemType::malformed,
                      "the certificate cannot be read: " + certificate.error().message);
    auto issued = co_await repository_.find_certificate(certificate->serial());
    // The whole certificate is compared, so that a forgery with a real serial number is not ours.
    if (!issued || !std::ranges::equal(issued->der, der))
        throw Problem(ProblemType::malformed, "this CA did not issue the certificate", 404);
    if (certificate->not_after() < clock_.now())
        throw Problem(ProblemType::unauthorized, "the certificate has expired");
    co_return std::move(*issued);
}

base::Task<bool> Revoking::controls_all_names(AccountId account, base::Bytes der) {
    const auto certificate = pki::Certificate::from_der(der);
    const auto identifiers = identifiers_of(certificate->names());
    if (!identifiers) co_return false;
    const auto proofs =
        co_await repository_.find_valid_authorizations(account, *identifiers, clock_.now());
    co_return std::ranges::all_of(proofs, [](const auto& proof) { return proof.has_value(); });
}

base::Task<void> Revoking::record(pki::SerialNumber serial, RevocationReason reason,
                                  std::string requester, RequestContext context) {
    const auto store = repository_.on_behalf_of(context.cause());
    const auto outcome =
        co_await store->revoke_certificate(serial, Revocation{clock_.now(), reason});
    using Outcome = CertificateStore::RevocationOutcome;
    if (outcome == Outcome::already_revoked)
        throw Problem(ProblemType::already_revoked, "the certificate is revoked already");
    if (outcome == Outcome::unknown)
        throw Problem(ProblemType::malformed, "this CA did not issue the certificate", 404);
    observer_.revoked(reason);
    log_.info("revoked", {{"request", context.request},
                          {"serial", serial.to_hex()},
                          {"reason", to_string(reason)},
                          {"requester", requester}});
}

}  // namespace cairn::ca
