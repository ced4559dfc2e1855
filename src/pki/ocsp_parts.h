#pragma once
// Private to the .cpp files of pki: parts of OCSP requests and responses (RFC 6960 section 4).

#include <algorithm>
#include <optional>
#include <vector>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "pki/extension.h"
#include "pki/ocsp_cert_id.h"
#include "pki/ocsp_response.h"

namespace cairn::pki {

namespace ocsp_oid {
inline constexpr auto sha1 = asn1::oid::encode<1, 3, 14, 3, 2, 26>();
inline constexpr auto sha256 = asn1::oid::encode<2, 16, 840, 1, 101, 3, 4, 2, 1>();
inline constexpr auto basic_response = asn1::oid::encode<1, 3, 6, 1, 5, 5, 7, 48, 1, 1>();
}  // namespace ocsp_oid

/// Reads a CertID; nothing if the reading has failed.
[[nodiscard]] std::optional<OcspCertId> read_cert_id(asn1::Reader& reader);
void write_cert_id(asn1::Writer& writer, const OcspCertId& id);

/// Reads Extensions of which none is known here, and fails if one is critical.
[[nodiscard]] std::vector<ExtensionView> read_unknown_extensions(asn1::Reader& reader);

/// Views into the encoding of a ResponseData, and what it says.
struct OcspParts {
    /// SHA-1 of the responder's key.
    base::BytesView responder_key_hash;
    base::Time produced_at, this_update, next_update;
    std::optional<OcspCertId> id;
    OcspStatus status;
    /// Those of the response and of its one answer.
    std::vector<ExtensionView> extensions;
};

/// Reads the one ResponseData that `reader` stands before. What the lightweight profile does not
/// have (RFC 5019 section 2.2) fails the reading: responders that are named, several answers,
/// answers without an end.
[[nodiscard]] OcspParts read_ocsp_parts(asn1::Reader& reader);

}  // namespace cairn::pki
