#include "ca/rules/replacement.h"

#include <algorithm>

#include "pki/certificate.h"

namespace cairn::ca {

using protocol::Identifier;
using protocol::Problem;
using protocol::ProblemType;

namespace {

bool is_in(const pki::SubjectNames& subject, const Identifier& name) {
    if (name.type() == protocol::IdentifierType::ip)
        return std::ranges::find(subject.ip_addresses, name.ip_address()) !=
               subject.ip_addresses.end();
    return std::ranges::find(subject.dns_names, name.value()) != subject.dns_names.end();
}

}  // namespace

std::optional<Problem> replacement_refusal(const pki::RenewalIdentifier& wanted,
                                           const std::optional<IssuedCertificate>& found,
                                           AccountId account, std::span<const Identifier> names) {
    const auto certificate =
        pki::Certificate::from_der(found ? base::BytesView(found->der) : base::BytesView());
    if (!certificate || pki::RenewalIdentifier::of(*certificate) != wanted)
        return Problem(ProblemType::malformed,
                       "replaces: this CA did not issue the certificate that it names", 404);
    if (found->account != account)
        return Problem(ProblemType::unauthorized,
                       "replaces: the certificate that it names is not this account's");
    const bool shares_one = std::ranges::any_of(
        names, [&](const Identifier& name) { return is_in(certificate->names(), name); });
    if (!shares_one)
        return Problem(ProblemType::malformed,
                       "replaces: the certificate that it names has none of the identifiers of "
                       "the order");
    return std::nullopt;
}

Problem already_replaced() {
    return {ProblemType::already_replaced,
            "replaces: another order replaces the certificate that it names; order without "
            "replaces"};
}

}  // namespace cairn::ca
