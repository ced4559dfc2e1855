#include "dns/query_exclusions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace cairn::dns {
namespace {

using base::IpAddress;
using base::IpNetwork;

/// What base::is_public refuses, as networks.
constexpr std::array not_public{
    // https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
    "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/3",
    // all but 2000::/3, and within it https://www.iana.org/assignments/iana-ipv6-special-registry
    "::/3", "4000::/2", "8000::/1", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48",
    "3fff::/20"};

/// A network that can be halved.
struct Range {
    IpAddress base;
    int prefix;
};

Range range_of(std::string_view text) {
    const auto slash = text.find('/');
    Range range{IpAddress::from_lenient_text(text.substr(0, slash)).value(), 0};
    const auto digits = text.substr(slash + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), range.prefix);
    return range;
}

Range range_of(const IpNetwork& network) {
    return range_of(network.to_string());
}

Range range_of(const IpAddress& address) {
    return {address, static_cast<int>(address.octets().size() * 8)};
}

bool bit_of(const IpAddress& address, int bit) {
    const auto octet = address.octets()[static_cast<std::size_t>(bit / 8)];
    return ((octet >> (7 - bit % 8)) & 1) != 0;
}

bool contains(const Range& outer, const Range& inner) {
    if (outer.base.family() != inner.base.family() || outer.prefix > inner.prefix) return false;
    for (int bit = 0; bit < outer.prefix; ++bit)
        if (bit_of(outer.base, bit) != bit_of(inner.base, bit)) return false;
    return true;
}

/// The second half of a range that has more than one address.
Range second_half(const Range& range) {
    auto octets = base::copy_of(range.base.octets());
    octets[static_cast<std::size_t>(range.prefix / 8)] |=
        static_cast<std::uint8_t>(0x80 >> (range.prefix % 8));
    return {IpAddress::from_octets(octets).value(), range.prefix + 1};
}

/// Appends what is left of `range` without `hole`.
void add_without(const Range& range, const Range& hole, std::vector<Range>& left) {
    if (contains(hole, range)) return;
    if (!contains(range, hole)) return left.push_back(range);
    add_without({range.base, range.prefix + 1}, hole, left);
    add_without(second_half(range), hole, left);
}

}  // namespace

std::vector<std::string> networks_not_to_ask(std::span<const IpNetwork> allowed,
                                             std::span<const IpAddress> servers) {
    std::vector<Range> ranges;
    for (const auto* text : not_public) ranges.push_back(range_of(text));
    std::vector<Range> holes;
    for (const auto& network : allowed) holes.push_back(range_of(network));
    for (const auto& server : servers) holes.push_back(range_of(server));
    for (const auto& hole : holes) {
        std::vector<Range> left;
        for (const auto& range : ranges) add_without(range, hole, left);
        ranges = std::move(left);
    }
    std::vector<std::string> texts;
    for (const auto& [base, prefix] : ranges)
        texts.push_back(base.to_string() + "/" + std::to_string(prefix));
    return texts;
}

}  // namespace cairn::dns
