#pragma once
// Private to the tests of http: a client that speaks as badly as a test wants.

#include <cerrno>
#include <csignal>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "crypto/openssl.h"
#include "net/ascii.h"

namespace cairn::http {

/// A response as it was received.
struct RawReply {
    int status = 0;
    std::map<std::string, std::string> fields;  ///< names in lower case
    std::string body;
};

/// A client that sends exactly what the test says.
class RawClient {
  public:
    /// `source`: one of the addresses of this machine to come from, "127.0.0.2".
    explicit RawClient(const std::string& address, const char* source = nullptr)
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (source != nullptr) {
            sockaddr_in own{};
            own.sin_family = AF_INET;
            ::inet_pton(AF_INET, source, &own.sin_addr);
            if (::bind(socket_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0)
                throw std::runtime_error("bind");
        }
        const auto colon = address.rfind(':');
        sockaddr_in server{};
        server.sin_family = AF_INET;
        server.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
        ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &server.sin_addr);
        const timeval patience{20, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
            throw std::runtime_error("connect");
        }
    }
    ~RawClient() {
        tls_.reset();
        ::close(socket_);
    }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// Does a TLS handshake; false if it fails.
    [[nodiscard]] bool start_tls(SSL_CTX* context, SSL_SESSION* session = nullptr) {
        // OpenSSL writes without MSG_NOSIGNAL. Only this thread ignores that the server is gone:
        // the server's own must never need to.
        sigset_t broken_pipe;
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        tls_.reset(SSL_new(context));
        SSL_set_fd(tls_.get(), socket_);
        if (session != nullptr) SSL_set_session(tls_.get(), session);
        return SSL_connect(tls_.get()) == 1;
    }
    [[nodiscard]] SSL* tls() { return tls_.get(); }

    void send(std::string_view text) {
        while (!text.empty()) {
            std::size_t sent = 0;
            if (tls_) {
                if (SSL_write_ex(tls_.get(), text.data(), text.size(), &sent) != 1) return;
            } else {
                const auto result = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
                if (result < 0) return;
                sent = static_cast<std::size_t>(result);
            }
            text.remove_prefix(sent);
        }
    }
    void end_sending() { ::shutdown(socket_, SHUT_WR); }

    /// The next response; status 0 if the server has closed. `head`: it has no body.
    [[nodiscard]] RawReply receive(bool head = false) {
        RawReply reply;
        while (!received_.contains("\r\n\r\n")) {
            if (!fill()) return reply;
        }
        const auto end = received_.find("\r\n\r\n");
        const std::string header = received_.substr(0, end + 2);
        received_.erase(0, end + 4);
        reply.status = std::stoi(header.substr(header.find(' ') + 1, 3));
        std::size_t at = header.find("\r\n") + 2;
        while (at < header.size()) {
            const auto line_end = header.find("\r\n", at);
            const auto colon = header.find(": ", at);
            reply.fields[net::ascii_lower(header.substr(at, colon - at))] =
                header.substr(colon + 2, line_end - colon - 2);
            at = line_end + 2;
        }
        if (head || reply.status == 204 || reply.status == 100) return reply;
        const auto length = static_cast<std::size_t>(std::stoul(reply.fields["content-length"]));
        while (received_.size() < length && fill()) {
        }
        reply.body = received_.substr(0, length);
        received_.erase(0, length);
        return reply;
    }
    /// True if the server closes and has sent nothing more.
    [[nodiscard]] bool closed() { return received_.empty() && !fill() && !timed_out_; }
    /// True if the server has neither closed nor sent anything yet.
    [[nodiscard]] bool quiet() const {
        pollfd event{socket_, POLLIN, 0};
        return received_.empty() && ::poll(&event, 1, 0) == 0;
    }

  private:
    bool fill() {
        char buffer[16384];
        if (tls_) {
            std::size_t got = 0;
            if (SSL_read_ex(tls_.get(), buffer, sizeof buffer, &got) != 1) return false;
            received_.append(buffer, got);
            return true;
        }
        const auto got = ::recv(socket_, buffer, sizeof buffer, 0);
        if (got <= 0) {
            timed_out_ = got < 0 && errno == EAGAIN;
            return false;
        }
        received_.append(buffer, static_cast<std::size_t>(got));
        return true;
    }

    int socket_;
    crypto::SslHandle tls_;
    std::string received_;
    bool timed_out_ = false;
};

}  // namespace cairn::http
