#include "base/ip_address.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace cairn::base::ip_address_test {
namespace {

IpAddress address(std::string_view text) {
    auto result = IpAddress::from_lenient_text(text);
    if (!result) throw std::invalid_argument(std::string(text));
    return *result;
}

TEST(IpAddress, ReadsItsCanonicalTexts) {
    for (const std::string_view text : {
             "0.0.0.0",
             "192.0.2.1",
             "255.255.255.255",
             "10.20.30.40",
             "::",
             "::1",
             "1::",
             "2001:db8::1",
             "2001:db8:0:1:1:1:1:1",
             "2001:0:0:1::1",
             "2001:db8::1:0:0:1",
             "1:2:3:4:5:6:7:8",
             "0:2:3:4:5:6:7:8",
             "1:2:3:4:5:6:7:0",
             "::ffff:c000:201",
             "ff02::fb",
             "abcd:ef01:2345:6789:abcd:ef01:2345:6789",
         }) {
        const auto result = IpAddress::from_text(text);
        ASSERT_TRUE(result) << text << ": " << result.error().message;
        EXPECT_EQ(result->to_string(), text);
    }
}

// RFC 5952 sections 1, 2 and 4: the texts that people write, and the one that is canonical.
TEST(IpAddress, WritesRfc5952) {
    const struct {
        std::string_view written, canonical;
    } cases[] = {
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},    // the first of two equal runs
        {"2001:0db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},   // 4.1
        {"2001:db8::0:1", "2001:db8::1"},                 // 4.2.1
        {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // 4.2.2
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},          // 4.2.3, the longest run
        {"2001:DB8::AaAa", "2001:db8::aaaa"},             // 4.3
        {"0:0:0:0:0:0:0:0", "::"},
        {"0:0:0:0:0:0:0:1", "::1"},
        {"1:0:0:0:0:0:0:0", "1::"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"0:0:1:2:0:0:0:0", "0:0:1:2::"},
        {"::ffff:192.0.2.1", "::ffff:c000:201"},  // section 4, not 5
    };
    for (const auto& [written, canonical] : cases) {
        EXPECT_EQ(address(written).to_string(), canonical) << written;
        EXPECT_FALSE(IpAddress::from_text(written)) << written;
        EXPECT_TRUE(IpAddress::from_text(canonical)) << canonical;
    }
}

TEST(IpAddress, RefusesOtherTexts) {
    for (const std::string_view text : {
             "",
             "1",
             "1.2.3",
             "1.2.3.4.5",
             "1.2.3.256",
             "01.2.3.4",
             "1.2.3.04",
             "0x1.2.3.4",
             "1.2.3.4 ",
             " 1.2.3.4",
             "1.2.3.4/8",
             "-1.2.3.4",
             "1.2.3.4:80",
             "16909060",
             ":",
             ":::",
             "1::2::3",
             "1:2:3:4:5:6:7",
             "1:2:3:4:5:6:7:8:9",
             "12345::",
             "::g",
             "[::1]",
             "::1%lo",
             "fe80::1%eth0",
             "::1.2.3",
             "example.com",
             "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111",
         }) {
        EXPECT_FALSE(IpAddress::from_lenient_text(text)) << text;
        EXPECT_FALSE(IpAddress::from_text(text)) << text;
    }
    EXPECT_FALSE(IpAddress::from_lenient_text(std::string_view("1.2.3.4\0.example", 16)));
}

TEST(IpAddress, HasFourOrSixteenOctets) {
    const auto v4 = address("192.0.2.1");
    EXPECT_EQ(v4.family(), IpAddress::Family::v4);
    EXPECT_EQ(copy_of(v4.octets()), (Bytes{192, 0, 2, 1}));
    EXPECT_EQ(IpAddress::from_octets(v4.octets()), v4);

    const auto v6 = address("2001:db8::1");
    EXPECT_EQ(v6.family(), IpAddress::Family::v6);
    EXPECT_EQ(to_hex(v6.octets()), "20010db8000000000000000000000001");
    EXPECT_EQ(IpAddress::from_octets(v6.octets()), v6);

    for (const std::size_t size : {0U, 3U, 5U, 8U, 15U, 17U}) {
        EXPECT_FALSE(IpAddress::from_octets(Bytes(size))) << size;
    }
}

TEST(IpAddress, IsEqualOnlyWithinItsFamily) {
    EXPECT_NE(address("0.0.0.0"), address("::"));
    EXPECT_NE(address("192.0.2.1"), address("::ffff:192.0.2.1"));
    EXPECT_EQ(address("2001:DB8::1"), address("2001:db8:0::1"));
    EXPECT_LT(address("10.0.0.1"), address("10.0.0.2"));
}

TEST(IpAddress, StandsInUrlsAndInReverseZones) {
    EXPECT_EQ(address("192.0.2.5").to_url_host(), "192.0.2.5");
    EXPECT_EQ(address("2001:db8::1").to_url_host(), "[2001:db8::1]");
    EXPECT_EQ(address("192.0.2.5").reverse_name(), "5.2.0.192.in-addr.arpa");
    // RFC 8738 section 6
    EXPECT_EQ(address("2001:db8::1").reverse_name(),
              "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST(IpNetwork, ContainsItsAddressesAndNoOthers) {
    const struct {
        std::string_view network;
        std::vector<std::string_view> inside, outside;
    } cases[] = {
        {"10.0.0.0/8", {"10.0.0.0", "10.255.255.255"}, {"9.255.255.255", "11.0.0.0", "::a00:0"}},
        {"192.0.2.128/25", {"192.0.2.128", "192.0.2.255"}, {"192.0.2.127", "192.0.3.128"}},
        {"192.0.2.1", {"192.0.2.1"}, {"192.0.2.0", "192.0.2.2"}},
        {"192.0.2.0/31", {"192.0.2.0", "192.0.2.1"}, {"192.0.2.2"}},
        {"0.0.0.0/0", {"0.0.0.0", "255.255.255.255"}, {"::", "::ffff:1.2.3.4"}},
        {"2001:db8::/33", {"2001:db8::", "2001:db8:7fff::1"}, {"2001:db8:8000::", "2001:db9::"}},
        {"::1", {"::1"}, {"::", "::2", "0.0.0.1"}},
        {"::/0", {"::", "ffff::"}, {"0.0.0.0"}},
    };
    for (const auto& [text, inside, outside] : cases) {
        const auto network = IpNetwork::from_text(text);
        ASSERT_TRUE(network) << text << ": " << network.error().message;
        for (const auto member : inside) EXPECT_TRUE(network->contains(address(member))) << text;
        for (const auto other : outside) EXPECT_FALSE(network->contains(address(other))) << other;
    }
}

TEST(IpNetwork, IsWrittenWithItsPrefix) {
    EXPECT_EQ(IpNetwork::from_text("10.0.0.0/8")->to_string(), "10.0.0.0/8");
    EXPECT_EQ(IpNetwork::from_text("192.0.2.1")->to_string(), "192.0.2.1/32");
    EXPECT_EQ(IpNetwork::from_text("2001:0db8::/32")->to_string(), "2001:db8::/32");
    EXPECT_EQ(IpNetwork::from_text("::1")->to_string(), "::1/128");
}

TEST(IpNetwork, RefusesOtherTexts) {
    for (const std::string_view text :
         {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ",
          "10.0.0.0/8/8", "10.0.0.0/a", "10.0.0.0/255.0.0.0", "::/129", "10/8", "10.0.0.1/8",
          "192.0.2.129/25", "2001:db8::1/64", "10.0.0.0/99999999999999999999"}) {
        EXPECT_FALSE(IpNetwork::from_text(text)) << text;
    }
}

// Every block of the IANA special-purpose registries: its first and last address are not public,
// and its neighbours on both sides are, where they are not in another block.
TEST(IsPublic, FollowsTheSpecialPurposeRegistries) {
    const struct {
        std::string_view block;
        std::vector<std::string_view> reserved, global;
    } cases[] = {
        {"0.0.0.0/8", {"0.0.0.0", "0.255.255.255"}, {"1.0.0.0"}},
        {"10.0.0.0/8", {"10.0.0.0", "10.255.255.255"}, {"9.255.255.255", "11.0.0.0"}},
        {"100.64.0.0/10", {"100.64.0.0", "100.127.255.255"}, {"100.63.255.255", "100.128.0.0"}},
        {"127.0.0.0/8", {"127.0.0.0", "127.255.255.255"}, {"126.255.255.255", "128.0.0.0"}},
        {"169.254.0.0/16", {"169.254.0.0", "169.254.255.255"}, {"169.253.255.255", "169.255.0.0"}},
        {"172.16.0.0/12", {"172.16.0.0", "172.31.255.255"}, {"172.15.255.255", "172.32.0.0"}},
        {"192.0.0.0/24",
         {"192.0.0.0", "192.0.0.7", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.170",
          "192.0.0.171", "192.0.0.255"},
         {"191.255.255.255", "192.0.1.0"}},
        {"192.0.2.0/24", {"192.0.2.0", "192.0.2.255"}, {"192.0.1.255", "192.0.3.0"}},
        {"192.31.196.0/24", {"192.31.196.0", "192.31.196.255"}, {"192.31.195.255", "192.31.197.0"}},
        {"192.52.193.0/24", {"192.52.193.0", "192.52.193.255"}, {"192.52.192.255", "192.52.194.0"}},
        {"192.88.99.0/24", {"192.88.99.0", "192.88.99.255"}, {"192.88.98.255", "192.88.100.0"}},
        {"192.168.0.0/16", {"192.168.0.0", "192.168.255.255"}, {"192.167.255.255", "192.169.0.0"}},
        {"192.175.48.0/24", {"192.175.48.0", "192.175.48.255"}, {"192.175.47.255", "192.175.49.0"}},
        {"198.18.0.0/15", {"198.18.0.0", "198.19.255.255"}, {"198.17.255.255", "198.20.0.0"}},
        {"198.51.100.0/24", {"198.51.100.0", "198.51.100.255"}, {"198.51.99.255", "198.51.101.0"}},
        {"203.0.113.0/24", {"203.0.113.0", "203.0.113.255"}, {"203.0.112.255", "203.0.114.0"}},
        {"224.0.0.0/4", {"224.0.0.0", "239.255.255.255"}, {"223.255.255.255"}},
        {"240.0.0.0/4", {"240.0.0.0", "255.255.255.254", "255.255.255.255"}, {}},

        {"::/128", {"::"}, {}},
        {"::1/128", {"::1"}, {}},
        {"::ffff:0:0/96", {"::ffff:10.0.0.1", "::ffff:8.8.8.8"}, {}},
        {"64:ff9b::/96", {"64:ff9b::10.0.0.1", "64:ff9b::8.8.8.8"}, {}},
        {"64:ff9b:1::/48", {"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"}, {}},
        {"100::/64", {"100::", "100::ffff:ffff:ffff:ffff"}, {}},
        {"100:0:0:1::/64", {"100:0:0:1::"}, {}},
        {"2001::/23",
         {"2001::", "2001:1::1", "2001:2::", "2001:3::", "2001:4:112::", "2001:10::", "2001:20::",
          "2001:30::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"},
         {"2000:ffff::", "2001:200::"}},
        {"2001:db8::/32",
         {"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"},
         {"2001:db7:ffff::", "2001:db9::"}},
        {"2002::/16",
         {"2002::", "2002:a00:1::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
         {"2001:ffff::", "2003::"}},
        {"2620:4f:8000::/48",
         {"2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"},
         {"2620:4f:7fff::", "2620:4f:8001::"}},
        {"3fff::/20",
         {"3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"},
         {"3ffe:ffff::", "3fff:1000::"}},
        {"5f00::/16", {"5f00::"}, {}},
        {"fc00::/7", {"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, {}},
        {"fe80::/10", {"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, {}},
        {"fec0::/10, site-local", {"fec0::1"}, {}},
        {"ff00::/8", {"ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}, {}},
        {"::/96, IPv4-compatible", {"::8.8.8.8", "::127.0.0.1"}, {}},
        {"not allocated", {"1fff:ffff::", "4000::", "8000::1"}, {"2000::", "3ffe::"}},
        {"public resolvers",
         {},
         {"8.8.8.8", "1.1.1.1", "9.9.9.9", "2620:fe::fe", "2606:4700::1111"}},
    };
    for (const auto& [block, reserved, global] : cases) {
        for (const auto text : reserved)
            EXPECT_FALSE(is_public(address(text))) << block << ' ' << text;
        for (const auto text : global)
            EXPECT_TRUE(is_public(address(text))) << block << ' ' << text;
    }
}

}  // namespace
}  // namespace cairn::base::ip_address_test
