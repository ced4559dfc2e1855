#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/doctor/lookups.h"
#include "client/doctor/observation.h"

namespace cairn::client::doctor {

/// Where web servers are looked for in place of 80 and 443, as a CA may be configured to.
struct WebPorts {
    std::uint16_t http = 80, https = 443;
};

/// Redirects that are followed: as many as a CA follows at most.
inline constexpr std::size_t max_redirects = 10;

/// Asks each of these addresses of `host` for `target` at port 80 as a CA does: redirects to http
/// and https are followed, their certificates not judged, other ports and schemes are not followed.
/// At most `max_places` addresses, side by side; each request ends after five seconds, and each way
/// after twenty.
[[nodiscard]] std::vector<WebView> look_at_web(const std::string& host, const std::string& target,
                                               const std::vector<base::IpAddress>& addresses,
                                               const WebPorts& ports, Lookups& lookups);
/// Connects to each of these addresses of `host` at port 443.
[[nodiscard]] std::vector<Connection> look_at_port_443(
    const std::string& host, const std::vector<base::IpAddress>& addresses, const WebPorts& ports);

inline constexpr std::size_t max_places = 8;

}  // namespace cairn::client::doctor
