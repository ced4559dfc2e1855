#include "client/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client {
namespace {

using protocol::ProblemType;
using testing::HasSubstr;
using testing::StrEq;

TEST(Failure, SaysWhatWasTriedWhatCameBackAndWhatNext) {
    EXPECT_THAT(Failure("boil water", "no fire", "light one.").what(),
                StrEq("Could not boil water: no fire\nNext: light one."));
    EXPECT_THAT(Failure("boil water", "no fire").what(), StrEq("Could not boil water: no fire"));
}

TEST(Failure, TellsEachSubproblem) {
    protocol::Problem problem(ProblemType::compound, "two names failed", 403);
    problem.subproblems = {{ProblemType::caa, "forbidden", {{"dns", "a.example"}}},
                           {ProblemType::dns, "no address", {{"dns", "b.example"}}}};
    const Failure failure("order", "ca.example", problem, {});
    EXPECT_THAT(failure.what(), HasSubstr("ca.example answered 403 compound: two names failed"));
    EXPECT_THAT(failure.what(), HasSubstr("\n  a.example: caa: forbidden"));
    EXPECT_THAT(failure.what(), HasSubstr("\n  b.example: dns: no address"));
    EXPECT_EQ(failure.problem(), ProblemType::compound);
}

TEST(Failure, QuotesHostileTextOnlyInPrintableAndBoundedForm) {
    protocol::Problem problem(ProblemType::unknown, "\x1b[2J" + std::string(100000, 'a'), 400);
    problem.type_uri = "urn:\n\x07";
    for (int i = 0; i < 5000; ++i)
        problem.subproblems.push_back({ProblemType::dns, "x", {{"dns", "\x1b"}}});
    const std::string text = Failure("order", "ca.example", problem, {}).what();
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\x07'), std::string::npos);
    EXPECT_LT(text.size(), 10000U);
    EXPECT_THAT(text, HasSubstr("and 4900 more"));
}

TEST(Failure, AdvisesWhereTheSubscriberCanAct) {
    for (const auto type : {ProblemType::caa, ProblemType::connection, ProblemType::dns,
                            ProblemType::unauthorized, ProblemType::external_account_required,
                            ProblemType::rate_limited, ProblemType::user_action_required})
        EXPECT_FALSE(advice_for(type).empty()) << to_string(type);
}

}  // namespace
}  // namespace cairn::client
