#include "apps/ca/limits_configuration.h"

#include <gtest/gtest.h>

namespace cairn::apps::limits_configuration_test {
namespace {

using namespace std::chrono_literals;
using ca::LimitName;
using ca::PolicyKind;
using ca::RequestGroup;

struct Reading {
    Configuration::Limits limits;
    base::TomlReading toml;
};

Reading read(const std::string& text, PolicyKind kind = PolicyKind::private_ca) {
    Reading reading;
    const auto table = toml::parse(text);
    base::TomlSection top(&table, "", reading.toml);
    read_limits(top.section("limits"), kind, reading.limits);
    reading.toml.report_unknown();
    return reading;
}

Configuration::Limits limits_in(const std::string& text) {
    auto reading = read(text);
    EXPECT_TRUE(reading.toml.findings.empty()) << reading.toml.findings.front().message;
    return reading.limits;
}

TEST(LimitsConfiguration, AbsentIsTheDefaultOfTheKindOfCa) {
    for (const auto kind : {PolicyKind::private_ca, PolicyKind::public_ca}) {
        const auto reading = read("", kind);
        EXPECT_TRUE(reading.toml.findings.empty());
        EXPECT_TRUE(reading.limits.enabled);
        EXPECT_EQ(reading.limits.stored, ca::default_limits(kind));
        EXPECT_EQ(reading.limits.requests, ca::default_request_limits(kind));
    }
}

TEST(LimitsConfiguration, EachLimitIsSetOrSwitchedOff) {
    const auto limits = limits_in(R"(
[limits]
help = "https://ca.example/limits"
hold = "1s"
new_orders_per_account = { count = 3, period = "3h" }
new_accounts = false
certificates_per_domain = { count = 50, period = "7d", burst = 10 }
failed_validations_per_account_and_name = { count = 7 }
[limits.requests_per_ip]
new_nonce = { count = 20, period = "1s", burst = 10 }
new_account = false
)");
    EXPECT_EQ(limits.help, "https://ca.example/limits");
    EXPECT_EQ(limits.hold, base::Seconds(1));
    EXPECT_EQ(limits.stored[LimitName::new_orders_per_account], (ca::Limit{{3, 3h}}));
    EXPECT_FALSE(limits.stored[LimitName::new_accounts]);
    EXPECT_EQ(limits.stored[LimitName::certificates_per_domain], (ca::Limit{{50, 168h}, 10}));
    EXPECT_EQ(limits.stored[LimitName::failed_validations_per_account_and_name],
              (ca::Limit{{7, 1h}}))
        << "the period is the default's";
    EXPECT_EQ(limits.requests[RequestGroup::new_nonce], (ca::Limit{{20, 1s}, 10}));
    EXPECT_FALSE(limits.requests[RequestGroup::new_account]);
}

TEST(LimitsConfiguration, SwitchedOffAllAreOff) {
    const auto limits = limits_in(
        "limits.enabled = false\nlimits.new_orders_per_account = { count = 3, period = \"3h\" }");
    EXPECT_EQ(limits.stored, ca::Limits());
    EXPECT_EQ(limits.requests, ca::RequestLimits());
    EXPECT_EQ(limits_in("limits.requests_per_ip = false").requests, ca::RequestLimits());
    EXPECT_EQ(limits_in("limits.hold = false").hold, base::Seconds(0));
}

TEST(LimitsConfiguration, WhatIsSaidOfAddressesHoldsForIpv6Too) {
    const auto same = limits_in("limits.new_accounts_per_ip = { count = 2, period = \"3h\" }");
    EXPECT_EQ(same.stored[LimitName::new_accounts_per_ipv6_range], (ca::Limit{{2, 3h}}));
    const auto off = limits_in("limits.new_accounts_per_ip = false");
    EXPECT_FALSE(off.stored[LimitName::new_accounts_per_ipv6_range]);
    const auto apart = limits_in(
        "limits.new_accounts_per_ip = { count = 2, period = \"3h\" }\n"
        "limits.new_accounts_per_ipv6_range = { count = 9, period = \"3h\" }");
    EXPECT_EQ(apart.stored[LimitName::new_accounts_per_ipv6_range], (ca::Limit{{9, 3h}}));
}

TEST(LimitsConfiguration, WhatIsWrongIsNamed) {
    const std::pair<const char*, const char*> cases[] = {
        {"limits.new_orders_per_account = { count = 0, period = \"3h\" }",
         "limits.new_orders_per_account.count must be from 1"},
        {"limits.new_orders_per_account = { count = 3, period = \"3w\" }",
         "limits.new_orders_per_account.period must be a duration"},
        {"limits.new_orders_per_account = { count = 3, period = \"9999d\" }",
         "limits.new_orders_per_account must have a period of at most 3650d"},
        {"limits.new_orders_per_account = { count = 1, period = \"3650d\", burst = 11 }",
         "limits.new_orders_per_account must have a burst that comes back within 36500d"},
        {"limits.new_orders_per_account = 3", "limits.new_orders_per_account must be a table"},
        {"limits.new_orders_per_account = true", "limits.new_orders_per_account must be a table"},
        {"limits.new_orders_per_account = { count = 3, periods = \"3h\" }",
         "limits.new_orders_per_account.periods is not a known key; did you mean "
         "limits.new_orders_per_account.period?"},
        {"limits.certificates_per_domain = { count = 3 }",
         "limits.certificates_per_domain must have a count and a period"},
        {"limits.new_order_per_account = false",
         "limits.new_order_per_account is not a known key; did you mean "
         "limits.new_orders_per_account?"},
        {"limits.requests_per_ip.new_orders = false",
         "limits.requests_per_ip.new_orders is not a known key; did you mean "
         "limits.requests_per_ip.new_order?"},
        {"limits.help = \"wherever\"", "limits.help must be an http or https URL"},
        {"limits.hold = \"1m\"", "limits.hold must not exceed 10s"},
        {"limits.enabled = 1", "limits.enabled must be true or false"},
    };
    for (const auto& [text, told] : cases) {
        const auto findings = read(text).toml.findings;
        ASSERT_FALSE(findings.empty()) << text;
        EXPECT_TRUE(findings.front().message.starts_with(told)) << findings.front().message;
    }
}

}  // namespace
}  // namespace cairn::apps::limits_configuration_test
