#pragma once

#include <optional>
#include <span>

#include "ca/facts/certificate.h"
#include "ca/facts/id.h"
#include "ca/facts/order.h"
#include "pki/renewal_identifier.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"

// The `replaces` of newOrder (RFC 9773 section 5).
namespace cairn::ca {

/// Why an order of `account` for `names` may not say that it replaces the certificate that it calls
/// `wanted`; `found` is what has that serial number. malformed with 404 if there is no such
/// certificate, unauthorized if it is not the account's, malformed if it has none of the names.
[[nodiscard]] std::optional<protocol::Problem> replacement_refusal(
    const pki::RenewalIdentifier& wanted, const std::optional<IssuedCertificate>& found,
    AccountId account, std::span<const protocol::Identifier> names);

/// What to answer where another order replaces the certificate.
[[nodiscard]] protocol::Problem already_replaced();

}  // namespace cairn::ca
