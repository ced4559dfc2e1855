#include "net/tls_probe.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/host_addresses.h"
#include "net/testing/stalled_lookups.h"

namespace cairn::net::tls_probe_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A socket that accepts connections, or does nothing with them.
class DumbServer {
  public:
    DumbServer() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
        ::listen(socket_, 1);
        socklen_t size = sizeof address;
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    DumbServer(const DumbServer&) = delete;
    DumbServer& operator=(const DumbServer&) = delete;
    ~DumbServer() { close(); }
    void close() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }
    [[nodiscard]] TlsProbe probe() const {
        return {.target = {base::IpAddress::from_text("127.0.0.1").value(), port_},
                .server_name = "a.example",
                .patience = std::chrono::milliseconds(200)};
    }

  private:
    int socket_;
    std::uint16_t port_ = 0;
};

TEST(TlsProbe, EndsWithItsPatience) {
    const DumbServer server;
    const auto sight = look_at_tls(server.probe());
    ASSERT_FALSE(sight);
    EXPECT_THAT(sight.error().message, HasSubstr("no TLS is spoken there"));
}

TEST(TlsProbe, TellsThatNobodyListens) {
    DumbServer server;
    const auto probe = server.probe();
    server.close();
    const auto sight = look_at_tls(probe);
    ASSERT_FALSE(sight);
    EXPECT_THAT(sight.error().message, HasSubstr("Connection refused"));
}

TEST(HostAddresses, OfAnAddressAreItself) {
    const auto addresses = addresses_of_host("192.0.2.1", 10s);
    ASSERT_TRUE(addresses);
    ASSERT_THAT(*addresses, SizeIs(1));
    EXPECT_EQ(addresses->front().to_string(), "192.0.2.1");
    EXPECT_EQ(addresses_of_host("::1", 10s)->front().to_string(), "::1");
}

TEST(HostAddresses, OfAHostAreThoseOfTheSystem) {
    const auto addresses = addresses_of_host("localhost", 10s);
    ASSERT_TRUE(addresses) << addresses.error().message;
    EXPECT_FALSE(addresses->empty());
    EXPECT_FALSE(addresses_of_host("no-such-host.invalid", 10s));
}

TEST(HostAddresses, AreNotWaitedForWithoutEnd) {
    const StalledLookups stalled;
    const auto addresses = addresses_of_host("a.stalled.test", 50ms);
    ASSERT_FALSE(addresses);
    EXPECT_THAT(addresses.error().message, HasSubstr("have not answered within 1 s"));
    EXPECT_TRUE(addresses_of_host("localhost", 10s)) << "others do not wait for it";
}

}  // namespace
}  // namespace cairn::net::tls_probe_test
