#pragma once
// Private to the tests of http: a server that answers as badly as a test wants.

#include <atomic>
#include <csignal>
#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "crypto/openssl.h"

namespace cairn::http {

/// A connection to a RawServer, in the hands of the test's script.
class RawPeer {
  public:
    RawPeer(int socket, SSL* tls) : socket_(socket), tls_(tls) {}

    /// What the client sent up to the end of its header; empty if it left before.
    std::string receive_header() {
        std::string header;
        while (!header.ends_with("\r\n\r\n")) {
            char octet = 0;
            const auto got = tls_ != nullptr ? SSL_read(tls_, &octet, 1)
                                             : static_cast<int>(::recv(socket_, &octet, 1, 0));
            if (got <= 0) return {};
            header += octet;
        }
        return header;
    }
    /// False if the client has left.
    bool send(std::string_view text) {
        if (tls_ != nullptr) return SSL_write(tls_, text.data(), static_cast<int>(text.size())) > 0;
        return ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) > 0;
    }
    /// Waits until the client leaves.
    void stall() {
        char octet = 0;
        while (::recv(socket_, &octet, 1, 0) > 0) {
        }
    }
    /// Ends the connection without TLS's goodbye.
    void cut() { tls_ = nullptr; }
    /// The client has left, or will within `patience`.
    [[nodiscard]] bool leaves_within(std::chrono::milliseconds patience) const {
        pollfd event{socket_, POLLRDHUP, 0};
        return ::poll(&event, 1, static_cast<int>(patience.count())) == 1;
    }
    [[nodiscard]] SSL* tls() { return tls_; }

  private:
    int socket_;
    SSL* tls_;
};

/// Listens on 127.0.0.1 and gives each connection to a script, on a thread of its own. With a
/// context it speaks TLS; a client whose handshake fails comes to no script.
class RawServer {
  public:
    using Script = std::function<void(RawPeer&)>;
    explicit RawServer(Script script, SSL_CTX* context = nullptr)
        : script_(std::move(script)),
          context_(context),
          listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
            ::listen(listener_, 64) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("listen");
        port_ = ":" + std::to_string(ntohs(address.sin_port));
        // OpenSSL writes without MSG_NOSIGNAL.
        std::signal(SIGPIPE, SIG_IGN);
        threads_.emplace_back([this] { accept_all(); });
    }
    ~RawServer() {
        {
            const std::scoped_lock lock(mutex_);
            closing_ = true;
            ::shutdown(listener_, SHUT_RDWR);
            for (const int socket : sockets_) ::shutdown(socket, SHUT_RDWR);
        }
        threads_.front().join();
        for (std::size_t index = 1; index < threads_.size(); ++index) threads_[index].join();
        ::close(listener_);
    }
    RawServer(const RawServer&) = delete;
    RawServer& operator=(const RawServer&) = delete;

    /// ":40123".
    [[nodiscard]] const std::string& port() const { return port_; }
    /// How many connections there have been.
    [[nodiscard]] int connections() const { return connections_; }

  private:
    void accept_all() {
        for (;;) {
            const int socket = ::accept(listener_, nullptr, nullptr);
            if (socket < 0) return;
            const std::scoped_lock lock(mutex_);
            if (closing_) {
                ::close(socket);
                return;
            }
            ++connections_;
            sockets_.insert(socket);
            threads_.emplace_back([this, socket] { serve(socket); });
        }
    }
    void serve(int socket) {
        const timeval patience{20, 0};
        ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        crypto::SslHandle tls(context_ != nullptr ? SSL_new(context_) : nullptr);
        if (tls) SSL_set_fd(tls.get(), socket);
        if (!tls || SSL_accept(tls.get()) == 1) {
            RawPeer peer(socket, tls.get());
            script_(peer);
            if (peer.tls() != nullptr) SSL_shutdown(peer.tls());
        }
        const std::scoped_lock lock(mutex_);
        sockets_.erase(socket);
        ::close(socket);
    }

    Script script_;
    SSL_CTX* context_;
    int listener_;
    std::string port_;
    std::atomic<int> connections_ = 0;
    std::mutex mutex_;
    bool closing_ = false;
    std::set<int> sockets_;
    std::vector<std::thread> threads_;
};

}  // namespace cairn::http
