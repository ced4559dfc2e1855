#include "ca/facts/uri_pattern.h"

#include <algorithm>
#include <optional>

#include "protocol/identifier.h"

namespace cairn::ca {

namespace {

constexpr std::size_t max_length = 2048;  // SPIFFE-ID section 2.3
constexpr std::size_t max_segments = 64;

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_scheme(std::string_view text) {
    return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || is_digit(c) || c == '+' || c == '-' || c == '.';
           });
}

bool is_segment(std::string_view text) {
    return !text.empty() && text != "." && text != ".." && std::ranges::all_of(text, [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
    });
}

bool is_variable(std::string_view text) {
    return text.size() > 2 && text.starts_with('{') && text.ends_with('}') &&
           std::ranges::all_of(text.substr(1, text.size() - 2),
                               [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

/// A URI taken apart; views into its text.
struct Parts {
    std::string_view scheme, authority;
    std::vector<std::string_view> segments;
};

template <class IsSegment>
base::Result<Parts> take_apart(std::string_view text, IsSegment is_allowed) {
    if (text.size() > max_length) return base::fail("it is longer than 2048 octets");
    const auto colon = text.find("://");
    Parts parts{.scheme = text.substr(0, colon), .authority = {}, .segments = {}};
    if (colon == std::string_view::npos || !is_scheme(parts.scheme))
        return base::fail("it does not begin with a scheme in lower case and \"://\"");
    auto rest = text.substr(colon + 3);
    auto slash = rest.find('/');
    parts.authority = rest.substr(0, slash);
    const auto authority = protocol::DnsName::from_text(parts.authority);
    if (!authority || authority->text() != parts.authority)
        return base::fail("its authority is not a domain name in lower case");
    while (slash != std::string_view::npos) {
        rest.remove_prefix(slash + 1);
        slash = rest.find('/');
        const auto segment = rest.substr(0, slash);
        if (!is_allowed(segment))
            return base::fail(
                "its path has a segment that is empty, or has other characters than "
                "letters, digits and -._~");
        parts.segments.push_back(segment);
        if (parts.segments.size() > max_segments)
            return base::fail("its path has more than 64 segments");
    }
    return parts;
}

}  // namespace

base::Result<void> check_uri_name(std::string_view text) {
    const auto parts = take_apart(text, is_segment);
    if (!parts) return std::unexpected(parts.error());
    return {};
}

base::Result<UriPattern> UriPattern::from_text(std::string_view text) {
    const auto parts = take_apart(
        text, [](std::string_view segment) { return is_segment(segment) || is_variable(segment); });
    if (!parts) return std::unexpected(parts.error());
    return UriPattern(std::string(text));
}

bool UriPattern::matches(std::string_view uri) const {
    const auto value = take_apart(uri, is_segment);
    if (!value) return false;
    const auto own = take_apart(text_, [](std::string_view) { return true; });
    return own && own->scheme == value->scheme && own->authority == value->authority &&
           std::ranges::equal(own->segments, value->segments,
                              [](std::string_view wanted, std::string_view given) {
                                  return wanted == given || is_variable(wanted);
                              });
}

}  // namespace cairn::ca
