#include "ca/facts/order.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::order_test {
namespace {

using protocol::AuthorizationStatus;
using protocol::ChallengeStatus;
using protocol::ChallengeType;
using protocol::OrderStatus;
using protocol::Problem;
using protocol::ProblemType;

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");
constexpr std::chrono::hours hour{1};

class OrderStatusTest : public ::testing::Test {
  protected:
    Authorization authorization(const char* name = "a.example.com") {
        return {.id = AuthorizationId::fresh(now, random_),
                .account = account_,
                .identifier = *protocol::Identifier::dns(name),
                .created = now,
                .expires = now + hour,
                .token = protocol::Token::random(random_),
                .offered = {ChallengeType::http_01, ChallengeType::dns_01},
                .attempt = std::nullopt,
                .deactivated = std::nullopt};
    }
    Authorization attempted(std::optional<base::Time> finished, std::optional<Problem> problem,
                            const char* name = "a.example.com") {
        auto result = authorization(name);
        result.attempt = ValidationAttempt{.method = ChallengeType::http_01,
                                           .started = now,
                                           .finished = finished,
                                           .problem = std::move(problem)};
        return result;
    }
    Authorization valid() { return attempted(now, std::nullopt); }
    Authorization failed(ProblemType type = ProblemType::dns, const char* name = "a.example.com") {
        return attempted(now, Problem(type, "why"), name);
    }

    Order order() {
        return {.id = OrderId::fresh(now, random_),
                .account = account_,
                .created = now,
                .expires = now + 2 * hour,
                .identifiers = {*protocol::Identifier::dns("a.example.com")},
                .authorizations = {},
                .profile = "default",
                .not_before = std::nullopt,
                .not_after = std::nullopt,
                .intent = std::nullopt,
                .completed = std::nullopt,
                .problem = std::nullopt};
    }
    Order finalized() {
        auto result = order();
        result.intent = IssuanceIntent{.begun = now,
                                       .csr = {},
                                       .serial = pki::SerialNumber::random(random_),
                                       .validity = {now, now + hour}};
        return result;
    }

    crypto::SystemRandom random_;
    AccountId account_ = AccountId::fresh(now, random_);
};

TEST_F(OrderStatusTest, AuthorizationsFollowTheirFacts) {
    EXPECT_EQ(authorization().status(now), AuthorizationStatus::pending);
    EXPECT_EQ(authorization().status(now + hour), AuthorizationStatus::invalid);
    EXPECT_EQ(attempted(std::nullopt, std::nullopt).status(now + hour),
              AuthorizationStatus::pending);
    EXPECT_EQ(valid().status(now), AuthorizationStatus::valid);
    EXPECT_EQ(valid().status(now + hour), AuthorizationStatus::expired);
    EXPECT_EQ(failed().status(now), AuthorizationStatus::invalid);
    auto given_up = valid();
    given_up.deactivated = now;
    EXPECT_EQ(given_up.status(now), AuthorizationStatus::deactivated);
}

TEST_F(OrderStatusTest, OnlyTheAttemptedChallengeMoves) {
    using enum ChallengeType;
    EXPECT_EQ(authorization().challenge_status(http_01), ChallengeStatus::pending);
    EXPECT_EQ(attempted(std::nullopt, std::nullopt).challenge_status(http_01),
              ChallengeStatus::processing);
    EXPECT_EQ(valid().challenge_status(http_01), ChallengeStatus::valid);
    EXPECT_EQ(failed().challenge_status(http_01), ChallengeStatus::invalid);
    EXPECT_EQ(failed().challenge_status(dns_01), ChallengeStatus::pending);
}

// Check 77.
TEST_F(OrderStatusTest, OrdersFollowTheirAuthorizations) {
    struct Case {
        const char* what;
        std::vector<Authorization> proofs;
        OrderStatus status;
    };
    auto given_up = valid();
    given_up.deactivated = now;
    auto lapsed = valid();
    lapsed.expires = now;
    const Case cases[] = {
        {"one pending", {valid(), authorization()}, OrderStatus::pending},
        {"all valid", {valid(), valid()}, OrderStatus::ready},
        {"one failed", {valid(), failed()}, OrderStatus::invalid},
        {"one deactivated", {valid(), given_up}, OrderStatus::invalid},
        {"one expired", {valid(), lapsed}, OrderStatus::invalid},
    };
    for (const auto& [what, proofs, status] : cases) {
        EXPECT_EQ(order().status(proofs, now), status) << what;
        EXPECT_EQ(order().error(proofs, now).has_value(), status == OrderStatus::invalid) << what;
    }
    EXPECT_EQ(order().status(std::vector{valid()}, now + 2 * hour), OrderStatus::invalid);
}

TEST_F(OrderStatusTest, IssuanceOutlivesAuthorizationsAndExpiry) {
    const std::vector lapsed{failed()};
    const auto later = now + 10 * hour;
    EXPECT_EQ(finalized().status(lapsed, later), OrderStatus::processing);
    auto done = finalized();
    done.completed = now;
    EXPECT_EQ(done.status(lapsed, later), OrderStatus::valid);
    auto broken = finalized();
    broken.problem.emplace(ProblemType::bad_csr, "why");
    EXPECT_EQ(broken.status({}, now), OrderStatus::invalid);
    EXPECT_EQ(broken.error({}, now)->type, ProblemType::bad_csr);
}

// Checks 77, 165.
TEST_F(OrderStatusTest, ErrorsNameEveryIdentifierThatFailed) {
    const std::vector alike{failed(ProblemType::dns, "a.example.com"), valid(),
                            failed(ProblemType::dns, "b.example.com")};
    const auto same = order().error(alike, now);
    EXPECT_EQ(same->type, ProblemType::dns);
    ASSERT_EQ(same->subproblems.size(), 2U);
    EXPECT_EQ(same->subproblems[1].identifier->second, "b.example.com");

    const std::vector different{failed(ProblemType::dns), failed(ProblemType::connection)};
    EXPECT_EQ(order().error(different, now)->type, ProblemType::compound);
}

}  // namespace
}  // namespace cairn::ca::order_test
