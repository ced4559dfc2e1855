#include "client/apache/place.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace cairn::client::apache {

base::Result<std::uint16_t> port_number(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0)
        return base::fail(fmt::format("\"{}\" is no port", base::printable(text, 40)));
    return port;
}

base::Result<Place> Place::from_text(std::string_view text) {
    Place place;
    for (std::size_t at = 0; at < text.size();) {
        const auto comma = std::min(text.find(',', at), text.size());
        const auto part = text.substr(at, comma - at);
        at = comma + 1;
        const auto equals = part.find('=');
        const auto key = part.substr(0, equals);
        if (equals != std::string_view::npos && (key == "http-port" || key == "https-port")) {
            const auto port = port_number(part.substr(equals + 1));
            if (!port) return std::unexpected(port.error().within(key));
            (key == "http-port" ? place.http_port : place.https_port) = *port;
        } else if (part.find('/') != std::string_view::npos && place.folder.empty()) {
            place.folder = std::filesystem::absolute(part).lexically_normal();
        } else {
            return base::fail(
                fmt::format("\"{}\" is neither the folder of a configuration (as "
                            "/etc/apache2), nor http-port=PORT or https-port=PORT",
                            base::printable(part)));
        }
    }
    return place;
}

std::string Place::text() const {
    std::string text = folder.string();
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ",") + part; };
    if (http_port != 80) add(fmt::format("http-port={}", http_port));
    if (https_port != 443) add(fmt::format("https-port={}", https_port));
    return text;
}

}  // namespace cairn::client::apache
