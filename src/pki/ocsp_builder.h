#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "pki/certificate.h"
#include "pki/ocsp_cert_id.h"
#include "pki/ocsp_response.h"
#include "pki/serial_number.h"

namespace cairn::pki {

/// What goes into a response of the lightweight profile (RFC 5019 section 2.2). The rest is fixed:
/// the responder is named by the SHA-1 of its key; one answer; no extensions, so that the response
/// may be made ahead of any question.
struct OcspFields {
    SerialNumber serial;
    /// What the client names the issuer by; the answer does the same.
    OcspHash hash = OcspHash::sha1;
    OcspStatus status;
    base::Time produced_at, this_update, next_update;
};

/// The DER of the ResponseData about a certificate of `issuer` that `responder` is to sign, the
/// issuer itself or one that it delegated (RFC 6960 section 4.2.1). The signed object is a
/// BasicOCSPResponse, which `ocsp_response_of` makes a response of. Throws std::invalid_argument if
/// the fields cannot stand in a response.
[[nodiscard]] base::Bytes draft_ocsp_response(const OcspFields& fields, const Certificate& issuer,
                                              const Certificate& responder);
/// The same by the issuer itself.
[[nodiscard]] inline base::Bytes draft_ocsp_response(const OcspFields& fields,
                                                     const Certificate& issuer) {
    return draft_ocsp_response(fields, issuer, issuer);
}

}  // namespace cairn::pki
