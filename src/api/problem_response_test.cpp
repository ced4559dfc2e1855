#include "api/problem_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::api::problem_response_test {
namespace {

using protocol::Problem;
using protocol::ProblemType;

TEST(ProblemResponseTest, CarriesWhatTheProblemAsksFor) {
    Problem problem(ProblemType::malformed, "another account has the new key", 409);
    problem.location = "https://ca.example/acme/account/x";
    problem.retry_after = base::Seconds(5);
    problem.links = {"<https://ca.example/help>;rel=\"help\""};
    problem.allow = "POST";
    const auto response = problem_response(problem);
    EXPECT_EQ(response.status, 409);
    EXPECT_EQ(response.content_type, "application/problem+json");
    EXPECT_THAT(response.fields,
                ::testing::UnorderedElementsAre(
                    ::testing::Pair("Location", "https://ca.example/acme/account/x"),
                    ::testing::Pair("Retry-After", "5"),
                    ::testing::Pair("Link", "<https://ca.example/help>;rel=\"help\""),
                    ::testing::Pair("Allow", "POST")));
    const auto read = Problem::from_json(base::bytes_of(response.body));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->type, ProblemType::malformed);
    EXPECT_EQ(read->detail, problem.detail);
    EXPECT_EQ(read->status, 409);
}

TEST(ProblemResponseTest, AddsNothingThatWasNotAskedFor) {
    EXPECT_TRUE(problem_response(Problem(ProblemType::dns, "why")).fields.empty());
}

}  // namespace
}  // namespace cairn::api::problem_response_test
