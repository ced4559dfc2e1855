#include "dns/query_exclusions.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace cairn::dns::query_exclusions_test {
namespace {

using base::IpAddress;
using base::IpNetwork;

bool is_asked(const std::vector<std::string>& excluded, std::string_view address) {
    const auto read = IpAddress::from_lenient_text(address).value();
    return std::ranges::none_of(excluded, [&](const std::string& text) {
        return IpNetwork::from_text(text).value().contains(read);
    });
}

TEST(QueryExclusions, AreAllThatIsNotPublic) {
    const auto excluded = networks_not_to_ask({}, {});
    for (const auto* address : {"0.0.0.0",
                                "10.1.2.3",
                                "100.64.0.1",
                                "127.0.0.1",
                                "169.254.169.254",
                                "172.31.0.1",
                                "192.0.0.9",
                                "192.0.2.1",
                                "192.88.99.1",
                                "192.168.1.1",
                                "198.19.0.1",
                                "203.0.113.9",
                                "224.0.0.1",
                                "255.255.255.255",
                                "::1",
                                "::",
                                "::ffff:10.0.0.1",
                                "64:ff9b::a00:1",
                                "100::1",
                                "2001::1",
                                "2001:db8::1",
                                "2002:a00:1::1",
                                "3fff::1",
                                "fc00::1",
                                "fd00::1",
                                "fe80::1",
                                "ff02::1",
                                "5f00::1",
                                "8.8.8.8",
                                "9.9.9.9",
                                "192.0.1.1",
                                "198.20.0.1",
                                "223.255.255.255",
                                "2001:4860:4860::8888",
                                "2600::1",
                                "2a00::1",
                                "3ffe::1",
                                "100.128.0.1",
                                "172.32.0.1"})
        EXPECT_EQ(is_asked(excluded, address),
                  base::is_public(IpAddress::from_lenient_text(address).value()))
            << address;
}

TEST(QueryExclusions, LeaveOutWhatTheOperatorNames) {
    const std::vector<IpNetwork> allowed{IpNetwork::from_text("10.1.0.0/16").value(),
                                         IpNetwork::from_text("fd00:1::/32").value()};
    const std::vector<IpAddress> servers{IpAddress::from_text("192.168.7.53").value(),
                                         IpAddress::from_text("::1").value()};
    const auto excluded = networks_not_to_ask(allowed, servers);
    for (const auto* address : {"10.1.0.1", "10.1.255.255", "192.168.7.53", "fd00:1::53", "::1"})
        EXPECT_TRUE(is_asked(excluded, address)) << address;
    for (const auto* address : {"10.0.255.255", "10.2.0.0", "192.168.7.52", "192.168.7.54",
                                "fd00:2::1", "::", "::2", "127.0.0.1"})
        EXPECT_FALSE(is_asked(excluded, address)) << address;
}

TEST(QueryExclusions, AWholeFamilyCanBeAllowed) {
    const std::vector<IpNetwork> all{IpNetwork::from_text("0.0.0.0/0").value(),
                                     IpNetwork::from_text("::/0").value()};
    EXPECT_TRUE(networks_not_to_ask(all, {}).empty());
}

}  // namespace
}  // namespace cairn::dns::query_exclusions_test
