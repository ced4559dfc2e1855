#include "client/circuit_breaker.h"

#include <gtest/gtest.h>

namespace cairn::client::circuit_breaker_test {
namespace {

using namespace std::chrono_literals;

constexpr Timer::TimePoint start{};

std::string reason_at(const CircuitBreaker& breaker, Timer::TimePoint time) {
    const auto outage = breaker.outage(time);
    return outage ? outage->came_back : "none";
}

TEST(CircuitBreaker, StaysOpenForTheFirstReason) {
    CircuitBreaker breaker;
    EXPECT_EQ(reason_at(breaker, start), "none");
    breaker.open({.came_back = "refused", .next = "look", .ends = {}});
    breaker.open({.came_back = "another", .next = {}, .ends = {}});
    breaker.open({.came_back = "asks to wait", .next = {}, .ends = start + 1h});
    EXPECT_EQ(reason_at(breaker, start), "refused");
    EXPECT_EQ(reason_at(breaker, start + 24h), "refused");
    EXPECT_EQ(breaker.outage(start)->next, "look");
}

TEST(CircuitBreaker, ClosesWhenTheOutageEnds) {
    CircuitBreaker breaker;
    breaker.open({.came_back = "an hour", .next = {}, .ends = start + 1h});
    breaker.open({.came_back = "a minute", .next = {}, .ends = start + 1min});
    EXPECT_EQ(reason_at(breaker, start + 59min), "an hour");
    EXPECT_EQ(reason_at(breaker, start + 1h), "none");
    breaker.open({.came_back = "two hours", .next = {}, .ends = start + 3h});
    EXPECT_EQ(reason_at(breaker, start + 2h), "two hours");
    breaker.open({.came_back = "for good", .next = {}, .ends = {}});
    EXPECT_EQ(reason_at(breaker, start + 4h), "for good");
}

TEST(CircuitBreaker, CountsAnswers) {
    CircuitBreaker breaker;
    EXPECT_EQ(breaker.answers(), 0U);
    breaker.note_answer();
    breaker.note_answer();
    EXPECT_EQ(breaker.answers(), 2U);
}

}  // namespace
}  // namespace cairn::client::circuit_breaker_test
