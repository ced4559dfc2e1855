#pragma once

#include <string>
#include <vector>

#include "base/ip_address.h"

namespace cairn::pki {

/// What a subjectAltName extension holds.
struct SubjectNames {
    /// dNSName entries as they stand, in their own case and order. Printable ASCII without spaces
    /// only; a SAN with anything else (NUL, UTF-8) is refused where it is parsed.
    std::vector<std::string> dns_names;
    std::vector<base::IpAddress> ip_addresses;
    /// How many entries are of another kind (e-mail, URI, otherName, directoryName, ...).
    std::size_t other_names = 0;

    friend bool operator==(const SubjectNames&, const SubjectNames&) = default;
};

}  // namespace cairn::pki
