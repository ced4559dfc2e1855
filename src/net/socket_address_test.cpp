#include "net/socket_address.h"

#include <gtest/gtest.h>

namespace cairn::net::socket_address_test {
namespace {

TEST(SocketAddress, ReadsAddressAndPort) {
    EXPECT_EQ(SocketAddress::from_text("127.0.0.1:14000")->to_string(), "127.0.0.1:14000");
    EXPECT_EQ(SocketAddress::from_text("[::1]:0")->to_string(), "[::1]:0");
    EXPECT_EQ(SocketAddress::from_text("127.0.0.1:8053", 53)->to_string(), "127.0.0.1:8053");
    EXPECT_EQ(SocketAddress::from_text("127.0.0.1", 53)->to_string(), "127.0.0.1:53");
    EXPECT_EQ(SocketAddress::from_text("::1", 53)->to_string(), "[::1]:53");
    EXPECT_EQ(SocketAddress::from_text("[::1]", 53)->to_string(), "[::1]:53");
    EXPECT_EQ(SocketAddress::from_text("2001:db8::1", 53)->port, 53);
}

TEST(SocketAddress, RefusesEverythingElse) {
    for (const char* text : {"", ":", "127.0.0.1", "::1", "[::1]", "127.0.0.1:", "127.0.0.1:65536",
                             "127.0.0.1:-1", "127.0.0.1:1x", "127.0.0.1: 1", "localhost:80", "[::1",
                             "[::1]80", "[127.0.0.1]:80", "[]:80", "127.1:80"}) {
        EXPECT_FALSE(SocketAddress::from_text(text)) << text;
    }
    for (const char* text : {"", "localhost", "[::1]:", "[::1]x", "::1:", "[127.0.0.1]"}) {
        EXPECT_FALSE(SocketAddress::from_text(text, 53)) << text;
    }
}

}  // namespace
}  // namespace cairn::net::socket_address_test
