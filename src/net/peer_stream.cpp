#include "net/peer_stream.h"

#include <cerrno>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>

#include "net/client_network.h"

namespace cairn::net {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);

/// For how long, and how much of it, input of a refused peer is read and dropped.
constexpr std::chrono::seconds linger_time{2};
constexpr std::size_t linger_octets = 1 << 20;

bool would_block() {
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

// OpenSSL's own socket BIO writes without MSG_NOSIGNAL, so a peer that leaves would raise SIGPIPE.
int socket_of(BIO* bio) {
    return static_cast<PeerStream::Socket*>(BIO_get_data(bio))->native_handle();
}

int bio_send(BIO* bio, const char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto sent = ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0 && would_block()) BIO_set_retry_write(bio);
    return static_cast<int>(sent);
}

int bio_receive(BIO* bio, char* data, int size) {
    BIO_clear_retry_flags(bio);
    const auto got = ::recv(socket_of(bio), data, static_cast<std::size_t>(size), 0);
    if (got < 0 && would_block()) BIO_set_retry_read(bio);
    return static_cast<int>(got);
}

long bio_control(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* socket_method() {
    static const BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "peer");
        crypto::require(made != nullptr, "BIO_meth_new");
        BIO_meth_set_write(made, bio_send);
        BIO_meth_set_read(made, bio_receive);
        BIO_meth_set_ctrl(made, bio_control);
        return made;
    }();
    return method;
}

}  // namespace

std::optional<base::IpAddress> address_of_peer(const tcp::socket& socket) {
    boost::system::error_code error;
    const auto address = socket.remote_endpoint(error).address();
    if (error) return std::nullopt;
    const auto read = [](const auto& octets) { return *base::IpAddress::from_octets(octets); };
    return address.is_v4() ? read(address.to_v4().to_bytes())
                           : unmapped(read(address.to_v6().to_bytes()));
}

PeerStream::PeerStream(Socket socket) : socket_(std::move(socket)) {
    socket_.native_non_blocking(true);
    const auto family = socket_.local_endpoint().protocol().family();
    if (family != AF_UNIX) socket_.set_option(tcp::no_delay(true));
}

void PeerStream::check_deadline(SteadyTime now) {
    if (now < deadline_) return;
    deadline_passed_ = true;
    give_up();
}

void PeerStream::give_up() {
    given_up_ = true;
    boost::system::error_code ignored;
    socket_.cancel(ignored);
}

base::Task<bool> PeerStream::wait(Socket::wait_type type) {
    if (given_up_) co_return false;
    const auto [error] = co_await socket_.async_wait(type, awaitable_tuple);
    // After `give_up` one more attempt is made, so that a request that has already arrived is
    // served.
    co_return !error || given_up_;
}

base::Task<bool> PeerStream::wait_for_tls(int ssl_error) {
    if (ssl_error == SSL_ERROR_WANT_READ) co_return co_await wait(Socket::wait_read);
    if (ssl_error == SSL_ERROR_WANT_WRITE) co_return co_await wait(Socket::wait_write);
    co_return false;
}

base::Task<std::optional<std::uint8_t>> PeerStream::first_octet() {
    for (;;) {
        std::uint8_t octet = 0;
        const auto got = ::recv(socket_.native_handle(), &octet, 1, MSG_PEEK);
        if (got == 1) co_return octet;
        if (got == 0 || !would_block()) co_return std::nullopt;
        if (!co_await wait(Socket::wait_read)) co_return std::nullopt;
    }
}

std::string_view PeerStream::peek(std::span<char> room) {
    const auto got = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_PEEK);
    return {room.data(), got < 0 ? 0 : static_cast<std::size_t>(got)};
}

base::Task<bool> PeerStream::receive_plain(std::span<char> room) {
    while (!room.empty()) {
        const auto got = ::recv(socket_.native_handle(), room.data(), room.size(), 0);
        if (got > 0) {
            room = room.subspan(static_cast<std::size_t>(got));
        } else if (got == 0 || !would_block() || !co_await wait(Socket::wait_read)) {
            co_return false;
        }
    }
    co_return true;
}

