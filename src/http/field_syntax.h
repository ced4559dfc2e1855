#pragma once
// Private to http: of what octets the parts of a message may consist.

#include <algorithm>
#include <array>
#include <string_view>

#include "net/ascii.h"

namespace cairn::http {

using OctetSet = std::array<bool, 256>;

/// The octets for which `belongs` is true.
constexpr OctetSet octets_where(auto&& belongs) {
    OctetSet set{};
    for (unsigned octet = 0; octet < set.size(); ++octet) set[octet] = belongs(octet);
    return set;
}

/// Of methods and field names (RFC 9110 section 5.6.2).
inline constexpr OctetSet token_octets = octets_where([](unsigned octet) {
    const char character = static_cast<char>(octet);
    return octet < 128 && (net::is_ascii_digit(character) || net::is_ascii_letter(character) ||
                           std::string_view("!#$%&'*+-.^_`|~").contains(character));
});
/// Of field values: visible characters, obs-text, space and tab (RFC 9110 section 5.5).
inline constexpr OctetSet value_octets =
    octets_where([](unsigned octet) { return octet == '\t' || (octet >= 0x20 && octet != 0x7f); });

/// True if all of `text` is in the set; also if it is empty.
constexpr bool consists_of(const OctetSet& set, std::string_view text) {
    return std::ranges::all_of(
        text, [&](char character) { return set[static_cast<unsigned char>(character)]; });
}

/// `text` without the spaces and tabs at its ends (RFC 9110 section 5.6.3).
constexpr std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace cairn::http
