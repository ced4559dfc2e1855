#include "protocol/contact.h"

#include <algorithm>
#include <string>

#include "protocol/identifier.h"

namespace cairn::protocol {
namespace {

constexpr std::string_view scheme = "mailto:";
// RFC 5321 section 4.5.3.1, where a path has two more octets than its address.
constexpr std::size_t max_address_length = 254;
constexpr std::size_t max_local_part_length = 64;

bool has_mailto_scheme(std::string_view url) {
    return std::ranges::equal(url.substr(0, scheme.size()), scheme, [](char left, char right) {
        return left == right || (left >= 'A' && left <= 'Z' && left - 'A' + 'a' == right);
    });
}

/// The characters of an atom (RFC 5322 section 3.2.3) that need no escape in a mailto URL.
bool is_atom_character(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') ||
           std::string_view("!$'*+-_~^`{|}").find(character) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
    if (text.empty() || text.front() == '.' || text.back() == '.') return false;
    if (text.find("..") != std::string_view::npos) return false;
    return std::ranges::all_of(
        text, [](char character) { return character == '.' || is_atom_character(character); });
}

std::optional<std::string> flaw_of_address(std::string_view address) {
    if (address.find('?') != std::string_view::npos) return "header fields are not allowed";
    if (address.find(',') != std::string_view::npos) return "only one address is allowed";
    if (address.size() > max_address_length) return "the address is longer than 254 octets";
    const std::size_t at = address.find('@');
    if (at == std::string_view::npos) return "the address has no @";
    if (at > max_local_part_length) return "the part before the @ is longer than 64 octets";
    if (!is_dot_atom(address.substr(0, at))) return "the part before the @ is not a dot-atom";
    const base::Result<DnsName> domain = DnsName::from_text(address.substr(at + 1));
    if (!domain) return "the part after the @: " + domain.error().message;
    return std::nullopt;
}

}  // namespace

std::optional<Problem> contact_problem(std::string_view url) {
    if (!has_mailto_scheme(url)) {
        return Problem(ProblemType::unsupported_contact,
                       "contact " + base::printable(url, 100) + ": only mailto URLs are taken");
    }
    if (std::optional<std::string> flaw = flaw_of_address(url.substr(scheme.size()))) {
        return Problem(ProblemType::invalid_contact,
                       "contact " + base::printable(url, 100) + ": " + *flaw);
    }
    return std::nullopt;
}

}  // namespace cairn::protocol
