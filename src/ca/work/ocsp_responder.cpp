#include "ca/work/ocsp_responder.h"

#include <algorithm>
#include <stdexcept>

#include "ca/rules/crl_reason.h"
#include "crypto/digest.h"
#include "pki/ocsp_request.h"

namespace cairn::ca {

namespace {

constexpr base::Seconds delegate_life = std::chrono::days(7);
constexpr base::Seconds backdate = std::chrono::hours(1);
constexpr std::size_t longest_name = 64;

Draft require(Draft::OrFindings draft) {
    if (draft) return *std::move(draft);
    throw LintRefused("the lint refuses an OCSP answer: " + draft.error().front().message);
}

OcspResponder::Answer error_answer(pki::OcspError error) {
    return {.response = pki::ocsp_response_of(error)};
}

pki::OcspStatus status_of(const IssuedCertificate& certificate, base::Time now) {
    if (!certificate.revocation) return {.kind = pki::OcspStatus::Kind::good};
    return {.kind = pki::OcspStatus::Kind::revoked,
            .revoked_at = std::min(certificate.revocation->at, now),
            .reason = crl_reason_of(certificate.revocation->reason)};
}

}  // namespace

OcspResponder::OcspResponder(base::Seconds lifetime, const Issuers& issuers,
                             CertificateStore& store, const base::Clock& clock,
                             crypto::Random& random, base::Log& log, Observer& observer)
    : lifetime_(lifetime),
      issuers_(issuers),
      store_(store),
      clock_(clock),
      random_(random),
      log_(log),
      observer_(observer) {}

base::Task<OcspResponder::Answer> OcspResponder::answer(base::Bytes request) {
    const auto question = pki::OcspRequest::from_der(request);
    if (!question) co_return error_answer(pki::OcspError::malformed_request);
    const auto& id = question->id();
    const auto issuer = std::ranges::find_if(
        issuers_.all(), [&](const Issuer& each) { return id.is_of(each.certificate()); });
    // RFC 5019 section 2.2.3.
    if (issuer == issuers_.all().end() || !issuer->is_valid(clock_.now()))
        co_return error_answer(pki::OcspError::unauthorized);
    const auto delegate = co_await delegate_of(*issuer);
    const auto found = co_await store_.find_certificate(id.serial);
    const auto now = clock_.now();
    pki::OcspFields fields{
        .serial = id.serial,
        .hash = id.hash,
        .status = {},
        .produced_at = now,
        .this_update = now,
        .next_update = std::min(now + lifetime_, delegate->certificate.not_after())};
    // Of another issuer with this serial number nothing is known (BR 4.9.10).
    if (found && found->issuer == issuer->id()) fields.status = status_of(*found, now);
    auto draft =
        require(Draft::ocsp_response(fields, issuer->certificate(), delegate->certificate));
    const auto basic = co_await delegate->signer->sign(std::move(draft));
    co_return Answer{
        .response = pki::ocsp_response_of(pki::with_responder(basic, delegate->certificate)),
        .this_update = fields.this_update,
        .next_update = fields.next_update};
}

bool OcspResponder::is_fresh(const Delegate& delegate) const {
    const auto now = clock_.now();
    const auto& certificate = delegate.certificate;
    // An answer that is made now must not outlive it.
    return certificate.not_before() <= now &&
           now + std::max(lifetime_, delegate_life / 2) <= certificate.not_after();
}

base::Task<std::shared_ptr<OcspResponder::Delegate>> OcspResponder::delegate_of(
    const Issuer& issuer) {
    std::shared_ptr<Delegate> known;
    {
        const std::scoped_lock lock(mutex_);
        known = delegates_[issuer.id()];
    }
    if (known && is_fresh(*known)) co_return known;
    // Two questions at once make two, of which one stays.
    auto fresh = co_await make_delegate(issuer);
    const std::scoped_lock lock(mutex_);
    delegates_[issuer.id()] = fresh;
    co_return fresh;
}

base::Task<std::shared_ptr<OcspResponder::Delegate>> OcspResponder::make_delegate(
    const Issuer& issuer) {
    auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto now = clock_.now();
    const auto& authority = issuer.certificate();
    pki::OcspResponderFields fields{
        .serial = pki::SerialNumber::dated(now, random_),
        .validity = {.not_before = std::max(now - backdate, authority.not_before()),
                     .not_after = std::min(now + lifetime_ + delegate_life, authority.not_after())},
        .public_key = key.public_key(),
        .common_name =
            (authority.subject_common_name().empty()
                 ? std::string("OCSP")
                 : authority.subject_common_name().substr(0, longest_name - 5) + " OCSP"),
        .organization = {}};
    auto draft = issuer.draft(fields);
    auto der = co_await issuer.sign(std::move(draft), observer_);
    auto certificate = pki::Certificate::from_der(der);
    if (!certificate) throw std::logic_error(certificate.error().message);
    IssuedCertificate record{.serial = fields.serial,
                             .der = der,
                             .issuer = issuer.id(),
                             .key = crypto::sha256(fields.public_key.spki()),
                             .not_after = fields.validity.not_after,
                             .account = std::nullopt,
                             .order = std::nullopt,
                             .issued = now,
                             .revocation = std::nullopt};
    co_await store_.add_certificate(std::move(record));
    log_.info("status signer delegated",
              {{"serial", fields.serial.to_hex()},
               {"issuer", issuer.name()},
               {"not_after", base::to_rfc3339(fields.validity.not_after)}});
    // A signature of P-256 is brief, so no executor is needed.
    co_return std::make_shared<Delegate>(Delegate{
        *std::move(certificate), std::make_unique<KeySigner>(std::move(key), base::Executor())});
}

}  // namespace cairn::ca
