#pragma once
// Private to pki: a TBSCertList taken apart (RFC 5280 section 5.1).

#include <optional>
#include <string>
#include <vector>

#include "asn1/der.h"
#include "pki/crl.h"
#include "pki/extension.h"

namespace cairn::pki {

/// Views into the encoding of a TBSCertList, and what its entries and extensions say.
struct CrlParts {
    base::BytesView version, algorithm, issuer_name;
    base::Time this_update, next_update;
    std::vector<RevokedCertificate> revoked;
    std::vector<ExtensionView> extensions;
    std::optional<base::BytesView> number, authority_key_id;
    /// The URL of the issuing distribution point; none: no such extension.
    std::optional<std::string> distribution_point;
    /// Of the issuing distribution point.
    bool only_user_certificates = false;
};

/// The reason with this content of an ENUMERATED; nothing for a number without a name.
[[nodiscard]] std::optional<CrlReason> crl_reason_from(base::BytesView enumerated);

/// Reads the one TBSCertList that `reader` stands before. What the form of version 2 does not have,
/// and what is not known here (delta lists, entries of other issuers, reasons without a name),
/// fails the reading.
[[nodiscard]] CrlParts read_crl_parts(asn1::Reader& reader, asn1::Failure& failure);

}  // namespace cairn::pki
