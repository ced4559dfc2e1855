#include "http/proxy_header.h"

#include "net/client_network.h"

namespace cairn::http {
namespace {

constexpr std::string_view signature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::string_view version_1_start = "PROXY ";

// The octet behind the signature: version and command.
constexpr std::uint8_t version_2 = 0x20;
constexpr std::uint8_t command_local = 0;
constexpr std::uint8_t command_proxy = 1;
// The next one: address family and transport.
constexpr std::uint8_t unspecified = 0x00;
constexpr std::uint8_t tcp_over_ipv4 = 0x11;
constexpr std::uint8_t tcp_over_ipv6 = 0x21;

std::size_t number_at(base::BytesView octets, std::size_t at) {
    return static_cast<std::size_t>(octets[at]) << 8U | octets[at + 1];
}

// Section 2.2: each a type, a length of two octets, and so many octets. None of them is needed
// here.
bool are_records(base::BytesView octets) {
    constexpr std::size_t head = 3;
    while (!octets.empty()) {
        if (octets.size() < head) return false;
        const auto size = number_at(octets, 1);
        if (size > octets.size() - head) return false;
        octets = octets.subspan(head + size);
    }
    return true;
}

}  // namespace

ProxyHeader::Beginning ProxyHeader::beginning_of(std::string_view octets) {
    if (octets.starts_with(signature)) return Beginning::version_2;
    if (octets.starts_with(version_1_start)) return Beginning::version_1;
    return Beginning::no_header;
}

base::Result<std::size_t> ProxyHeader::size_of_rest(base::BytesView fixed) {
    if (fixed.size() < fixed_size || !base::text_of(fixed).starts_with(signature))
        return base::fail("it does not begin with the signature of version 2");
    if ((fixed[12] & 0xf0U) != version_2) return base::fail("its version is not 2");
    if ((fixed[12] & 0x0fU) > command_proxy) return base::fail("its command is unknown");
    const auto size = number_at(fixed, 14);
    if (size > longest_rest) return base::fail("it is longer than any header has to be");
    return size;
}

base::Result<ProxyHeader> ProxyHeader::from_octets(base::BytesView octets) {
    const auto size = size_of_rest(octets);
    if (!size) return std::unexpected(size.error());
    if (octets.size() != fixed_size + *size) return base::fail("it is cut short, or too long");
    ProxyHeader header;
    // Whatever else such a header holds is to be ignored.
    if ((octets[12] & 0x0fU) == command_local) return header;
    const auto rest = octets.subspan(fixed_size);
    // Two addresses, the client's first, and two ports.
    const auto read_client = [&](std::size_t address_size) -> base::Result<ProxyHeader> {
        const auto block = 2 * address_size + 4;
        if (rest.size() < block) return base::fail("it has no room for its addresses");
        if (!are_records(rest.subspan(block))) return base::fail("its records are malformed");
        header.client_ = net::unmapped(*base::IpAddress::from_octets(rest.first(address_size)));
        return header;
    };
    switch (octets[13]) {
        case unspecified:
            return header;
        case tcp_over_ipv4:
            return read_client(4);
        case tcp_over_ipv6:
            return read_client(16);
        default:
            return base::fail("it is not about a TCP connection");
    }
}

}  // namespace cairn::http
