#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "pki/certificate_builder.h"
#include "pki/ocsp_builder.h"

namespace cairn::pki {

/// What is wrong with an OCSP response that `responder`, the issuer itself or one that it
/// delegated, is about to sign: judged by RFC 6960, by the lightweight profile (RFC 5019), by the
/// Baseline Requirements (BR 4.9.10, 7.3), and by what it must say, `wanted`. `to_be_signed` is the
/// DER of the ResponseData. It is read anew, so that a mistake of whoever put it together is found.
/// Each finding names the section that it offends, if there is one. Empty: nothing is wrong.
[[nodiscard]] std::vector<base::Error> lint_ocsp_response(base::BytesView to_be_signed,
                                                          const OcspFields& wanted,
                                                          const Certificate& issuer,
                                                          const Certificate& responder);
/// The same of one that the issuer itself is to sign.
[[nodiscard]] inline std::vector<base::Error> lint_ocsp_response(base::BytesView to_be_signed,
                                                                 const OcspFields& wanted,
                                                                 const Certificate& issuer) {
    return lint_ocsp_response(to_be_signed, wanted, issuer, issuer);
}

/// What is wrong with the certificate of a delegated responder that `issuer` is about to sign, by
/// RFC 6960 section 4.2.2.2 and BR 7.1.2.8, and by what it must say. Empty: nothing is wrong.
[[nodiscard]] std::vector<base::Error> lint_ocsp_responder(base::BytesView to_be_signed,
                                                           const OcspResponderFields& wanted,
                                                           const Certificate& issuer);

/// Whether `issuer` has delegated its answers to `responder` by its certificate.
[[nodiscard]] bool is_ocsp_responder(const Certificate& responder, const Certificate& issuer);

}  // namespace cairn::pki
