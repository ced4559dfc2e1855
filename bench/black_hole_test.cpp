#include "bench/black_hole.h"

#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "bench/child.h"

namespace cairn::bench::black_hole_test {
namespace {

TEST(BlackHole, MakesNoConnectionAndRefusesNone) {
    const auto port = free_port();
    const BlackHole hole("127.0.0.2", port);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(static_cast<std::uint16_t>(port));
    ::inet_pton(AF_INET, "127.0.0.2", &place.sin_addr);
    for (int i = 0; i < 3; ++i) {
        pollfd socket{.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                      .events = POLLOUT,
                      .revents = 0};
        EXPECT_NE(::connect(socket.fd, reinterpret_cast<const sockaddr*>(&place), sizeof(place)),
                  0);
        EXPECT_EQ(::poll(&socket, 1, 100), 0) << "its end was told";
        ::close(socket.fd);
    }
    EXPECT_THROW(BlackHole("127.0.0.2", port), std::runtime_error);
}

}  // namespace
}  // namespace cairn::bench::black_hole_test
