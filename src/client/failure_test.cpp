#include "client/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client {
namespace {

using protocol::ProblemType;
using testing::HasSubstr;
using testing::Not;
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

std::string_view advice(ProblemType type, Step step) {
    return advice_for(protocol::Problem(type, ""), step);
}

TEST(Advice, IsGivenWhereTheSubscriberCanAct) {
    for (const auto type : {ProblemType::caa, ProblemType::connection, ProblemType::dns,
                            ProblemType::unauthorized, ProblemType::external_account_required,
                            ProblemType::rate_limited, ProblemType::user_action_required})
        EXPECT_FALSE(advice(type, Step::other).empty()) << to_string(type);
}

TEST(Advice, FitsTheStep) {
    EXPECT_THAT(advice(ProblemType::unauthorized, Step::binding), HasSubstr("--eab-kid"));
    EXPECT_THAT(advice(ProblemType::malformed, Step::binding), HasSubstr("--eab-kid"));
    EXPECT_THAT(advice(ProblemType::malformed, Step::order), StrEq(""));
    EXPECT_THAT(advice(ProblemType::unauthorized, Step::validation), HasSubstr("challenge"));
    for (const auto step : {Step::registration, Step::binding, Step::order, Step::issuance,
                            Step::revocation, Step::other})
        EXPECT_THAT(advice(ProblemType::unauthorized, step), Not(HasSubstr("challenge")));
    EXPECT_THAT(advice(ProblemType::bad_public_key, Step::issuance), HasSubstr("--key-type"));
    EXPECT_THAT(advice(ProblemType::bad_public_key, Step::registration),
                Not(HasSubstr("--key-type")));
}

TEST(Advice, SaysOfWhatIsNotOfferedThatItIsNot) {
    for (const auto type :
         {ProblemType::unsupported_identifier, ProblemType::server_internal, ProblemType::unknown})
        EXPECT_THAT(advice_for(protocol::Problem(type, "", 501), Step::order),
                    HasSubstr("does not offer"));
}

TEST(Advice, OfSeveralProblemsIsThatOfTheFirst) {
    protocol::Problem problem(ProblemType::compound, "two");
    problem.subproblems = {{ProblemType::caa, "", {}}, {ProblemType::dns, "", {}}};
    EXPECT_THAT(advice_for(problem, Step::validation), HasSubstr("CAA"));
}

TEST(Failure, KeepsItsStatusUnderAnotherAdvice) {
    const Failure failure({"download", Step::issuance}, 404, "nothing there", {});
    EXPECT_EQ(failure.advising("come back.").status(), 404);
    EXPECT_THAT(failure.advising("come back.").what(),
                HasSubstr("nothing there\nNext: come back."));
}

}  // namespace
}  // namespace cairn::client
