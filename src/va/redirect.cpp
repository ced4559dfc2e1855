#include "va/redirect.h"

#include <fmt/format.h>

namespace cairn::va {

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
    auto url = from.resolve(location);
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
