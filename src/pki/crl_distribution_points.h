#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "pki/certificate.h"

namespace cairn::pki {

/// The URLs in a CRLDistributionPoints extension (RFC 5280 section 4.2.1.13): those of points that
/// list every reason and are signed by the certificate's own issuer, in order, at most 10. An error
/// if it is not well-formed.
[[nodiscard]] base::Result<std::vector<std::string>> crl_urls_in(base::BytesView extension);
/// The URLs where the revocation lists are that this certificate would stand in; none if it names
/// none, or what it names cannot be read.
[[nodiscard]] std::vector<std::string> crl_urls_of(const Certificate& certificate);

}  // namespace cairn::pki
