#pragma once

#include <string_view>

#include "base/bytes.h"
#include "pki/certificate.h"
#include "pki/serial_number.h"

namespace cairn::pki {

/// What names and keys of issuers are named by. SHA-1 is what the lightweight profile asks of
/// clients (RFC 5019 section 2.1.1); no security depends on it.
enum class OcspHash { sha1, sha256 };

/// The certificate that is asked about, as OCSP names it (RFC 6960 section 4.1.1, CertID).
struct OcspCertId {
    OcspHash hash = OcspHash::sha1;
    base::Bytes issuer_name_hash, issuer_key_hash;
    SerialNumber serial;

    /// The name of the certificate that `issuer` has issued with this serial number.
    [[nodiscard]] static OcspCertId of(const Certificate& issuer, SerialNumber serial,
                                       OcspHash hash);
    /// True if it is of this issuer.
    [[nodiscard]] bool is_of(const Certificate& issuer) const;
    friend bool operator==(const OcspCertId&, const OcspCertId&) = default;
};

/// The hash of the public key as it stands in the certificate, without algorithm, tag and length:
/// issuerKeyHash, and with SHA-1 the responder's KeyHash (RFC 6960 section 4.2.1).
[[nodiscard]] base::Bytes ocsp_key_hash(const Certificate& certificate, OcspHash hash);

}  // namespace cairn::pki
