#include "bench/validation_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::bench::validation_table_test {
namespace {

using ::testing::HasSubstr;

constexpr CryptoFloor floor_of_test{.p256_verify = 50, .p256_sign = 20, .x25519 = 30};

TEST(ValidationCost, LeavesOutTheRequestAndTheHandshake) {
    ValidationCost cost{.scenario = {.challenge = protocol::ChallengeType::http_01},
                        .floor = floor_of_test,
                        .validations = 10,
                        .request = 400,
                        .decided_request = 100};
    EXPECT_DOUBLE_EQ(cost.units(), 6);
    cost.scenario.challenge = protocol::ChallengeType::tls_alpn_01;
    EXPECT_DOUBLE_EQ(cost.cryptography(), 110);
    EXPECT_DOUBLE_EQ(cost.units(), (300 - 110) / 50.0);
}

TEST(ValidationRows, TakeTheMiddleRoundAndTheMostThreads) {
    const auto round = [](double alone, double beside, double in_flight, double threads) {
        return HoleRound{.alone = {alone},
                         .beside = {beside},
                         .in_flight = in_flight,
                         .threads_alone = 10,
                         .threads_beside = threads};
    };
    const auto rows =
        validation_rows({.costs = {},
                         .holes = {{.scenario = {},
                                    .rounds = {round(2, 2, 2000, 10), round(2, 8, 1990, 10),
                                               round(2, 3, 2000, 11)}}},
                         .perspectives = {},
                         .failures = {}});
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_DOUBLE_EQ(*rows[0].goal.measured, 1.5);
    EXPECT_EQ(verdict(rows[0].goal), Verdict::within_bound);
    EXPECT_THAT(rows[0].seen, HasSubstr("1990 in flight; alone p50 2.00 and p95 2.00 ms, beside "
                                        "them p50 3.00"));
    EXPECT_DOUBLE_EQ(*rows[1].goal.measured, 1);
    EXPECT_EQ(verdict(rows[1].goal), Verdict::missed);
    EXPECT_THAT(rows[1].seen, HasSubstr("10 before, 11 with 2000 in flight"));
}

TEST(ValidationRows, ComparePerspectivesWithNone) {
    const auto rows = validation_rows({.costs = {},
                                       .holes = {},
                                       .perspectives = {{.delay_milliseconds = 20,
                                                         .perspectives = 5,
                                                         .alone = {50, 40, 60},
                                                         .together = {60, 70, 50},
                                                         .cost_of_each = 250,
                                                         .floor = floor_of_test}},
                                       .failures = {}});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_DOUBLE_EQ(*rows[0].goal.measured, 1.2);
    EXPECT_EQ(rows[0].goal.figure, "5 perspectives over none, hosts 20 ms away");
    EXPECT_THAT(rows[0].seen, HasSubstr("a question costs a cairn-va 5.00 V"));
}

TEST(ValidationTable, HasACellForEachHead) {
    const auto table = validation_table({.costs = {{.scenario = {}, .floor = floor_of_test}},
                                         .holes = {},
                                         .perspectives = {},
                                         .failures = {}});
    ASSERT_EQ(table.rows.size(), 1U);
    EXPECT_EQ(table.rows[0].size(), table.head.size());
    EXPECT_EQ(table.rows[0][2], "5.00 V");
}

}  // namespace
}  // namespace cairn::bench::validation_table_test
