#pragma once

#include <optional>

#include "ca/facts/audit_entry.h"
#include "crypto/digest.h"
#include "pki/certificate.h"

namespace cairn::ca {

/// What the audit log tells of a certificate that was signed outside of issuance: of a root, of an
/// issuer, or by a root that is kept elsewhere. `signer`: the SHA-256 of the signing key's
/// SubjectPublicKeyInfo, where it is known; that of a self-signed certificate is.
[[nodiscard]] AuditEntry signature_entry(const pki::Certificate& certificate,
                                         std::optional<crypto::Sha256Digest> signer = {});

/// The same of a request for a certificate in DER (RFC 2986), which the key that it asks for signs.
[[nodiscard]] AuditEntry request_signature_entry(base::BytesView request);

}  // namespace cairn::ca
