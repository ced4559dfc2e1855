#pragma once

#include "base/bytes.h"

namespace cairn::pki {

/// The value of the acmeIdentifier extension for the digest of a key authorization: the DER of an
/// OCTET STRING (RFC 8737 section 3).
[[nodiscard]] base::Bytes acme_identifier_value(base::BytesView digest);

}  // namespace cairn::pki
