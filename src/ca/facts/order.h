#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ca/facts/authorization.h"
#include "ca/facts/certificate.h"
#include "ca/facts/id.h"
#include "pki/certificate_builder.h"
#include "pki/renewal_identifier.h"
#include "pki/serial_number.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"
#include "protocol/status.h"

namespace cairn::ca {

/// What the issuance of an order has become bound to, durable before anything signed for it may
/// have left the process: whoever carries the issuance out signs these octets, by this issuer.
struct IssuancePin {
    IssuerId issuer;
    base::Bytes to_be_signed;  ///< DER of the TBSCertificate
    friend bool operator==(const IssuancePin&, const IssuancePin&) = default;
};

/// The intent to issue, durable before anything is signed: serial number and validity are chosen
/// here, so that an interrupted issuance is repeated with the same ones.
struct IssuanceIntent {
    base::Time begun;
    base::Bytes csr;  ///< DER, as finalize sent it
    pki::SerialNumber serial;
    pki::Validity validity;
    /// The request that asked for it, as the access log names it; empty: not known.
    std::string request{};
    /// None: nothing that was signed has left the process.
    std::optional<IssuancePin> pin{};
};

/// Which order replaces a certificate.
struct Replacement {
    OrderId order;
    /// Whether that order's certificate was issued: then it replaces the former one for good, also
    /// when the order is forgotten. Until then it does so unless it is invalid.
    bool is_issued = false;
    friend bool operator==(const Replacement&, const Replacement&) = default;
};

/// The stored facts of an order (RFC 8555 section 7.1.3).
struct Order {
    OrderId id;
    AccountId account;
    base::Time created;
    base::Time expires;
    std::vector<protocol::Identifier> identifiers;
    /// One for each identifier, in the same order; one for the subdomains of a name may stand at
    /// several places.
    std::vector<AuthorizationId> authorizations;
    std::string profile;
    std::optional<base::Time> not_before, not_after;
    /// The certificate that the order's one replaces (RFC 9773 section 5).
    std::optional<pki::RenewalIdentifier> replaces{};
    std::optional<IssuanceIntent> intent;
    /// When the certificate with the intent's serial was stored.
    std::optional<base::Time> completed;
    /// Why issuance failed for good.
    std::optional<protocol::Problem> problem;

    /// RFC 8555 section 7.1.6, from this order's facts and those of its authorizations.
    [[nodiscard]] protocol::OrderStatus status(std::span<const Authorization> proofs,
                                               base::Time now) const;
    /// What an invalid order shows as its error: its own problem, or those of the authorizations
    /// that failed it, with a subproblem for each.
    [[nodiscard]] std::optional<protocol::Problem> error(std::span<const Authorization> proofs,
                                                         base::Time now) const;
};

}  // namespace cairn::ca
