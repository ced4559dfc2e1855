#include "dns/caa_record.h"

#include <algorithm>

#include "net/ascii.h"

namespace cairn::dns {
namespace {

bool is_letter_or_digit(char character) {
    const char lower = net::ascii_lower(character);
    return (lower >= 'a' && lower <= 'z') || net::is_ascii_digit(character);
}

bool is_blank(char character) {
    return character == ' ' || character == '\t';
}

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// Letters, digits, and dashes inside: both a label and a tag.
bool is_label(std::string_view text) {
    return !text.empty() && is_letter_or_digit(text.front()) && is_letter_or_digit(text.back()) &&
           std::ranges::all_of(text, [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

bool is_domain_name(std::string_view text) {
    for (;;) {
        const auto dot = text.find('.');
        if (!is_label(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

std::unexpected<base::Error> malformed(std::string_view what, std::string_view text) {
    return base::fail(std::string(what) + ": \"" + base::printable(text, 100) + "\"");
}

base::Result<std::pair<std::string, std::string>> read_parameter(std::string_view text) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) return malformed("a parameter has no =", text);
    const auto tag = without_blanks(text.substr(0, equals));
    const auto value = without_blanks(text.substr(equals + 1));
    const auto stands_in_value = [](char c) { return c > 0x20 && c < 0x7f && c != ';'; };
    if (!is_label(tag)) return malformed("the tag of a parameter is none", text);
    if (!std::ranges::all_of(value, stands_in_value))
        return malformed("the value of a parameter is none", text);
    return std::pair(net::ascii_lower(tag), std::string(value));
}

}  // namespace

base::Result<CaaIssuer> CaaIssuer::from_value(base::BytesView octets) {
    const auto value = base::text_of(octets);
    const auto semicolon = value.find(';');
    const auto domain = without_blanks(value.substr(0, semicolon));
    CaaIssuer issuer{.domain = net::ascii_lower(domain)};
    if (!domain.empty() && !is_domain_name(domain))
        return malformed("the issuer is no domain name", domain);
    if (semicolon == std::string_view::npos) return issuer;
    auto rest = without_blanks(value.substr(semicolon + 1));
    while (!rest.empty()) {
        const auto end = rest.find(';');
        auto parameter = read_parameter(without_blanks(rest.substr(0, end)));
        if (!parameter) return std::unexpected(parameter.error());
        issuer.parameters.push_back(std::move(*parameter));
        if (end == std::string_view::npos) break;
        rest = without_blanks(rest.substr(end + 1));
        if (rest.empty()) return malformed("nothing follows the last semicolon", value);
    }
    return issuer;
}

base::Result<std::optional<std::string_view>> CaaIssuer::parameter(std::string_view tag) const {
    std::optional<std::string_view> found;
    for (const auto& [name, value] : parameters) {
        if (name != tag) continue;
        if (found) return base::fail(std::string(tag) + " is given more than once");
        found = value;
    }
    return found;
}

std::vector<std::string> listed_methods(std::string_view value) {
    std::vector<std::string> methods;
    for (;;) {
        const auto comma = value.find(',');
        const auto method = value.substr(0, comma);
        if (!is_label(method)) return {};
        methods.push_back(net::ascii_lower(method));
        if (comma == std::string_view::npos) return methods;
        value.remove_prefix(comma + 1);
    }
}

}  // namespace cairn::dns
