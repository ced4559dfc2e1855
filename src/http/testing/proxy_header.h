#pragma once
// Private to the tests of http: headers of the PROXY protocol, as a proxy sends them.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip_address.h"

namespace cairn::http {

/// A header of version 2 with these octets for command and family, and behind the length.
inline std::string proxy_header(std::uint8_t command, std::uint8_t family, std::string_view rest) {
    std::string octets("\r\n\r\n\0\r\nQUIT\n", 12);
    octets += static_cast<char>(command);
    octets += static_cast<char>(family);
    octets += static_cast<char>(rest.size() >> 8U);
    octets += static_cast<char>(rest.size() & 0xffU);
    return octets.append(rest);
}

/// The header for a client with this address, followed by `records`.
inline std::string proxy_header_of(std::string_view client, std::string_view records = {}) {
    const auto address = *base::IpAddress::from_lenient_text(client);
    const bool is_v4 = address.family() == base::IpAddress::Family::v4;
    std::string rest(base::text_of(address.octets()));
    rest += rest;  // the proxy's own address does not matter
    rest.append("\x9c\x40\x01\xbb", 4).append(records);
    return proxy_header(0x21, is_v4 ? 0x11 : 0x21, rest);
}

}  // namespace cairn::http
