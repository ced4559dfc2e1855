#include "ca/facts/pull_forward.h"

#include <algorithm>

namespace cairn::ca {

bool PullForward::is_about(const IssuedCertificate& certificate) const {
    const auto last = std::min(issued_before, created);
    if (certificate.issued > last) return false;
    if (issued_after && certificate.issued < *issued_after) return false;
    if (issuer && certificate.issuer != *issuer) return false;
    if (!profile.empty() && !certificate.profile.empty() && certificate.profile != profile)
        return false;
    return serials.empty() || std::ranges::find(serials, certificate.serial) != serials.end();
}

}  // namespace cairn::ca
