#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "pki/certificate.h"
#include "pki/crl.h"

namespace cairn::pki {

/// What goes into a revocation list. The rest is fixed: version 2, the authority key identifier by
/// key id alone, the CRL number, and a reason for each entry that has one.
struct CrlFields {
    /// Greater than that of every former list of the issuer and scope (RFC 5280 section 5.2.3).
    std::uint64_t number = 0;
    base::Time this_update, next_update;
    /// Lent, since a list may be long; in the order in which they are written.
    std::span<const RevokedCertificate> revoked;
    /// http URL of a list that is not of all that its issuer issued: the same as in the
    /// certificates that it would tell of. The issuing distribution point then says so, and that
    /// the list is of subscribers' certificates alone. Empty: the list is complete, and says
    /// nothing.
    std::string distribution_point{};
};

/// The DER of the TBSCertList that `issuer` is to sign (RFC 5280 section 5.1). Throws
/// std::logic_error if `issuer` has no subject key identifier, or if the fields cannot stand in a
/// list.
[[nodiscard]] base::Bytes draft_crl(const CrlFields& fields, const Certificate& issuer);

}  // namespace cairn::pki
