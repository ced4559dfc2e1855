#include "apps/ca/listeners.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/ca/operator_command.h"
#include "net/socket_address.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

/// How long a listener of this machine may take to accept.
constexpr int patience_ms = 3000;

/// A stream socket for one address.
class Socket {
  public:
    explicit Socket(const net::SocketAddress& where) {
        const auto octets = where.address.octets();
        if (where.address.family() == base::IpAddress::Family::v4) {
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(where.port);
            std::memcpy(&address.sin_addr, octets.data(), octets.size());
            std::memcpy(&address_, &address, sizeof address);
            length_ = sizeof address;
        } else {
            sockaddr_in6 address{};
            address.sin6_family = AF_INET6;
            address.sin6_port = htons(where.port);
            std::memcpy(&address.sin6_addr, octets.data(), octets.size());
            std::memcpy(&address_, &address, sizeof address);
            length_ = sizeof address;
        }
        file_ = ::socket(address_.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    ~Socket() {
        if (file_ >= 0) ::close(file_);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// 0, or why not: an errno.
    [[nodiscard]] int listen() const {
        if (file_ < 0) return errno;
        const int yes = 1;
        ::setsockopt(file_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (address_.ss_family == AF_INET6)
            ::setsockopt(file_, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
        if (::bind(file_, generic(), length_) != 0) return errno;
        return ::listen(file_, 1) == 0 ? 0 : errno;
    }
    [[nodiscard]] int connect() const {
        if (file_ < 0) return errno;
        if (::connect(file_, generic(), length_) == 0) return 0;
        if (errno != EINPROGRESS) return errno;
        pollfd ready{.fd = file_, .events = POLLOUT, .revents = 0};
        if (::poll(&ready, 1, patience_ms) != 1) return ETIMEDOUT;
        int reason = 0;
        socklen_t size = sizeof reason;
        if (::getsockopt(file_, SOL_SOCKET, SO_ERROR, &reason, &size) != 0) return errno;
        return reason;
    }

  private:
    [[nodiscard]] const sockaddr* generic() const {
        return reinterpret_cast<const sockaddr*>(&address_);
    }

    sockaddr_storage address_{};
    socklen_t length_ = 0;
    int file_ = -1;
};

std::string error_text(int reason) {
    return std::generic_category().message(reason);
}

}  // namespace

std::optional<std::string> why_not_to_listen(const std::string& listen) {
    const auto where = net::SocketAddress::from_text(listen);
    if (!where) return "cannot listen on " + where.error().message;
    const int reason = Socket(*where).listen();
    if (reason == 0) return std::nullopt;
    auto text = "cannot listen on " + listen + ": " + error_text(reason);
    if (reason == EADDRINUSE) text += "; stop what has it (ss -ltnp), or listen elsewhere";
    if (reason == EACCES) text += "; ports below 1024 are root's, or need CAP_NET_BIND_SERVICE";
    if (reason == EADDRNOTAVAIL) text += "; this machine has no such address";
    return text;
}

std::optional<std::string> why_nobody_answers(const std::string& listen) {
    auto where = net::SocketAddress::from_text(listen);
    if (!where) return "cannot connect to " + where.error().message;
    // What listens on every address is reached by that of this machine.
    for (const auto& [any, own] : {std::pair{"0.0.0.0", "127.0.0.1"}, std::pair{"::", "::1"}})
        if (where->address.to_string() == any) where->address = *base::IpAddress::from_text(own);
    const int reason = Socket(*where).connect();
    if (reason == 0) return std::nullopt;
    return "the server runs, and " + listen + " is not answered: " + error_text(reason) +
           "; was the address changed since it started?";
}

std::optional<std::string> operator_socket_finding(const fs::path& folder) {
    const auto path = operator_socket(folder);
    if (path.native().size() < sizeof(sockaddr_un{}.sun_path)) return std::nullopt;
    return path.string() +
           " is longer than the path of a socket may be: the operator's commands need a shorter "
           "one while the server runs";
}

bool is_program(const std::string& word) {
    if (word.contains('/')) return ::access(word.c_str(), X_OK) == 0;
    const char* path = std::getenv("PATH");
    std::string_view folders = path == nullptr ? "/usr/bin:/bin" : path;
    while (!folders.empty()) {
        const auto folder = folders.substr(0, folders.find(':'));
        if (!folder.empty() && ::access((fs::path(folder) / word).c_str(), X_OK) == 0) return true;
        folders.remove_prefix(std::min(folders.size(), folder.size() + 1));
    }
    return false;
}

}  // namespace cairn::apps
