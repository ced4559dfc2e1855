#include "net/url.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/ip_address.h"
#include "net/ascii.h"

namespace cairn::net {
namespace {

constexpr std::size_t max_url = 2000;
constexpr std::size_t max_host_name = 253;
constexpr std::size_t max_label = 63;

bool is_hex_digit(char character) {
    return is_ascii_digit(character) ||
           (ascii_lower(character) >= 'a' && ascii_lower(character) <= 'f');
}

/// Path and query consist of pchar, "/" and "?", with whole percent-encodings (RFC 3986 sections
/// 3.3 and 3.4).
bool is_target(std::string_view text) {
    for (std::size_t index = 0; index < text.size(); ++index) {
        const char character = text[index];
        if (character == '%') {
            if (text.size() - index < 3 || !is_hex_digit(text[index + 1]) ||
                !is_hex_digit(text[index + 2])) {
                return false;
            }
            index += 2;
        } else if (!is_ascii_letter(character) && !is_ascii_digit(character) &&
                   !std::string_view("-._~!$&'()*+,;=:@/?").contains(character)) {
            return false;
        }
    }
    return true;
}

/// True for a name that a resolver of the operating system would take for an IPv4 address, in
/// spellings such as "127.1" and "0x7f000001".
bool ends_in_number(std::string_view host) {
    const auto last = host.substr(host.rfind('.') + 1);
    const bool hexadecimal = last.starts_with("0x");
    return std::ranges::all_of(last.substr(hexadecimal ? 2 : 0),
                               hexadecimal ? is_hex_digit : is_ascii_digit);
}

/// Letters, digits, hyphens and underscores in labels, as host names have them in practice.
bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > max_host_name) return false;
    std::size_t label = 0;
    for (const char character : host) {
        if (character == '.') {
            if (label == 0) return false;
            label = 0;
        } else if (++label > max_label ||
                   !(is_ascii_letter(character) || is_ascii_digit(character) || character == '-' ||
                     character == '_')) {
            return false;
        }
    }
    return label > 0;
}

/// RFC 3986 section 5.2.4, for a path that begins with "/".
std::string without_dot_segments(std::string_view path) {
    std::string output;
    while (!path.empty()) {
        const auto next = path.find('/', 1);
        const auto segment = path.substr(0, next);
        const bool last = next == std::string_view::npos;
        path = last ? std::string_view() : path.substr(next);
        if (segment == "/.") {
            if (last) output += '/';
        } else if (segment == "/..") {
            output.resize(output.empty() ? 0 : output.rfind('/'));
            if (last) output += '/';
        } else {
            output += segment;
        }
    }
    return output;
}

std::string normal_target(std::string_view target) {
    const auto query = std::min(target.find('?'), target.size());
    return without_dot_segments(target.substr(0, query)).append(target.substr(query));
}

/// The scheme of a reference, without the colon, if it has one (RFC 3986 section 3.1).
std::optional<std::string_view> scheme_of(std::string_view reference) {
    const auto colon = reference.find(':');
    if (colon == std::string_view::npos || colon == 0 || !is_ascii_letter(reference[0])) {
        return std::nullopt;
    }
    const auto scheme = reference.substr(0, colon);
    const bool proper = std::ranges::all_of(scheme, [](char character) {
        return is_ascii_letter(character) || is_ascii_digit(character) ||
               std::string_view("+-.").contains(character);
    });
    return proper ? std::optional(scheme) : std::nullopt;
}

}  // namespace

base::Result<Url> Url::from_text(std::string_view text) {
    const auto refuse = [&](std::string_view why) {
        return base::fail("the URL \"" + base::printable(text) + "\" " + std::string(why));
    };
    if (text.size() > max_url) return refuse("is longer than 2000 octets");
    const auto scheme = scheme_of(text);
    if (!scheme) return refuse("is not absolute");
    Url url;
    url.https_ = same_ignoring_case(*scheme, "https");
    if (!url.https_ && !same_ignoring_case(*scheme, "http")) return refuse("is not http or https");
    auto rest = text.substr(scheme->size() + 1);
    if (!rest.starts_with("//")) return refuse("has no host");
    rest.remove_prefix(2);
    const auto authority = rest.substr(0, rest.find_first_of("/?#"));
    const auto target = rest.substr(authority.size());
    if (target.contains('#')) return refuse("has a fragment");
    if (!is_target(target)) return refuse("has characters that a URL cannot have");
    url.target_ = (target.starts_with('/') ? "" : "/") + std::string(target);

    if (authority.contains('@')) return refuse("names a user");
    std::string_view host = authority;
    std::string_view port;
    if (authority.starts_with('[')) {
        const auto closing = authority.find(']');
        if (closing == std::string_view::npos) return refuse("has a bracket that is not closed");
        host = authority.substr(1, closing - 1);
        port = authority.substr(closing + 1);
        const auto address = base::IpAddress::from_lenient_text(host);
        if (!address || address->family() != base::IpAddress::Family::v6) {
            return refuse("has brackets around something that is not an IPv6 address");
        }
        url.host_ = address->to_string();
        url.host_is_address_ = true;
    } else {
        host = authority.substr(0, authority.find(':'));
        port = authority.substr(host.size());
        std::string name = ascii_lower(host);
        if (name.ends_with('.')) name.pop_back();
        if (!is_host_name(name)) return refuse("has no proper host");
        url.host_is_address_ = ends_in_number(name);
        if (url.host_is_address_ && !base::IpAddress::from_text(name)) {
            return refuse("has an IPv4 address in an unusual spelling");
        }
        url.host_ = std::move(name);
    }

    url.port_ = url.https_ ? 443 : 80;
    if (!port.empty()) {
        if (port[0] != ':') return refuse("has something between its host and its path");
        port.remove_prefix(1);
    }
    if (!port.empty()) {
        const char* const begin = port.data();
        const char* const end = begin + port.size();
        const auto [past, error] = std::from_chars(begin, end, url.port_);
        if (error != std::errc{} || past != end || url.port_ == 0 || port.size() > 5) {
            return refuse("has a port that is not 1 to 65535");
        }
    }
    return url;
}

base::Result<Url> Url::resolve(std::string_view reference) const {
    if (reference.size() > max_url) return base::fail("the URL is longer than 2000 octets");
    // A fragment may stand in a Location (RFC 9110 section 10.2.2), but is not asked for.
    reference = reference.substr(0, reference.find('#'));

    std::string text;
    const std::string_view base_path = std::string_view(target_).substr(0, target_.find('?'));
    if (scheme_of(reference)) {
        text = reference;
    } else if (reference.starts_with("//")) {
        text = std::string(https_ ? "https:" : "http:").append(reference);
    } else {
        text = std::string(https_ ? "https://" : "http://") + authority();
        if (reference.empty()) {
            text += target_;
        } else if (reference.starts_with('/')) {
            text += reference;
        } else if (reference.starts_with('?')) {
            text.append(base_path).append(reference);
        } else {
            text.append(base_path.substr(0, base_path.rfind('/') + 1)).append(reference);
        }
    }
    auto url = from_text(text);
    if (url) url->target_ = normal_target(url->target_);
    return url;
}

std::string Url::authority() const {
    const bool is_v6 = host_is_address_ && host_.contains(':');
    std::string text = is_v6 ? "[" + host_ + "]" : host_;
    if (port_ != (https_ ? 443 : 80)) text += ":" + std::to_string(port_);
    return text;
}

std::string Url::to_string() const {
    return (https_ ? "https://" : "http://") + authority() + target_;
}

}  // namespace cairn::net
