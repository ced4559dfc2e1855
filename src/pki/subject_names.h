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
    /// How many entries are of another kind (e-mail, otherName, directoryName, ...).
    std::size_t other_names = 0;
    /// uniformResourceIdentifier entries as they stand: printable ASCII without spaces. One with
    /// anything else counts as another name.
    std::vector<std::string> uris{};

    /// How many entries there are of all kinds.
    [[nodiscard]] std::size_t count() const {
        return dns_names.size() + ip_addresses.size() + other_names + uris.size();
    }

    friend bool operator==(const SubjectNames&, const SubjectNames&) = default;
};

}  // namespace cairn::pki
