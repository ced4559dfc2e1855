#pragma once
// Private to va: what the certificate of tls-alpn-01 must look like. Pure.

#include "base/result.h"
#include "crypto/digest.h"
#include "pki/certificate.h"
#include "protocol/identifier.h"

namespace cairn::va {

/// Why `certificate` does not prove control of `identifier` by a key authorization with this
/// `digest`; an empty result if it does (RFC 8737 section 3, RFC 8738 section 6). It must be signed
/// by its own key, name the identifier and nothing else, and hold the one critical acmeIdentifier
/// extension whose value is the DER OCTET STRING of the digest.
[[nodiscard]] base::Result<void> check_challenge_certificate(const pki::Certificate& certificate,
                                                             const protocol::Identifier& identifier,
                                                             const crypto::Sha256Digest& digest);

}  // namespace cairn::va
