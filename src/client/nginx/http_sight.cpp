#include "client/nginx/http_sight.h"

#include <array>
#include <charconv>
#include <memory>
#include <string_view>
#include <system_error>

#include <errno.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include "client/durable_file.h"

namespace cairn::client::nginx {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t max_answer = 16384;

std::unexpected<base::Error> failed(std::string_view what, int error) {
    return base::fail(fmt::format("{}: {}", what, std::generic_category().message(error)));
}

/// Waits until the socket is ready; false if the time is over.
bool await(const FileDescriptor& socket, short events, Clock::time_point deadline) {
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        ::pollfd polled{socket.number(), events, 0};
        const int ready = left <= 0 ? 0 : ::poll(&polled, 1, static_cast<int>(left));
        if (ready < 0 && errno == EINTR) continue;
        return ready > 0;
    }
}

base::Result<FileDescriptor> connected(const HttpQuestion& question, Clock::time_point deadline) {
    ::addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    ::addrinfo* found = nullptr;
    const auto port = std::to_string(question.port);
    if (const int error = ::getaddrinfo(question.address.c_str(), port.c_str(), &hints, &found);
        error != 0)
        return base::fail(fmt::format("{}: {}", question.address, ::gai_strerror(error)));
    const std::unique_ptr<::addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
    FileDescriptor socket(
        ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return failed("socket", errno);
    if (::connect(socket.number(), found->ai_addr, found->ai_addrlen) != 0) {
        if (errno != EINPROGRESS) return failed("connect", errno);
        if (!await(socket, POLLOUT, deadline)) return failed("connect", ETIMEDOUT);
        int error = 0;
        ::socklen_t length = sizeof error;
        ::getsockopt(socket.number(), SOL_SOCKET, SO_ERROR, &error, &length);
        if (error != 0) return failed("connect", error);
    }
    return socket;
}

base::Result<HttpSight> parse(std::string_view answer) {
    constexpr std::string_view version = "HTTP/1.";
    HttpSight sight;
    if (!answer.starts_with(version) || answer.size() < 12)
        return base::fail("what came back is no HTTP");
    const auto status = answer.substr(9, 3);
    if (std::from_chars(status.data(), status.data() + status.size(), sight.status).ec !=
        std::errc())
        return base::fail("what came back is no HTTP");
    const auto body = answer.find("\r\n\r\n");
    if (body != std::string_view::npos) sight.body = answer.substr(body + 4);
    return sight;
}

}  // namespace

base::Result<HttpSight> look_at_http(const HttpQuestion& question) {
    const auto deadline = Clock::now() + question.patience;
    const auto socket = connected(question, deadline);
    if (!socket) return std::unexpected(socket.error());
    std::string request;
    if (question.speaks_proxy_protocol)
        request = question.address.contains(':')
                      ? fmt::format("PROXY TCP6 ::1 ::1 40000 {}\r\n", question.port)
                      : fmt::format("PROXY TCP4 127.0.0.1 127.0.0.1 40000 {}\r\n", question.port);
    // HTTP 1.0: the body comes as it is, and the connection ends behind it.
    request += fmt::format("GET {} HTTP/1.0\r\nHost: {}\r\nUser-Agent: cairn\r\n\r\n",
                           question.path, question.host);
    std::string_view unsent = request;
    while (!unsent.empty()) {
        if (!await(*socket, POLLOUT, deadline)) return failed("ask", ETIMEDOUT);
        const auto count = ::send(socket->number(), unsent.data(), unsent.size(), MSG_NOSIGNAL);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) return failed("ask", errno);
        unsent.remove_prefix(static_cast<std::size_t>(count));
    }
    std::string answer;
    std::array<char, 4096> part{};
    while (answer.size() < max_answer) {
        if (!await(*socket, POLLIN, deadline)) return failed("read the answer", ETIMEDOUT);
        const auto count = ::recv(socket->number(), part.data(), part.size(), 0);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) return failed("read the answer", errno);
        if (count == 0) break;
        answer.append(part.data(), static_cast<std::size_t>(count));
    }
    if (answer.empty()) return base::fail("the connection was closed without an answer");
    return parse(answer);
}

}  // namespace cairn::client::nginx
