#include "base/ip_address.h"

#include <algorithm>
#include <charconv>
#include <span>

#include <arpa/inet.h>
#include <fmt/format.h>

namespace cairn::base {
namespace {

using Octets = std::array<std::uint8_t, 16>;

/// True if the first `prefix` bits of both are the same.
bool share_prefix(std::span<const std::uint8_t> left, std::span<const std::uint8_t> right,
                  int prefix) {
    const auto whole = static_cast<std::size_t>(prefix / 8);
    if (!std::ranges::equal(left.first(whole), right.first(whole))) return false;
    const int rest = prefix % 8;
    return rest == 0 || (left[whole] ^ right[whole]) >> (8 - rest) == 0;
}

std::string v6_text(const Octets& octets) {
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < 8; ++i) {
        groups[i] = static_cast<unsigned>(octets[2 * i] << 8 | octets[2 * i + 1]);
    }
    // RFC 5952 section 4.2: the longest run of zeros is shortened, the first one of several, and
    // never a single group.
    std::size_t run_start = 8;
    std::size_t run_length = 1;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t length = 0;
        while (i + length < 8 && groups[i + length] == 0) ++length;
        if (length > run_length) {
            run_start = i;
            run_length = length;
        }
    }
    std::string text;
    for (std::size_t i = 0; i < 8;) {
        if (i == run_start) {
            text += "::";
            i += run_length;
            continue;
        }
        if (!text.empty() && text.back() != ':') text += ':';
        text += fmt::format("{:x}", groups[i]);
        ++i;
    }
    return text;
}

struct Block {
    Octets base;
    int prefix;
};

/// https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast (RFC 5771).
constexpr Block reserved_v4[] = {
    {{0}, 8},              // this network
    {{10}, 8},             // private use
    {{100, 64}, 10},       // shared address space
    {{127}, 8},            // loopback
    {{169, 254}, 16},      // link-local
    {{172, 16}, 12},       // private use
    {{192, 0, 0}, 24},     // IETF protocol assignments
    {{192, 0, 2}, 24},     // documentation
    {{192, 31, 196}, 24},  // AS112
    {{192, 52, 193}, 24},  // automatic multicast tunnelling
    {{192, 88, 99}, 24},   // 6to4 relay, deprecated
    {{192, 168}, 16},      // private use
    {{192, 175, 48}, 24},  // AS112, direct delegation
    {{198, 18}, 15},       // benchmarking
    {{198, 51, 100}, 24},  // documentation
    {{203, 0, 113}, 24},   // documentation
    {{224}, 4},            // multicast
    {{240}, 4},            // reserved, and limited broadcast
};

/// All that IANA has allocated for global unicast (RFC 4291 section 2.4).
constexpr Block global_v6 = {{0x20}, 3};

/// https://www.iana.org/assignments/iana-ipv6-special-registry, as far as it is within `global_v6`.
constexpr Block reserved_v6[] = {
    {{0x20, 0x01}, 23},                          // IETF protocol assignments, Teredo, ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32},              // documentation
    {{0x20, 0x02}, 16},                          // 6to4
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48},  // AS112, direct delegation
    {{0x3f, 0xff}, 20},                          // documentation
};

}  // namespace

Result<IpAddress> IpAddress::from_text(std::string_view text) {
    auto address = from_lenient_text(text);
    if (address && address->to_string() != text) {
        return fail("IP address is not in canonical form: " + address->to_string());
    }
    return address;
}

Result<IpAddress> IpAddress::from_lenient_text(std::string_view text) {
    // The length is bounded and NUL excluded before the text goes to a C function.
    if (text.size() >= INET6_ADDRSTRLEN || text.contains('\0')) return fail("not an IP address");
    const std::string terminated(text);
    IpAddress address;
    if (inet_pton(AF_INET, terminated.c_str(), address.octets_.data()) == 1) return address;
    address.family_ = Family::v6;
    if (inet_pton(AF_INET6, terminated.c_str(), address.octets_.data()) == 1) return address;
    return fail("not an IP address");
}

Result<IpAddress> IpAddress::from_octets(BytesView octets) {
    if (octets.size() != 4 && octets.size() != 16) return fail("IP address is not 4 or 16 octets");
    IpAddress address;
    address.family_ = octets.size() == 4 ? Family::v4 : Family::v6;
    std::ranges::copy(octets, address.octets_.begin());
    return address;
}

std::string IpAddress::to_string() const {
    if (family_ == Family::v6) return v6_text(octets_);
    return fmt::format("{}.{}.{}.{}", octets_[0], octets_[1], octets_[2], octets_[3]);
}

std::string IpAddress::to_url_host() const {
    return family_ == Family::v4 ? to_string() : "[" + to_string() + "]";
}

std::string IpAddress::reverse_name() const {
    if (family_ == Family::v4) {
        return fmt::format("{}.{}.{}.{}.in-addr.arpa", octets_[3], octets_[2], octets_[1],
                           octets_[0]);
    }
    std::string name;
    for (auto octet = octets_.rbegin(); octet != octets_.rend(); ++octet) {
        name += fmt::format("{:x}.{:x}.", *octet & 0x0f, *octet >> 4);
    }
    return name + "ip6.arpa";
}

Result<IpNetwork> IpNetwork::from_text(std::string_view text) {
    const std::size_t slash = text.find('/');
    auto base = IpAddress::from_lenient_text(text.substr(0, slash));
    if (!base) return std::unexpected(base.error());
    const int longest = static_cast<int>(base->octets().size() * 8);
    if (slash == std::string_view::npos) return IpNetwork(*base, longest);

    const std::string_view digits = text.substr(slash + 1);
    int prefix = -1;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), prefix);
    if (error != std::errc{} || end != digits.end() || prefix < 0 || prefix > longest) {
        return fail(fmt::format("prefix length is not a number from 0 to {}", longest));
    }
    for (int bit = prefix; bit < longest; ++bit) {
        if ((base->octets()[static_cast<std::size_t>(bit / 8)] >> (7 - bit % 8) & 1) != 0) {
            return fail("address has bits beyond its prefix");
        }
    }
    return IpNetwork(*base, prefix);
}

bool IpNetwork::contains(const IpAddress& address) const {
    return address.family() == base_.family() &&
           share_prefix(address.octets(), base_.octets(), prefix_);
}

std::string IpNetwork::to_string() const {
    return fmt::format("{}/{}", base_.to_string(), prefix_);
}

bool is_public(const IpAddress& address) {
    const auto within = [&](const Block& block) {
        return share_prefix(address.octets(), block.base, block.prefix);
    };
    if (address.family() == IpAddress::Family::v4) return std::ranges::none_of(reserved_v4, within);
    return within(global_v6) && std::ranges::none_of(reserved_v6, within);
}

}  // namespace cairn::base
