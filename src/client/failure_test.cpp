#include "client/failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::failure_test {
namespace {

using protocol::ProblemType;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StrEq;

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

std::string_view advice(ProblemType type, Phase phase) {
    return advice_for(protocol::Problem(type, ""), phase);
}

TEST(Advice, IsGivenWhereTheSubscriberCanAct) {
    for (const auto type : {ProblemType::caa, ProblemType::connection, ProblemType::dns,
                            ProblemType::unauthorized, ProblemType::external_account_required,
                            ProblemType::rate_limited, ProblemType::user_action_required})
        EXPECT_FALSE(advice(type, Phase::other).empty()) << to_string(type);
}

TEST(Advice, FitsThePhase) {
    EXPECT_THAT(advice(ProblemType::unauthorized, Phase::binding), HasSubstr("--eab-kid"));
    EXPECT_THAT(advice(ProblemType::malformed, Phase::binding), HasSubstr("--eab-kid"));
    EXPECT_THAT(advice(ProblemType::malformed, Phase::order), StrEq(""));
    EXPECT_THAT(advice(ProblemType::unauthorized, Phase::challenge), HasSubstr("challenge"));
    for (const auto phase : {Phase::account, Phase::binding, Phase::order, Phase::finalize,
                             Phase::revocation, Phase::other})
        EXPECT_THAT(advice(ProblemType::unauthorized, phase), Not(HasSubstr("challenge")));
    EXPECT_THAT(advice(ProblemType::bad_public_key, Phase::finalize), HasSubstr("--key-type"));
    EXPECT_THAT(advice(ProblemType::bad_public_key, Phase::account), Not(HasSubstr("--key-type")));
}

TEST(Advice, SaysOfWhatIsNotOfferedThatItIsNot) {
    for (const auto type :
         {ProblemType::unsupported_identifier, ProblemType::server_internal, ProblemType::unknown})
        EXPECT_THAT(advice_for(protocol::Problem(type, "", 501), Phase::order),
                    HasSubstr("does not offer"));
}

TEST(Advice, OfSeveralProblemsIsThatOfTheFirst) {
    protocol::Problem problem(ProblemType::compound, "two");
    problem.subproblems = {{ProblemType::caa, "", {}}, {ProblemType::dns, "", {}}};
    EXPECT_THAT(advice_for(problem, Phase::challenge), HasSubstr("CAA"));
}

TEST(Failure, TellsWhatACaFoundAboutEachName) {
    const auto a = protocol::Identifier::dns("a.example").value();
    const auto b = protocol::Identifier::dns("b.example").value();
    const auto failure = Failure::of_proof(
        "ca.example",
        {{a, protocol::ChallengeType::http_01, protocol::Problem(ProblemType::caa, "forbidden")},
         {b, protocol::ChallengeType::dns_01, protocol::Problem(ProblemType::dns, "no record")}});
    EXPECT_THAT(failure.what(),
                StrEq("Could not prove control of a.example, b.example: ca.example has looked and "
                      "was not convinced:\n  a.example by http-01: 403 caa: forbidden"
                      "\n  b.example by dns-01: 400 dns: no record"
                      "\nNext: look at the CAA records of the name and its parents: they must "
                      "allow this CA."));
    EXPECT_EQ(failure.findings().size(), 2U);
    EXPECT_FALSE(failure.problem()) << "no answer to a request";
}

TEST(Failure, IsOfThePhaseItHappensIn) {
    const auto phase_of = [](const Aim& aim) {
        try {
            in_phase(Phase::install, [&] { throw Failure(aim, "no fire"); });
        } catch (const Failure& failure) {
            return failure.phase();
        }
        return Phase::other;
    };
    EXPECT_EQ(phase_of("boil water"), Phase::install);
    EXPECT_EQ(phase_of({"boil water", Phase::order}), Phase::order);
    for (int number = 0; number <= static_cast<int>(Phase::revocation); ++number)
        EXPECT_EQ(phase_from(to_string(static_cast<Phase>(number))), static_cast<Phase>(number));
    EXPECT_FALSE(phase_from("orbit"));
}

TEST(Failure, KeepsItsStatusUnderAnotherAdvice) {
    const Failure failure({"download", Phase::finalize}, 404, "nothing there", {});
    EXPECT_EQ(failure.advising("come back.").status(), 404);
    EXPECT_THAT(failure.advising("come back.").what(),
                HasSubstr("nothing there\nNext: come back."));
}

}  // namespace
}  // namespace cairn::client::failure_test
