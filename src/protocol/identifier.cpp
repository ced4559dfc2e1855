#include "protocol/identifier.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>

#include <idn2.h>

namespace cairn::protocol {
namespace {

constexpr std::size_t max_name_length = 253;
constexpr std::size_t max_label_length = 63;
constexpr std::string_view wildcard_prefix = "*.";

char to_lower(char character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character - 'A' + 'a')
                                                : character;
}

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

bool is_letter_digit_hyphen(char character) {
    return (character >= 'a' && character <= 'z') || is_digit(character) || character == '-';
}

/// Decodes the label, applies the rules for registration (RFC 5891 section 4, with NFC, contextual
/// and Bidi rules) and encodes it again; all but the same label back is an error.
std::optional<std::string> flaw_of_a_label(const std::string& label) {
    const auto* octets = reinterpret_cast<const std::uint8_t*>(label.c_str());
    std::uint8_t* encoded = nullptr;
    const int status = idn2_register_u8(nullptr, octets, &encoded, 0);
    const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owner(encoded, &idn2_free);
    if (status == IDN2_OK && label == reinterpret_cast<const char*>(encoded)) return std::nullopt;
    return "the label " + label + " is not valid in IDNA2008: " + idn2_strerror(status);
}

/// What is wrong with a label whose letters are small.
std::optional<std::string> flaw_of_label(std::string_view label) {
    if (label.empty()) return "a label is empty";
    if (label.size() > max_label_length) return "a label is longer than 63 octets";
    if (!std::ranges::all_of(label, is_letter_digit_hyphen)) {
        return "only letters, digits and hyphens can stand in a label";
    }
    if (label.front() == '-' || label.back() == '-') return "a hyphen begins or ends a label";
    if (label.size() < 4 || label.substr(2, 2) != "--") return std::nullopt;
    if (!label.starts_with("xn--")) {
        return "a label has \"--\" in third and fourth place, but does not begin with xn";
    }
    return flaw_of_a_label(std::string(label));
}

}  // namespace

base::Result<DnsName> DnsName::from_text(std::string_view text) {
    if (text.empty()) return base::fail("the name is empty");
    if (text.size() > max_name_length) return base::fail("the name is longer than 253 octets");
    std::string name(text);
    std::ranges::transform(name, name.begin(), to_lower);

    std::string_view rest = name;
    while (true) {
        const std::size_t dot = rest.find('.');
        const std::string_view label = rest.substr(0, dot);
        if (std::optional<std::string> flaw = flaw_of_label(label)) {
            return base::fail(std::move(*flaw));
        }
        if (dot == std::string_view::npos) {
            // No top-level domain is a number; such a name is read as an IPv4 address by many.
            if (std::ranges::all_of(label, is_digit)) {
                return base::fail("the last label is a number, as in an address");
            }
            return DnsName(std::move(name));
        }
        rest.remove_prefix(dot + 1);
    }
}

std::size_t DnsName::label_count() const {
    return 1 + static_cast<std::size_t>(std::ranges::count(text_, '.'));
}

std::string_view to_string(IdentifierType type) {
    return type == IdentifierType::dns ? "dns" : "ip";
}

base::Result<Identifier> Identifier::dns(std::string_view value) {
    if (value.size() > max_name_length) return base::fail("the name is longer than 253 octets");
    const bool wildcard = value.starts_with(wildcard_prefix);
    if (wildcard) value.remove_prefix(wildcard_prefix.size());
    base::Result<DnsName> name = DnsName::from_text(value);
    if (!name) return std::unexpected(std::move(name.error()));
    return of(*name, wildcard);
}

base::Result<Identifier> Identifier::ip(std::string_view value) {
    const base::Result<base::IpAddress> address = base::IpAddress::from_text(value);
    if (!address) return std::unexpected(address.error());
    return of(*address);
}

Identifier Identifier::of(const base::IpAddress& address) {
    return {IdentifierType::ip, address.to_string(), false};
}

Identifier Identifier::of(const DnsName& name, bool wildcard) {
    return {IdentifierType::dns, name.text(), wildcard};
}

std::string Identifier::value() const {
    return wildcard_ ? std::string(wildcard_prefix) + base_value_ : base_value_;
}

DnsName Identifier::dns_name() const {
    if (type_ != IdentifierType::dns) throw std::logic_error("the identifier is not a name");
    return DnsName(base_value_);
}

base::IpAddress Identifier::ip_address() const {
    if (type_ != IdentifierType::ip) throw std::logic_error("the identifier is not an address");
    return base::IpAddress::from_text(base_value_).value();
}

}  // namespace cairn::protocol
