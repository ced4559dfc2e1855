#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "pki/ocsp_builder.h"

namespace cairn::pki {

/// What is wrong with an OCSP response that is about to be signed: judged by RFC 6960, by the
/// lightweight profile (RFC 5019), by the Baseline Requirements (BR 4.9.10, 7.3), and by what it
/// must say, `wanted`. `to_be_signed` is the DER of the ResponseData. It is read anew, so that a
/// mistake of whoever put it together is found. Each finding names the section that it offends, if
/// there is one. Empty: nothing is wrong.
[[nodiscard]] std::vector<base::Error> lint_ocsp_response(base::BytesView to_be_signed,
                                                          const OcspFields& wanted,
                                                          const Certificate& issuer);

}  // namespace cairn::pki
