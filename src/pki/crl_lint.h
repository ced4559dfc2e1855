#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "pki/crl_builder.h"

namespace cairn::pki {

/// Whether its keyUsage lets `issuer` sign revocation lists (RFC 5280 section 4.2.1.3).
[[nodiscard]] bool may_sign_crls(const Certificate& issuer);

/// What is wrong with a revocation list that is about to be signed: judged by RFC 5280 section 5,
/// by the Baseline Requirements (BR 4.9, 7.2), and by what it must say, `wanted`. `to_be_signed` is
/// the DER of the TBSCertList. It is read anew, so that a mistake of whoever put it together is
/// found. Each finding names the section that it offends, if there is one. Empty: nothing is wrong.
[[nodiscard]] std::vector<base::Error> lint_crl(base::BytesView to_be_signed,
                                                const CrlFields& wanted, const Certificate& issuer);

}  // namespace cairn::pki
