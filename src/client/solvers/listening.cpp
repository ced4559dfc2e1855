#include "client/solvers/listening.h"

#include <fmt/format.h>

#include "net/socket_address.h"

namespace cairn::client {

base::Result<Listening> Listening::from_text(std::string_view text, std::uint16_t port) {
    if (text.empty())
        return Listening{fmt::format("0.0.0.0:{}", port), fmt::format("[::]:{}", port)};
    const auto address = net::SocketAddress::from_text(text);
    if (!address) return std::unexpected(address.error());
    return Listening{address->to_string(), {}};
}

std::string Listening::to_string() const {
    return ipv6_address.empty() ? address : std::string();
}

Failure cannot_listen(std::string_view address, std::string_view reason) {
    return {fmt::format("answer challenges at {}", address), std::string(reason),
            "stop what uses the port, run as root or with CAP_NET_BIND_SERVICE, or use another "
            "--solver (webroot:DIR works beside a web server)."};
}

}  // namespace cairn::client
