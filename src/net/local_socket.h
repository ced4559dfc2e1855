#pragma once
// Private to net and http: sockets in the file system, for peers on the same machine.

#include <cstdint>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace cairn::net {

/// A socket at a path that only its owner (and root) may connect to, and nobody else even for the
/// moment in which it is made. It is removed with this object.
class LocalListener {
  public:
    using Acceptor = boost::asio::local::stream_protocol::acceptor;

    /// Takes the place of a socket that nobody listens on any more. Throws std::runtime_error, with
    /// the path, if somebody does, if something else is there, or if the path is too long (more
    /// than 107 octets).
    LocalListener(const boost::asio::any_io_executor& executor, std::string path);
    ~LocalListener();
    LocalListener(const LocalListener&) = delete;
    LocalListener& operator=(const LocalListener&) = delete;

    /// Given away once.
    [[nodiscard]] Acceptor take_acceptor() { return std::move(acceptor_); }
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
    Acceptor acceptor_;
};

/// The user whose process is at the other end of a local socket; none if the system cannot tell.
[[nodiscard]] std::optional<std::uint32_t> user_of_peer(int local_socket);

}  // namespace cairn::net
