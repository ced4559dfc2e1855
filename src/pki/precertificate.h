#pragma once

#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::pki {

// Precertificates, which promise a certificate to the logs of certificate transparency (RFC 6962
// section 3.1): the same TBSCertificate, and a critical extension that nobody accepts.

/// The DER of the TBSCertificate of the precertificate for the certificate whose TBSCertificate is
/// `certificate`: the poison stands behind the other extensions. Throws std::invalid_argument if
/// `certificate` is no TBSCertificate with extensions.
[[nodiscard]] base::Bytes draft_precertificate(base::BytesView certificate);

/// What is wrong with the TBSCertificate of a precertificate that is about to be signed for the
/// certificate whose TBSCertificate is `certificate`, which has passed its own lint: read anew, it
/// is not the same but for one poison, which is critical and holds NULL. Empty: nothing is wrong.
[[nodiscard]] std::vector<base::Error> lint_precertificate(base::BytesView to_be_signed,
                                                           base::BytesView certificate);

}  // namespace cairn::pki
