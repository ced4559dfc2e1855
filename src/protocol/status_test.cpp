#include "protocol/status.h"

#include <gtest/gtest.h>

#include "base/enum_table.h"

namespace cairn::protocol::status_test {
namespace {

// RFC 8555 section 7.1.6; names of the IANA registry do not exist for these.
TEST(Status, HasTheWordsOfTheStandard) {
    EXPECT_EQ(to_string(AccountStatus::valid), "valid");
    EXPECT_EQ(to_string(AccountStatus::deactivated), "deactivated");
    EXPECT_EQ(to_string(AccountStatus::revoked), "revoked");

    EXPECT_EQ(to_string(OrderStatus::pending), "pending");
    EXPECT_EQ(to_string(OrderStatus::ready), "ready");
    EXPECT_EQ(to_string(OrderStatus::processing), "processing");
    EXPECT_EQ(to_string(OrderStatus::valid), "valid");
    EXPECT_EQ(to_string(OrderStatus::invalid), "invalid");

    EXPECT_EQ(to_string(AuthorizationStatus::pending), "pending");
    EXPECT_EQ(to_string(AuthorizationStatus::valid), "valid");
    EXPECT_EQ(to_string(AuthorizationStatus::invalid), "invalid");
    EXPECT_EQ(to_string(AuthorizationStatus::deactivated), "deactivated");
    EXPECT_EQ(to_string(AuthorizationStatus::expired), "expired");
    EXPECT_EQ(to_string(AuthorizationStatus::revoked), "revoked");

    EXPECT_EQ(to_string(ChallengeStatus::pending), "pending");
    EXPECT_EQ(to_string(ChallengeStatus::processing), "processing");
    EXPECT_EQ(to_string(ChallengeStatus::valid), "valid");
    EXPECT_EQ(to_string(ChallengeStatus::invalid), "invalid");
}

TEST(Status, IsReadBack) {
    for (const auto status : base::enumerators<AccountStatus>) {
        EXPECT_EQ(account_status_from(to_string(status)), status);
    }
    for (const auto status : base::enumerators<OrderStatus>) {
        EXPECT_EQ(order_status_from(to_string(status)), status);
    }
    for (const auto status : base::enumerators<AuthorizationStatus>) {
        EXPECT_EQ(authorization_status_from(to_string(status)), status);
    }
    for (const auto status : base::enumerators<ChallengeStatus>) {
        EXPECT_EQ(challenge_status_from(to_string(status)), status);
    }
}

TEST(Status, UnknownWordsAreNothing) {
    for (const char* word : {"", "Valid", "valid ", "canceled"}) {
        EXPECT_EQ(account_status_from(word), std::nullopt) << word;
        EXPECT_EQ(order_status_from(word), std::nullopt) << word;
        EXPECT_EQ(authorization_status_from(word), std::nullopt) << word;
        EXPECT_EQ(challenge_status_from(word), std::nullopt) << word;
    }
    EXPECT_EQ(account_status_from("pending"), std::nullopt);
    EXPECT_EQ(order_status_from("deactivated"), std::nullopt);
    EXPECT_EQ(authorization_status_from("ready"), std::nullopt);
    EXPECT_EQ(challenge_status_from("ready"), std::nullopt);
}

}  // namespace
}  // namespace cairn::protocol::status_test
