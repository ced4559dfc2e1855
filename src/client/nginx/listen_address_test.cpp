#include "client/nginx/listen_address.h"

#include <gtest/gtest.h>

namespace cairn::client::nginx::listen_address_test {
namespace {

std::string read(std::string_view text) {
    const auto tree = SyntaxTree::parse("listen " + std::string(text) + ";");
    const auto address = ListenAddress::from(tree->directives().front());
    if (!address) return "refused";
    auto said = listen_text(address->host, address->first_port);
    if (address->last_port != address->first_port) said += "-" + std::to_string(address->last_port);
    if (address->is_default) said += " default";
    if (address->is_tls) said += " tls";
    if (address->is_quic) said += " quic";
    if (address->speaks_proxy_protocol) said += " proxied";
    if (address->ipv6_only) said += *address->ipv6_only ? " only6" : " both";
    return said + " at " + address->host.reachable_at();
}

TEST(NginxListenAddress, ReadsEveryForm) {
    EXPECT_EQ(read("80"), "80 at 127.0.0.1");
    EXPECT_EQ(read("*:8080 default_server"), "8080 default at 127.0.0.1");
    EXPECT_EQ(read("*"), "80 at 127.0.0.1");
    EXPECT_EQ(read("0.0.0.0:80"), "80 at 127.0.0.1");
    EXPECT_EQ(read("192.0.2.1"), "192.0.2.1:80 at 192.0.2.1");
    EXPECT_EQ(read("[::]:443 ssl http2 ipv6only=off"), "[::]:443 tls both at ::1");
    EXPECT_EQ(read("[0:0::1]"), "[::1]:80 at ::1");
    EXPECT_EQ(read("[2001:DB8::1]:80 ipv6only=on"), "[2001:db8::1]:80 only6 at 2001:db8::1");
    EXPECT_EQ(read("LocalHost:81 proxy_protocol"), "localhost:81 proxied at localhost");
    EXPECT_EQ(read("127.0.0.1:8000-8010"), "127.0.0.1:8000-8010 at 127.0.0.1");
    EXPECT_EQ(read("unix:/run/web.sock"), "unix:/run/web.sock at ");
    EXPECT_EQ(read("443 quic reuseport"), "443 quic at 127.0.0.1");
    EXPECT_EQ(read("\"80\" default"), "80 default at 127.0.0.1");
    for (const auto* const text : {"[::", "[1.2.3.4]:80", "[::]x", "1.2.3.4:0", "a:99999"})
        EXPECT_EQ(read(text), "refused") << text;
}

}  // namespace
}  // namespace cairn::client::nginx::listen_address_test
