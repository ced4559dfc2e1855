#include "va/redirect.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace cairn::va {

namespace {

/// Where path and query of a reference begin (RFC 3986 section 4.2); its end if it has none.
std::size_t begin_of_target(std::string_view reference) {
    constexpr std::string_view ends_authority = "/?#";
    std::size_t authority = std::string_view::npos;
    const auto first = reference.find_first_of(ends_authority);
    if (reference.starts_with("//"))
        authority = 2;
    else if (first != std::string_view::npos && first > 0 && reference[first - 1] == ':' &&
             reference.substr(first).starts_with("//"))
        authority = first + 2;
    if (authority == std::string_view::npos) return 0;
    return std::min(reference.find_first_of(ends_authority, authority), reference.size());
}

/// What no URL may hold, and browsers take in paths and queries all the same (WHATWG URL section
/// 4.4): blanks, brackets, text in UTF-8.
bool wants_encoding(unsigned char octet) {
    constexpr unsigned char first_beyond_ascii = 0x80;
    return octet >= first_beyond_ascii ||
           std::string_view(" \"<>[]\\^`{|}").contains(static_cast<char>(octet));
}

/// `location` with its path and query as a request line can have them (RFC 3986 section 2.1).
std::string encoded(std::string_view location) {
    const auto target = begin_of_target(location);
    std::string text(location.substr(0, target));
    for (const char character : location.substr(target)) {
        const auto octet = static_cast<unsigned char>(character);
        if (wants_encoding(octet))
            text += fmt::format("%{:02X}", octet);
        else
            text += character;
    }
    return text;
}

}  // namespace

bool is_redirect(unsigned status) {
    return status == 301 || status == 302 || status == 307 || status == 308;
}

std::optional<std::uint16_t> port_to_dial(const net::Url& url, const Settings& settings) {
    const auto port = url.port();
    if (port == 80) return settings.http_port;
    if (port == 443) return settings.https_port;
    if (port == settings.http_port || port == settings.https_port) return port;
    return std::nullopt;
}

base::Result<net::Url> redirect_target(const net::Url& from, std::string_view location,
                                       std::string_view validated_host, const Settings& settings) {
    auto url = from.resolve(encoded(location));
    if (!url) return std::unexpected(url.error());
    if (!port_to_dial(*url, settings)) {
        return base::fail(fmt::format("port {} is neither 80 nor 443", url->port()));
    }
    const std::string& host = url->host();
    if (url->host_is_address() || host == validated_host) return url;
    if (host.find('.') == std::string::npos || host.ends_with(".localhost")) {
        return base::fail(
            fmt::format("the host \"{}\" is not a public name", base::printable(host)));
    }
    return url;
}

}  // namespace cairn::va
