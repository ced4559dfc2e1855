#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace cairn::client::nginx {

/// A question to a server of this machine.
struct HttpQuestion {
    /// An address or name, and its port.
    std::string address;
    std::uint16_t port = 80;
    /// What the connection begins with: a header of the PROXY protocol (version 1), or nothing.
    bool speaks_proxy_protocol = false;
    /// As the Host header says it.
    std::string host;
    std::string path;
    std::chrono::milliseconds patience = std::chrono::seconds{5};
};

/// What came back, at most a few KiB.
struct HttpSight {
    int status = 0;
    std::string body;
};

/// Asks once over a connection of its own. Blocks. The error says what went wrong.
[[nodiscard]] base::Result<HttpSight> look_at_http(const HttpQuestion& question);

}  // namespace cairn::client::nginx
