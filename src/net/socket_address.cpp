#include "net/socket_address.h"

#include <charconv>

namespace cairn::net {

base::Result<SocketAddress> SocketAddress::from_text(std::string_view text,
                                                     std::optional<std::uint16_t> default_port) {
    const auto refuse = [&](std::string_view why) {
        return base::fail("\"" + base::printable(text) + "\": " + std::string(why));
    };
    std::string_view host = text;
    std::string_view port;
    bool has_port = false;
    const bool bracketed = text.starts_with('[');
    if (bracketed) {
        const auto closing = text.find(']');
        if (closing == std::string_view::npos) return refuse("the bracket is not closed");
        host = text.substr(1, closing - 1);
        port = text.substr(closing + 1);
        has_port = !port.empty();
        if (has_port && !port.starts_with(':')) return refuse("a port follows a colon");
    } else if (const auto colon = text.find(':');
               colon != std::string_view::npos && colon == text.rfind(':')) {
        host = text.substr(0, colon);
        port = text.substr(colon);
        has_port = true;
    }
    if (!has_port && !default_port) return refuse("it is not ADDRESS:PORT");

    const auto address = base::IpAddress::from_lenient_text(host);
    if (!address) return refuse("its host is not an IP address");
    const bool is_v6 = address->family() == base::IpAddress::Family::v6;
    if (is_v6 != bracketed && (has_port || bracketed)) {
        return refuse("brackets are for IPv6 addresses, before a port");
    }
    SocketAddress result{*address, default_port.value_or(0)};
    if (has_port) {
        port.remove_prefix(1);
        const char* const begin = port.data();
        const char* const end = begin + port.size();
        const auto [past, error] = std::from_chars(begin, end, result.port);
        if (error != std::errc{} || past != end) return refuse("its port is not 0 to 65535");
    }
    return result;
}

std::string SocketAddress::to_string() const {
    return address.to_url_host() + ":" + std::to_string(port);
}

}  // namespace cairn::net
