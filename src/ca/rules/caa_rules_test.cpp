#include "ca/rules/caa_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::caa_rules_test {
namespace {

using namespace std::chrono_literals;
using protocol::ChallengeType;
using protocol::Identifier;
using protocol::ProblemType;

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

Identifier identifier_of(const std::string& text) {
    const auto address = Identifier::ip(text);
    return address ? *address : Identifier::dns(text).value();
}

/// How the authorization on which an order stands was proved.
struct Proof {
    std::string name;
    base::Seconds age{0};
    ChallengeType method = ChallengeType::dns_01;
    bool for_subdomains = false;
    bool is_vouched = false;
};

struct Case {
    std::string what;
    std::string name;
    Proof proof;
    CaaStanding standing;
    /// The method by which the records are to be asked for; empty: they need not be.
    std::string wanted;
};

CaaStanding asked(base::Seconds running = 24h, std::vector<CaaCheck> checks = {}) {
    return {.is_asked = true,
            .since = now - running,
            .from = now - longest_caa_reliance,
            .checks = std::move(checks)};
}

class CaaRules : public ::testing::Test {
  protected:
    std::vector<CaaWish> missing(const std::vector<std::string>& names,
                                 const std::vector<Proof>& proved, const CaaStanding& standing) {
        Order order{.id = OrderId::fresh(now, random_),
                    .account = account_,
                    .created = now,
                    .expires = now + 24h,
                    .identifiers = {},
                    .authorizations = {},
                    .profile = "default",
                    .not_before = std::nullopt,
                    .not_after = std::nullopt,
                    .intent = std::nullopt,
                    .completed = std::nullopt,
                    .problem = std::nullopt};
        std::vector<Authorization> proofs;
        for (const auto& proof : proved) {
            auto& one = proofs.emplace_back(
                Authorization{.id = AuthorizationId::fresh(now, random_),
                              .account = account_,
                              .identifier = identifier_of(proof.name),
                              .created = now,
                              .expires = now + 24h,
                              .token = protocol::Token::random(random_),
                              .offered = {proof.method},
                              .attempt = ValidationAttempt{.method = proof.method,
                                                           .started = now - proof.age,
                                                           .finished = now - proof.age},
                              .deactivated = std::nullopt});
            one.for_subdomains = proof.for_subdomains;
            if (proof.is_vouched) {
                one.vouched_by = "kid";
                one.attempt.reset();
            }
            order.authorizations.push_back(one.id);
        }
        for (const auto& name : names) order.identifiers.push_back(identifier_of(name));
        return missing_caa_checks(order, proofs, standing);
    }

    crypto::SystemRandom random_;
    AccountId account_ = AccountId::fresh(now, random_);
};

// Checks 177, 180.
TEST_F(CaaRules, SayWhereRecordsAreToBeAskedForAgain) {
    const auto name = identifier_of("a.example");
    const Case cases[] = {
        {"a new proof has asked", "a.example", {"a.example"}, asked(), ""},
        {"so has one of 8 hours ago", "a.example", {"a.example", 8h}, asked(), ""},
        {"an older one has not", "a.example", {"a.example", 8h + 1s}, asked(), "dns-01"},
        {"the method is the one that was used",
         "a.example",
         {"a.example", 9h, ChallengeType::http_01},
         asked(),
         "http-01"},
        {"a check since then counts",
         "a.example",
         {"a.example", 9h},
         asked(24h, {{name, now}}),
         ""},
        {"not if it is as old",
         "a.example",
         {"a.example", 20h},
         asked(24h, {{name, now - 9h}}),
         "dns-01"},
        {"nor for another name",
         "a.example",
         {"a.example", 9h},
         asked(24h, {{identifier_of("*.a.example"), now}}),
         "dns-01"},
        {"what asked before this configuration counts no more",
         "a.example",
         {"a.example", 1h},
         asked(1h),
         "dns-01"},
        {"a wildcard is a name of its own", "*.a.example", {"*.a.example"}, asked(), ""},
        {"the proof of a name above it looked elsewhere",
         "b.a.example",
         {"a.example", 0s, ChallengeType::dns_01, true},
         asked(),
         "dns-01"},
        {"the operator's word has not looked",
         "a.example",
         {"a.example", 0s, ChallengeType::dns_01, false, true},
         asked(),
         "ca-operators-word"},
        {"an address has no records",
         "192.0.2.1",
         {"192.0.2.1", 9h, ChallengeType::http_01},
         asked(),
         ""},
        {"a CA without a name does not ask", "a.example", {"a.example", 9h}, CaaStanding(), ""},
    };
    for (const auto& one : cases) {
        const auto wishes = missing({one.name}, {one.proof}, one.standing);
        ASSERT_EQ(wishes.size(), one.wanted.empty() ? 0U : 1U) << one.what;
        if (wishes.empty()) continue;
        const auto& wish = wishes.front();
        EXPECT_EQ(wish.name.value(), one.name) << one.what;
        EXPECT_EQ(wish.method_name.empty() ? to_string(wish.method) : wish.method_name, one.wanted)
            << one.what;
    }
}

// Check 180.
TEST_F(CaaRules, EachNameIsAskedForOnce) {
    const auto wishes =
        missing({"a.example", "b.example", "c.example"},
                {{"a.example", 9h}, {"b.example", 1h}, {"c.example", 10h}}, asked());
    ASSERT_EQ(wishes.size(), 2U);
    EXPECT_EQ(wishes[0].name.value(), "a.example");
    EXPECT_EQ(wishes[1].name.value(), "c.example");
}

TEST(CaaProblem, NamesEachName) {
    const std::vector<CaaRefusal> refusals{
        {identifier_of("a.example"), {ProblemType::dns, "no answer"}},
        {identifier_of("*.b.example"), {ProblemType::caa, "another CA is named"}}};
    const auto problem = caa_problem(refusals);
    EXPECT_EQ(problem.type, ProblemType::caa);
    EXPECT_EQ(problem.status, 403);
    EXPECT_THAT(problem.detail, ::testing::HasSubstr("2 names"));
    ASSERT_EQ(problem.subproblems.size(), 2U);
    EXPECT_EQ(problem.subproblems[0].type, ProblemType::dns);
    EXPECT_EQ(problem.subproblems[1].identifier->second, "*.b.example");
    const auto alone = caa_problem(std::span(refusals).first(1));
    EXPECT_EQ(alone.type, ProblemType::dns);
    EXPECT_EQ(alone.detail, "no answer");
}

}  // namespace
}  // namespace cairn::ca::caa_rules_test
