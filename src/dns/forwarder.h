#pragma once
// Private to dns: one exchange with one forwarder (RFC 1035 section 4.2, RFC 7766).

#include <chrono>
#include <expected>
#include <span>
#include <string>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>

#include "base/bytes.h"
#include "base/task.h"
#include "net/socket_address.h"

namespace cairn::dns {

template <class Endpoint>
[[nodiscard]] Endpoint endpoint_of(const net::SocketAddress& server) {
    return Endpoint(boost::asio::ip::make_address(server.address.to_string()), server.port);
}

/// Why one server gave no answer.
struct NoAnswer {
    enum class Kind { silent, failed };
    Kind kind = Kind::failed;
    std::string reason;
};
template <class T>
using OrNoAnswer = std::expected<T, NoAnswer>;

/// One question to one server, and what came back.
struct Asked {
    base::Bytes query;
    OrNoAnswer<base::Bytes> message = std::unexpected(NoAnswer{});
};

/// Sends all these queries to one server at once, from one port; each has its own id. Each then has
/// what came back by the deadline. Throws base::Shortage.
[[nodiscard]] base::Task<void> ask_by_datagram(boost::asio::ip::udp::endpoint server,
                                               std::span<Asked> asked,
                                               std::chrono::steady_clock::time_point deadline);

/// The same for one query that a datagram cannot answer.
[[nodiscard]] base::Task<OrNoAnswer<base::Bytes>> ask_by_stream(
    boost::asio::ip::tcp::endpoint server, base::BytesView query,
    std::chrono::steady_clock::time_point deadline);

}  // namespace cairn::dns
