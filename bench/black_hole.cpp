#include "bench/black_hole.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cairn::bench {

namespace {

/// A connection on the loopback is made within microseconds if it is made at all.
constexpr int patience_milliseconds = 200;
constexpr int most_fillers = 8;

}  // namespace

BlackHole::BlackHole(const std::string& address, unsigned port) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, address.c_str(), &place.sin_addr);
    const auto* const bare = reinterpret_cast<const sockaddr*>(&place);
    const auto socket = [this] {
        sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
        return sockets_.back();
    };
    const auto fail = [&](const std::string& how) {
        close();
        throw std::runtime_error("a black hole at " + address + ":" + std::to_string(port) + ": " +
                                 how);
    };
    const int listener = socket();
    if (::bind(listener, bare, sizeof(place)) != 0 || ::listen(listener, 0) != 0)
        fail(std::strerror(errno));
    for (int i = 0; i < most_fillers; ++i) {
        pollfd filler{.fd = socket(), .events = POLLOUT, .revents = 0};
        if (::connect(filler.fd, bare, sizeof(place)) != 0 && errno != EINPROGRESS)
            fail(std::strerror(errno));
        if (::poll(&filler, 1, patience_milliseconds) == 0) return;
    }
    fail("the system makes connections that nobody takes");
}

BlackHole::~BlackHole() {
    close();
}

void BlackHole::close() {
    for (const int socket : sockets_) ::close(socket);
    sockets_.clear();
}

}  // namespace cairn::bench
