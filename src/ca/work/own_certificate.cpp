#include "ca/work/own_certificate.h"

#include <stdexcept>

#include "ca/rules/order_rules.h"

namespace cairn::ca {

OwnCertificate::OwnCertificate(CertificateStore& store, const Profiles& profiles,
                               const base::Clock& clock, crypto::Random& random, base::Log& log,
                               Observer& observer)
    : store_(store),
      profiles_(profiles),
      clock_(clock),
      random_(random),
      log_(log),
      observer_(observer) {}

base::Task<pki::Chain> OwnCertificate::issue(const Issuer& issuer,
                                             std::vector<protocol::Identifier> names,
                                             crypto::PublicKey key, base::Seconds validity) {
    co_await settle();
    const auto now = clock_.now();
    const auto& profile = *profiles_.find("");
    const auto whole = validity_until(issuer.validity().not_after, validity, profile.backdate, now);
    using enum OwnCertificateProof::CommonName;
    OwnCertificateProof proof(names, issuer.permits_common_name() ? first_name : none,
                              profile.certificate.crl, std::move(key),
                              pki::SerialNumber::dated(now, random_), whole);
    auto issued = issuer.record_of(proof.fields(), proof.profile());
    issued.der = co_await issuer.sign(issuer.draft(std::move(proof)), observer_);
    issued.issued = clock_.now();
    auto certificate = pki::Certificate::from_der(issued.der);
    if (!certificate) throw std::logic_error(certificate.error().message);
    unsettled_ = {.certificate = issued, .issuer = issuer.name(), .problem = std::nullopt};
    co_await store_.add_certificate(issued);
    unsettled_.reset();
    tell(issued, issuer.name());
    pki::Chain chain{std::move(*certificate)};
    chain.insert(chain.end(), issuer.chain().begin(), issuer.chain().end());
    co_return chain;
}

void OwnCertificate::tell(const IssuedCertificate& certificate, std::string_view issuer) {
    observer_.issued(Observer::Subject::own_server);
    log_.info("issued own certificate", {{"serial", certificate.serial.to_hex()},
                                         {"issuer", issuer},
                                         {"not_after", base::to_rfc3339(certificate.not_after)}});
}

base::Task<void> OwnCertificate::settle() {
    if (!unsettled_) co_return;
    const auto& certificate = *unsettled_->certificate;
    const auto stored = co_await store_.find_certificate(certificate.serial);
    if (stored && stored->is_same(certificate)) tell(certificate, unsettled_->issuer);
    unsettled_.reset();
}

}  // namespace cairn::ca
