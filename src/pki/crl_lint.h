#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "pki/crl_builder.h"

namespace cairn::pki {

/// What is wrong with a revocation list that is about to be signed: judged by RFC 5280 section 5,
/// by the Baseline Requirements (BR 4.9, 7.2), and by what it must say, `wanted`. `to_be_signed` is
/// the DER of the TBSCertList. It is read anew, so that a mistake of whoever put it together is
/// found. Each finding names the section that it offends, if there is one. Empty: nothing is wrong.
[[nodiscard]] std::vector<base::Error> lint_crl(base::BytesView to_be_signed,
                                                const CrlFields& wanted, const Certificate& issuer);

}  // namespace cairn::pki
