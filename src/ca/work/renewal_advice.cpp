#include "ca/work/renewal_advice.h"

#include <stdexcept>

#include "pki/certificate.h"

namespace cairn::ca {

base::Task<std::optional<RenewalWindow>> RenewalAdvice::window_of(
    pki::RenewalIdentifier identifier) {
    auto found = co_await repository_.find_certificate(identifier.serial);
    if (!found) co_return std::nullopt;
    const auto certificate = pki::Certificate::from_der(found->der);
    if (!certificate || pki::RenewalIdentifier::of(*certificate) != identifier)
        co_return std::nullopt;
    co_return co_await window_of(*std::move(found));
}

base::Task<RenewalWindow> RenewalAdvice::window_of(IssuedCertificate issued) {
    const auto certificate = pki::Certificate::from_der(issued.der);
    if (!certificate) throw std::runtime_error("a stored certificate cannot be read");
    const auto rules = co_await repository_.pull_forwards();
    // A version before this one did not keep the profile with the certificate.
    if (!rules.empty() && issued.profile.empty() && issued.order) {
        const auto order = co_await repository_.find_order(*issued.order);
        if (order) issued.profile = order->profile;
    }
    const pki::Validity validity{certificate->not_before(), certificate->not_after()};
    co_return renewal_window(issued, validity, rules);
}

}  // namespace cairn::ca
