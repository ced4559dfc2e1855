#include "va/egress_policy.h"

#include <gtest/gtest.h>

namespace cairn::va::egress_policy_test {
namespace {

base::IpAddress address(const char* text) {
    return base::IpAddress::from_lenient_text(text).value();
}

class ReservedAddress : public ::testing::TestWithParam<const char*> {};

// Check 100.
TEST_P(ReservedAddress, IsRefused) {
    EXPECT_FALSE(EgressPolicy({}).allows(address(GetParam())));
}

// The addresses of conformance check 100.
INSTANTIATE_TEST_SUITE_P(
    EgressPolicy, ReservedAddress,
    ::testing::Values("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1",
                      "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255",
                      "192.0.0.1", "192.0.2.1", "192.168.0.1", "198.18.0.1", "198.51.100.1",
                      "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
                      "::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::10.0.0.1",
                      "64:ff9b::169.254.169.254", "2002:0a00:0001::1", "2001:db8::1", "fc00::1",
                      "fd00:ec2::254", "fe80::1", "ff02::1"));

TEST(EgressPolicy, AllowsPublicAddresses) {
    for (const char* text : {"1.1.1.1", "9.255.255.255", "172.32.0.1", "2606:4700:4700::1111"}) {
        EXPECT_TRUE(EgressPolicy({}).allows(address(text))) << text;
    }
}

TEST(EgressPolicy, AllowsWhatTheOperatorAddsAndNothingBeside) {
    const EgressPolicy policy({base::IpNetwork::from_text("10.1.0.0/16").value(),
                               base::IpNetwork::from_text("fd00:1::/32").value()});
    for (const char* text : {"10.1.0.0", "10.1.255.255", "fd00:1::1", "1.1.1.1"}) {
        EXPECT_TRUE(policy.allows(address(text))) << text;
    }
    for (const char* text : {"10.0.255.255", "10.2.0.0", "fd00:2::1", "127.0.0.1"}) {
        EXPECT_FALSE(policy.allows(address(text))) << text;
    }
}

TEST(EgressPolicy, TellsWhatItAloneOpens) {
    const EgressPolicy policy({base::IpNetwork::from_text("10.0.0.0/8").value()});
    EXPECT_EQ(policy.space_of(address("1.1.1.1")), AddressSpace::open);
    EXPECT_EQ(policy.space_of(address("10.1.2.3")), AddressSpace::granted);
    EXPECT_EQ(policy.space_of(address("192.168.0.1")), AddressSpace::closed);
    // Other ways to write the same address are other addresses.
    for (const char* text : {"::ffff:10.1.2.3", "64:ff9b::a01:203", "2002:a01:203::1"}) {
        EXPECT_EQ(policy.space_of(address(text)), AddressSpace::closed) << text;
    }
}

TEST(EgressPolicy, RefusesWhatListensForTheCaItself) {
    const std::vector<OwnListener> own{
        {address("10.0.0.7"), 14000}, {address("0.0.0.0"), 14001}, {address("198.41.0.4"), 443}};
    const auto network = [](const char* text) { return base::IpNetwork::from_text(text).value(); };
    const EgressPolicy wide({network("10.0.0.0/8"), network("127.0.0.0/8")}, own);
    EXPECT_EQ(wide.space_of(address("10.0.0.7"), 14000), AddressSpace::closed);
    EXPECT_EQ(wide.space_of(address("10.0.0.7"), 80), AddressSpace::granted);
    EXPECT_EQ(wide.space_of(address("10.0.0.8"), 14000), AddressSpace::granted);
    // One that listens at every address of this machine.
    EXPECT_EQ(wide.space_of(address("127.0.0.1"), 14001), AddressSpace::closed);
    EXPECT_EQ(wide.space_of(address("127.9.9.9"), 14001), AddressSpace::closed);
    EXPECT_EQ(wide.space_of(address("10.255.255.254"), 14001), AddressSpace::granted);
    // Also at a public address.
    EXPECT_EQ(wide.space_of(address("198.41.0.4"), 443), AddressSpace::closed);
    EXPECT_EQ(wide.space_of(address("198.41.0.4"), 80), AddressSpace::open);
    // By its very address the operator can name it.
    const EgressPolicy named({network("10.0.0.0/8"), network("10.0.0.7"), network("198.41.0.4/32")},
                             own);
    EXPECT_EQ(named.space_of(address("10.0.0.7"), 14000), AddressSpace::granted);
    EXPECT_EQ(named.space_of(address("198.41.0.4"), 443), AddressSpace::open);
}

}  // namespace
}  // namespace cairn::va::egress_policy_test
