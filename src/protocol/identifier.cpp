#include "protocol/identifier.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>

#include <idn2.h>

#include "base/enum_table.h"

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

/// Errors of libidn2 for labels that decode and are in NFC, but that IDNA2008 does not allow. Which
/// characters a zone registers is the zone's decision; emoji, for example, are in use.
constexpr std::array rules_of_registries = {
    IDN2_2HYPHEN,    IDN2_HYPHEN_STARTEND,  IDN2_LEADING_COMBINING,
    IDN2_DISALLOWED, IDN2_CONTEXTJ,         IDN2_CONTEXTJ_NO_RULE,
    IDN2_CONTEXTO,   IDN2_CONTEXTO_NO_RULE, IDN2_UNASSIGNED,
    IDN2_BIDI,
};

/// True if the decoded label has a control character (U+0080 to U+009F; ASCII ones cannot occur),
/// which is never intended.
bool has_control_character(const std::string& label) {
    char* decoded = nullptr;
    const int status = idn2_to_unicode_8z8z(label.c_str(), &decoded, 0);
    const std::unique_ptr<char, decltype(&idn2_free)> owner(decoded, &idn2_free);
    if (status != IDN2_OK) return true;
    const std::string_view text = decoded;
    for (auto at = text.find('\xc2'); at != std::string_view::npos;
         at = text.find('\xc2', at + 1)) {
        if (static_cast<unsigned char>(text[at + 1]) < 0xa0) return true;
    }
    return false;
}

/// Nothing for a P-Label (BR 1.6.1) in NFC: the part after "xn--" is the output of the Punycode
/// algorithm for some text (RFC 3492 section 6.3). Decoding is one to one, so what decodes also
/// encodes to the same label.
std::optional<std::string> flaw_of_a_label(const std::string& label) {
    const auto* octets = reinterpret_cast<const std::uint8_t*>(label.c_str());
    std::uint8_t* encoded = nullptr;
    // Decodes first, then looks for NFC, then for the rest.
    const int status = idn2_register_u8(nullptr, octets, &encoded, 0);
    const std::unique_ptr<std::uint8_t, decltype(&idn2_free)> owner(encoded, &idn2_free);
    if (status == IDN2_OK && label == reinterpret_cast<const char*>(encoded)) return std::nullopt;
    const auto* const rule =
        std::ranges::find(rules_of_registries, status, [](idn2_rc code) { return int{code}; });
    if (rule != rules_of_registries.end() && !has_control_character(label)) return std::nullopt;
    return "the label " + label + " does not stand for a name: " + idn2_strerror(status);
}

/// True for a last label that makes parsers read the host as an IPv4 address: "1", "0x7f", "0x"
/// (WHATWG URL, "ends in a number").
bool is_number(std::string_view label) {
    if (!label.starts_with("0x")) return std::ranges::all_of(label, is_digit);
    return label.find_first_not_of("0123456789abcdef", 2) == std::string_view::npos;
}

/// What is wrong with a label in lower case.
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
            // No top-level domain is a number.
            if (is_number(label)) {
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
    static constexpr base::EnumTable<IdentifierType, std::string_view> names({
        {IdentifierType::dns, "dns"},
        {IdentifierType::ip, "ip"},
    });
    return names[type];
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
