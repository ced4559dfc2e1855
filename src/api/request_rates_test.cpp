#include "api/request_rates.h"

#include <gtest/gtest.h>

namespace cairn::api::request_rates_test {
namespace {

using namespace std::chrono_literals;
using ca::RequestGroup;
using ca::RequestLimits;

const RequestRates::Moment start = std::chrono::steady_clock::now();

base::IpAddress address(const std::string& text) {
    return base::IpAddress::from_lenient_text(text).value();
}

RequestLimits limits() {
    RequestLimits result;
    result[RequestGroup::new_order] = ca::Limit{{10, 1s}, 3};
    result[RequestGroup::new_nonce] = ca::Limit{{2, 1s}};
    return result;
}

TEST(RequestRates, LetsABurstPassAndThenAsManyAsComeBack) {
    RequestRates rates(limits());
    const auto client = address("192.0.2.1");
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(rates.refusal(RequestGroup::new_order, client, start));
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(rates.refusal(RequestGroup::new_order, client, start), 100ms);
    EXPECT_EQ(rates.refusal(RequestGroup::new_order, client, start + 60ms), 40ms);
    EXPECT_FALSE(rates.refusal(RequestGroup::new_order, client, start + 100ms));
    EXPECT_TRUE(rates.refusal(RequestGroup::new_order, client, start + 100ms));
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(rates.refusal(RequestGroup::new_order, client, start + 10s));
    EXPECT_TRUE(rates.refusal(RequestGroup::new_order, client, start + 10s));
}

TEST(RequestRates, CountsGroupsAndClientsApart) {
    RequestRates rates(limits());
    const auto exhausted = address("192.0.2.1");
    for (int i = 0; i < 2; ++i)
        EXPECT_FALSE(rates.refusal(RequestGroup::new_nonce, exhausted, start));
    EXPECT_TRUE(rates.refusal(RequestGroup::new_nonce, exhausted, start));
    EXPECT_FALSE(rates.refusal(RequestGroup::new_order, exhausted, start));
    EXPECT_FALSE(rates.refusal(RequestGroup::new_nonce, address("192.0.2.2"), start));
    for (int i = 0; i < 1000; ++i)
        EXPECT_FALSE(rates.refusal(RequestGroup::other, exhausted, start)) << "it has no limit";
}

TEST(RequestRates, AnIpv6ClientIsItsNetwork) {
    RequestRates rates(limits());
    EXPECT_FALSE(rates.refusal(RequestGroup::new_nonce, address("2001:db8:0:1::1"), start));
    EXPECT_FALSE(rates.refusal(RequestGroup::new_nonce, address("2001:db8:0:1::2"), start));
    EXPECT_TRUE(rates.refusal(RequestGroup::new_nonce, address("2001:db8:0:1:f::3"), start));
    EXPECT_FALSE(rates.refusal(RequestGroup::new_nonce, address("2001:db8:0:2::1"), start));
    // An IPv4 address in IPv6's form is the same client.
    EXPECT_FALSE(rates.refusal(RequestGroup::new_nonce, address("192.0.2.9"), start));
    EXPECT_FALSE(rates.refusal(RequestGroup::new_nonce, address("::ffff:192.0.2.9"), start));
    EXPECT_TRUE(rates.refusal(RequestGroup::new_nonce, address("192.0.2.9"), start));
}

TEST(RequestRates, AFloodOfClientsDoesNotFreeTheOneThatAskedMost) {
    RequestRates rates(limits());
    const auto greedy = address("192.0.2.1");
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(rates.refusal(RequestGroup::new_order, greedy, start));
    for (int i = 0; i < 200'000; ++i) {
        const std::array<std::uint8_t, 4> octets{10, static_cast<std::uint8_t>(i >> 16),
                                                 static_cast<std::uint8_t>(i >> 8),
                                                 static_cast<std::uint8_t>(i)};
        EXPECT_FALSE(rates.refusal(RequestGroup::new_order,
                                   base::IpAddress::from_octets(octets).value(), start));
    }
    EXPECT_TRUE(rates.refusal(RequestGroup::new_order, greedy, start));
}

TEST(RequestRates, EachKindBelongsToAGroup) {
    EXPECT_EQ(group_of(RequestKind::new_nonce), RequestGroup::new_nonce);
    EXPECT_EQ(group_of(RequestKind::new_order), RequestGroup::new_order);
    EXPECT_EQ(group_of(RequestKind::revoke_certificate), RequestGroup::revoke_cert);
    EXPECT_EQ(group_of(RequestKind::renewal_info), RequestGroup::renewal_info);
    EXPECT_EQ(group_of(RequestKind::finalize), RequestGroup::other);
    EXPECT_EQ(group_of(RequestKind::unknown), RequestGroup::other);
}

}  // namespace
}  // namespace cairn::api::request_rates_test