bool PeerStream::is_peer_proved() const {
    return tls_ != nullptr && SSL_get0_peer_certificate(tls_.get()) != nullptr &&
           SSL_get_verify_result(tls_.get()) == X509_V_OK;
}

base::Task<std::optional<PeerStream::HandshakeFailure>> PeerStream::accept_tls(
    crypto::SslHandle server_end) {
    using Handshake = HandshakeEnd;
    tls_ = std::move(server_end);
    BIO* const bio = BIO_new(socket_method());
    crypto::require(bio != nullptr, "BIO_new");
    BIO_set_data(bio, &socket_);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls_.get(), bio, bio);
    SSL_set_accept_state(tls_.get());
    for (;;) {
        ERR_clear_error();
        const int result = SSL_do_handshake(tls_.get());
        if (result == 1) co_return std::nullopt;
        const int error = SSL_get_error(tls_.get(), result);
        if (error == SSL_ERROR_SSL) {
            HandshakeFailure failure{.kind = Handshake::failed, .reason = crypto::openssl_error()};
            tls_.reset();
            co_return failure;
        }
        if (!co_await wait_for_tls(error)) {
            tls_.reset();
            HandshakeFailure failure{.kind = Handshake::left, .reason = "the peer left"};
            if (deadline_passed_)
                failure = {.kind = Handshake::timed_out, .reason = "took too long"};
            co_return failure;
        }
    }
}

base::Task<std::size_t> PeerStream::read_some(std::span<char> room, Expect expect) {
    if (expect == Expect::later && !(tls_ && SSL_has_pending(tls_.get()) == 1)) {
        if (!co_await wait(Socket::wait_read)) co_return 0;
    }
    for (;;) {
        if (tls_) {
            ERR_clear_error();
            std::size_t got = 0;
            const int result = SSL_read_ex(tls_.get(), room.data(), room.size(), &got);
            if (result == 1) co_return got;
            if (!co_await wait_for_tls(SSL_get_error(tls_.get(), result))) co_return 0;
        } else {
            const auto got = ::recv(socket_.native_handle(), room.data(), room.size(), 0);
            if (got >= 0) co_return static_cast<std::size_t>(got);
            if (!would_block() || !co_await wait(Socket::wait_read)) co_return 0;
        }
    }
}

base::Task<bool> PeerStream::write(std::string_view octets) {
    while (!octets.empty()) {
        if (tls_) {
            ERR_clear_error();
            std::size_t sent = 0;
            const int result = SSL_write_ex(tls_.get(), octets.data(), octets.size(), &sent);
            if (result == 1) co_return true;
            if (!co_await wait_for_tls(SSL_get_error(tls_.get(), result))) co_return false;
        } else {
            const auto sent =
                ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_NOSIGNAL);
            if (sent >= 0) {
                octets.remove_prefix(static_cast<std::size_t>(sent));
            } else if (!would_block() || !co_await wait(Socket::wait_write)) {
                co_return false;
            }
        }
    }
    co_return true;
}

base::Task<void> PeerStream::close_after_answer() {
    close();
    set_deadline(std::chrono::steady_clock::now() + linger_time);
    for (std::size_t dropped = 0; dropped < linger_octets;) {
        // With this flag TCP discards received octets instead of copying them: tcp(7).
        const auto got = ::recv(socket_.native_handle(), nullptr, linger_octets, MSG_TRUNC);
        if (got > 0) {
            dropped += static_cast<std::size_t>(got);
        } else if (got == 0 || !would_block() || !co_await wait(Socket::wait_read)) {
            co_return;
        }
    }
}

void PeerStream::close() {
    if (tls_) {
        ERR_clear_error();
        SSL_shutdown(tls_.get());
        ERR_clear_error();
    }
    boost::system::error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

const asio::any_io_executor& PeerStream::executor() {
    return socket_.get_executor();
}

}  // namespace cairn::net
