#include "ca/rules/limits.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::limits_test {
namespace {

using namespace std::chrono_literals;
using protocol::Identifier;
using enum LimitName;
using Effect = Charge::Effect;

constexpr base::Time now{base::Seconds{1'800'000'000}};

std::vector<Identifier> names(const std::vector<std::string>& texts) {
    std::vector<Identifier> result;
    for (const auto& text : texts) {
        auto address = Identifier::ip(text);
        result.push_back(address ? *address : Identifier::dns(text).value());
    }
    return result;
}

RequestContext from(const std::string& address) {
    RequestContext context;
    context.client = base::IpAddress::from_lenient_text(address).value();
    return context;
}

Limits all_on() {
    Limits limits;
    for (const auto name : base::enumerators<LimitName>)
        if (name != requests_per_ip) limits[name] = {{7, 3h}};
    return limits;
}

std::vector<std::string> buckets(const Charges& charges) {
    std::vector<std::string> result;
    for (const auto& charge : charges) result.push_back(charge.bucket);
    return result;
}

std::vector<std::string> buckets_of(const Charges& charges, LimitName name) {
    std::vector<std::string> result;
    for (const auto& charge : charges)
        if (limit_of(charge) == name) result.push_back(charge.bucket);
    return result;
}

class LimitsTest : public ::testing::Test {
  protected:
    crypto::SystemRandom random;
    const AccountId account = AccountId::fresh(now, random);
    const std::string id = account.to_string();
    const Limits limits = all_on();
};

// Check 168.
TEST_F(LimitsTest, AccountsAreCountedByAddressOrRange) {
    const std::pair<const char*, const char*> cases[] = {
        {"192.0.2.7", "new_accounts_per_ip:192.0.2.7"},
        {"::ffff:192.0.2.7", "new_accounts_per_ip:192.0.2.7"},
        {"2001:db8:1:2:3::4", "new_accounts_per_ipv6_range:2001:db8:1::/48"},
        {"2001:db8:1:ffff::", "new_accounts_per_ipv6_range:2001:db8:1::/48"},
        {"2001:db8:2::1", "new_accounts_per_ipv6_range:2001:db8:2::/48"},
    };
    for (const auto& [address, bucket] : cases)
        EXPECT_EQ(buckets(new_account_charges(limits, from(address))),
                  (std::vector<std::string>{bucket, "new_accounts:all"}));
    EXPECT_EQ(buckets(new_account_charges(limits, {})),
              std::vector<std::string>{"new_accounts:all"});
    EXPECT_TRUE(new_account_charges({}, from("192.0.2.7")).empty());
}

TEST_F(LimitsTest, AnAccountsAddressIsInEveryNetworkAroundIt) {
    const auto charges = new_account_charges(limits, from("192.0.2.255"));
    const auto& keys = charges.at(0).overrides;
    ASSERT_EQ(keys.size(), 33U);
    EXPECT_EQ(keys.front(), "new_accounts_per_ip network:192.0.2.255/32");
    EXPECT_EQ(keys.at(1), "new_accounts_per_ip network:192.0.2.254/31");
    EXPECT_EQ(keys.at(8), "new_accounts_per_ip network:192.0.2.0/24");
    EXPECT_EQ(keys.at(12), "new_accounts_per_ip network:192.0.0.0/20");
    EXPECT_EQ(keys.back(), "new_accounts_per_ip network:0.0.0.0/0");
}

TEST_F(LimitsTest, AnOrderTakesFromItsAccountAndOnlyChecksTheOthers) {
    const auto charges = new_order_charges(
        limits, account, names({"a.example.co.uk", "*.a.example.co.uk", "example.org"}), {});
    for (const auto& charge : charges)
        EXPECT_EQ(charge.effect == Effect::take, limit_of(charge) == new_orders_per_account);
    EXPECT_EQ(buckets_of(charges, new_orders_per_account),
              std::vector<std::string>{"new_orders_per_account:" + id});
    EXPECT_EQ(buckets_of(charges, certificates_per_domain),
              (std::vector<std::string>{"certificates_per_domain:example.co.uk",
                                        "certificates_per_domain:example.org"}));
    EXPECT_EQ(buckets_of(charges, failed_validations_per_account_and_name),
              (std::vector<std::string>{
                  "failed_validations_per_account_and_name:" + id + ":a.example.co.uk",
                  "failed_validations_per_account_and_name:" + id + ":example.org"}));
    EXPECT_EQ(buckets_of(charges, consecutive_failures_per_account_and_name),
              (std::vector<std::string>{"paused:" + id + ":a.example.co.uk",
                                        "paused:" + id + ":example.org"}));
}

TEST_F(LimitsTest, CertificatesAreCountedForDomainsAndNetworks) {
    const std::pair<const char*, const char*> cases[] = {
        {"a.b.example.com", "example.com"},
        {"*.example.com", "example.com"},
        {"example.co.uk", "example.co.uk"},
        {"host.corp", "host.corp"},
        {"single", "single"},
        {"192.0.2.7", "192.0.2.7"},
        {"2001:db8:1:2:3::4", "2001:db8:1:2::/64"},
    };
    for (const auto& [name, counted] : cases)
        EXPECT_EQ(counted_domain(names({name}).front()), counted) << name;
}

TEST_F(LimitsTest, ASetIsTheSameInAnyOrder) {
    const auto set_of = [&](const std::vector<std::string>& texts) {
        return buckets_of(issuance_charges(limits, account, names(texts), {}, now + 24h, now),
                          certificates_per_exact_set);
    };
    const auto one = set_of({"a.example.org", "b.example.org", "192.0.2.1"});
    EXPECT_EQ(set_of({"192.0.2.1", "b.example.org", "a.example.org"}), one);
    EXPECT_EQ(set_of({"192.0.2.1", "b.example.org", "a.example.org", "a.example.org"}), one);
    for (const std::vector<std::string>& other :
         {std::vector<std::string>{"a.example.org", "b.example.org"},
          {"a.example.org", "*.b.example.org", "192.0.2.1"}})
        EXPECT_NE(set_of(other), one);
}

TEST_F(LimitsTest, AnIssuanceTakesAndMarksItsSet) {
    const auto charges =
        issuance_charges(limits, account, names({"www.example.org"}), {}, now + 24h, now);
    ASSERT_EQ(charges.size(), 3U);
    EXPECT_EQ(charges[0].effect, Effect::take);
    EXPECT_EQ(charges[1].bucket, "certificates_per_domain:example.org");
    EXPECT_EQ(charges[1].effect, Effect::take);
    EXPECT_EQ(charges[2].effect, Effect::mark);
    EXPECT_EQ(charges[2].period, 24h);
    EXPECT_EQ(same_set_question(limits, names({"www.example.org"})).at(0).bucket,
              charges[2].bucket);
    const auto for_ever = issuance_charges(limits, account, names({"www.example.org"}), {},
                                           now + std::chrono::years(1000), now);
    EXPECT_EQ(for_ever.at(2).period, std::chrono::days(3650)) << "no bucket takes longer";
}

TEST_F(LimitsTest, ARenewalOfTheSameSetIsHeldByThatLimitAlone) {
    const LimitExemption same{.is_same_set = true};
    const auto set = names({"www.example.org"});
    for (const auto& charges : {new_order_charges(limits, account, set, same),
                                issuance_charges(limits, account, set, same, now + 24h, now)}) {
        EXPECT_TRUE(buckets_of(charges, new_orders_per_account).empty());
        EXPECT_TRUE(buckets_of(charges, certificates_per_domain).empty());
        EXPECT_FALSE(buckets_of(charges, certificates_per_exact_set).empty());
    }
    // Where that is off, nothing would hold a client that repeats itself.
    auto without = limits;
    without[certificates_per_exact_set].reset();
    EXPECT_FALSE(
        buckets_of(new_order_charges(without, account, set, same), new_orders_per_account).empty());
    EXPECT_FALSE(buckets_of(issuance_charges(without, account, set, same, now + 24h, now),
                            certificates_per_domain)
                     .empty());
    EXPECT_TRUE(same_set_question(without, set).empty());
}

// Check 163.
TEST_F(LimitsTest, NothingHoldsARenewalThatTheCaAdvised) {
    const LimitExemption advised{.is_advised_renewal = true};
    const auto set = names({"www.example.org"});
    EXPECT_TRUE(new_order_charges(limits, account, set, advised).empty());
    for (const auto& charge : issuance_charges(limits, account, set, advised, now + 24h, now))
        EXPECT_EQ(charge.effect, Effect::mark);
}

TEST_F(LimitsTest, ALongNameHasABucketToo) {
    const std::string label(60, 'a');
    const auto name = names({label + "." + label + "." + label + ".example.org"});
    for (const auto& charges :
         {new_order_charges(limits, account, name, {}), failure_charges(limits, account, name[0])})
        for (const auto& charge : charges) EXPECT_LE(charge.bucket.size(), 200U) << charge.bucket;
}

TEST_F(LimitsTest, TheLastFailureInARowIsTold) {
    const auto charges = failure_charges(limits, account, names({"www.example.org"})[0]);
    ASSERT_EQ(charges.size(), 2U);
    ChargeDecision decision{.remaining = {3, 1}, .rates = {{7, 3h}, {7, 3h}}};
    EXPECT_FALSE(is_last_failure(charges, decision));
    EXPECT_TRUE(tells_of_failures(charges, decision));
    decision.remaining = {0, 0};
    EXPECT_TRUE(is_last_failure(charges, decision));
    decision.remaining = {7, 7};
    EXPECT_FALSE(tells_of_failures(charges, decision));
    EXPECT_FALSE(is_last_failure(charges, {}));
}

struct RefusalCase {
    Charges charges;
    std::string detail;
};

TEST_F(LimitsTest, ARefusalSaysWhatWhenAndWhere) {
    const auto set = names({"www.example.org"});
    const RefusalCase cases[] = {
        {new_account_charges(limits, from("2001:db8::1")),
         "too many new accounts (7) from 2001:db8::/48 in the last 3h, retry after 2027-01-15 "
         "09:00:00 UTC (limit new_accounts_per_ipv6_range): see https://ca.example/help"},
        {new_order_charges(limits, account, {}, {}),
         "too many new orders (7) from this account in the last 3h, retry after 2027-01-15 "
         "09:00:00 UTC (limit new_orders_per_account): see https://ca.example/help"},
        {failure_charges(limits, account, set[0]),
         "too many failed validations (7) of www.example.org by this account in the last 3h, retry "
         "after 2027-01-15 09:00:00 UTC (limit failed_validations_per_account_and_name): see "
         "https://ca.example/help"},
    };
    for (const auto& [charges, detail] : cases) {
        const ChargeDecision decision{
            .accepted = false, .refused_by = 0, .retry_at = now + 1h, .rates = {{7, 3h}}};
        const auto problem = limit_refusal(charges, decision, "https://ca.example/help", now);
        EXPECT_EQ(problem.type, protocol::ProblemType::rate_limited);
        EXPECT_EQ(problem.status, 429);
        EXPECT_EQ(problem.detail, detail);
        EXPECT_EQ(problem.retry_after, base::Seconds(1h));
        EXPECT_EQ(problem.links,
                  std::vector<std::string>{"<https://ca.example/help>;rel=\"help\""});
    }
}

TEST_F(LimitsTest, AShortWaitIsNoReasonToGiveUp) {
    const auto charges = new_order_charges(limits, account, {}, {});
    for (const auto& [wait, status] :
         {std::pair{0s, 503}, {1s, 503}, {short_wait, 503}, {short_wait + 1s, 429}}) {
        const ChargeDecision decision{.accepted = false, .refused_by = 0, .retry_at = now + wait};
        const auto problem = limit_refusal(charges, decision, "", now);
        EXPECT_EQ(problem.status, status);
        EXPECT_EQ(problem.type, protocol::ProblemType::rate_limited);
        EXPECT_EQ(problem.retry_after, std::max(base::Seconds(1), base::Seconds(wait)));
        EXPECT_TRUE(problem.links.empty());
    }
}

TEST_F(LimitsTest, APauseSaysSo) {
    const auto name = names({"www.example.org"})[0];
    const auto charges = validation_checks(limits, account, name);
    const ChargeDecision decision{.accepted = false, .refused_by = 1, .retry_at = now + 3h};
    const auto problem = limit_refusal(charges, decision, "", now);
    EXPECT_TRUE(problem.detail.starts_with("www.example.org is paused for this account"))
        << problem.detail;
    EXPECT_EQ(problem.status, 429);
    EXPECT_EQ(pause_charges(limits, account, name).at(0).bucket, charges.at(1).bucket);
}

TEST_F(LimitsTest, APrivateCaDoesNotLimitItsDomains) {
    const auto usual = default_limits(PolicyKind::private_ca);
    EXPECT_FALSE(usual[certificates_per_domain]);
    EXPECT_FALSE(usual[certificates_per_exact_set]);
    for (const auto name :
         {new_accounts_per_ip, new_accounts_per_ipv6_range, new_accounts, new_orders_per_account,
          failed_validations_per_account_and_name, consecutive_failures_per_account_and_name})
        EXPECT_TRUE(usual[name]) << to_string(name);
}

TEST_F(LimitsTest, APublicCaHasLetsEncryptsLimits) {
    const auto usual = default_limits(PolicyKind::public_ca);
    const std::pair<LimitName, Limit> cases[] = {
        {new_accounts_per_ip, {{10, 3h}}},
        {new_accounts_per_ipv6_range, {{500, 3h}}},
        {new_orders_per_account, {{300, 3h}}},
        {certificates_per_domain, {{50, 168h}}},
        {certificates_per_exact_set, {{5, 168h}}},
        {failed_validations_per_account_and_name, {{5, 1h}}},
        {consecutive_failures_per_account_and_name, {{1152, 1152h}}},
    };
    for (const auto& [name, limit] : cases) EXPECT_EQ(usual[name], limit) << to_string(name);
}

TEST_F(LimitsTest, OperatorsAskForTheBucketsOfASubject) {
    const auto of = [&](BucketSubject subject) { return buckets(ca::buckets_of(limits, subject)); };
    EXPECT_EQ(of({}), std::vector<std::string>{"new_accounts:all"});
    EXPECT_EQ(of({.account = {}, .names = {}, .address = from("192.0.2.7").client}),
              std::vector<std::string>{"new_accounts_per_ip:192.0.2.7"});
    EXPECT_EQ(of({.account = account, .names = {}, .address = {}}),
              std::vector<std::string>{"new_orders_per_account:" + id});
    const auto pair = of({.account = account, .names = names({"www.example.org"}), .address = {}});
    const std::vector<std::string> expected{
        "certificates_per_domain:example.org",
        "consecutive_failures_per_account_and_name:" + id + ":www.example.org",
        "failed_validations_per_account_and_name:" + id + ":www.example.org",
        "paused:" + id + ":www.example.org"};
    for (const auto& bucket : expected) EXPECT_EQ(std::ranges::count(pair, bucket), 1) << bucket;
    for (const auto& charge :
         ca::buckets_of(limits, {.account = account, .names = names({"a.test"}), .address = {}}))
        EXPECT_NE(charge.effect, Effect::take);
}

}  // namespace
}  // namespace cairn::ca::limits_test
