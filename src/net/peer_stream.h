#pragma once
// Private to net and http: a connection's octets, plain or through TLS.

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <openssl/err.h>

#include "base/ip_address.h"
#include "base/task.h"
#include "crypto/openssl.h"
#include "net/handshake.h"

namespace cairn::net {

/// The address at the other end, without port; none if the peer has left.
[[nodiscard]] std::optional<base::IpAddress> address_of_peer(
    const boost::asio::ip::tcp::socket& socket);

/// A connection that was accepted, over TCP or a local socket, with or without TLS on it.
///
/// OpenSSL works on the socket itself: each operation is tried first and waits for the event loop
/// only if the kernel has nothing to give or take, so there is no buffer between the two, and a
/// connection at rest costs little memory. Used on its event loop alone.
class PeerStream {
  public:
    using Socket = boost::asio::generic::stream_protocol::socket;
    /// Throws boost::system::system_error if the socket is no longer usable.
    explicit PeerStream(Socket socket);
    PeerStream(const PeerStream&) = delete;
    PeerStream& operator=(const PeerStream&) = delete;

    using SteadyTime = std::chrono::steady_clock::time_point;
    /// When `check_deadline` makes this stream give up.
    void set_deadline(SteadyTime deadline) { deadline_ = deadline; }
    void check_deadline(SteadyTime now);
    [[nodiscard]] bool deadline_passed() const { return deadline_passed_; }
    /// Ends every wait, now and later, as if the peer had gone; what needs no wait is still done.
    void give_up();

    /// The first octet that the peer sends, without consuming it; none if it sends nothing.
    [[nodiscard]] base::Task<std::optional<std::uint8_t>> first_octet();
    /// Copies the next octets that have already arrived and fit into `room`, without consuming
    /// them.
    [[nodiscard]] std::string_view peek(std::span<char> room);
    /// Fills the buffer, without TLS; false if the peer leaves or takes too long.
    [[nodiscard]] base::Task<bool> receive_plain(std::span<char> room);
    struct HandshakeFailure {
        HandshakeEnd kind;
        std::string reason;
    };
    /// Does the TLS handshake as a server; returns what went wrong if it fails.
    [[nodiscard]] base::Task<std::optional<HandshakeFailure>> accept_tls(
        crypto::SslHandle server_end);
    /// The peer showed a certificate in the handshake, which the server's identity accepted.
    [[nodiscard]] bool is_peer_proved() const;
    enum class Expect { now, later };
    /// Receives at least one octet; 0 if the peer has ended, failed or taken too long. With
    /// `Expect::later` it waits before it tries, which saves a system call that would find nothing.
    [[nodiscard]] base::Task<std::size_t> read_some(std::span<char> room, Expect expect);
    /// Sends all; false if the peer failed or took too long.
    [[nodiscard]] base::Task<bool> write(std::string_view octets);
    /// Closes in order and, if the peer may still be sending, reads and drops a bounded amount, so
    /// that a reset does not overtake the last answer (RFC 9112 section 9.6).
    [[nodiscard]] base::Task<void> close_after_answer();
    /// Closes as far as that is possible without a wait.
    void close();

    [[nodiscard]] const boost::asio::any_io_executor& executor();

  private:
    /// Waits until the socket is readable or writable; false if the stream has given up.
    [[nodiscard]] base::Task<bool> wait(boost::asio::socket_base::wait_type type);
    [[nodiscard]] base::Task<bool> wait_for_tls(int ssl_error);

    Socket socket_;
    crypto::SslHandle tls_;
    SteadyTime deadline_ = SteadyTime::max();
    bool deadline_passed_ = false;
    bool given_up_ = false;
};

}  // namespace cairn::net
