#include "apps/perspective/network_validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/random.h"
#include "va/testing/event_loop.h"
#include "va/testing/fake_resolver.h"

namespace cairn::apps::network_validator_test {
namespace {

using protocol::ChallengeType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class NetworkValidatorTest : public ::testing::Test {
  protected:
    ca::Validator::Answer ask(ChallengeType method) {
        const va::Settings settings{
            .http_port = 1,  // where nobody listens
            .egress = va::EgressPolicy({base::IpNetwork::from_text("127.0.0.0/8").value()})};
        NetworkValidator validator(settings, resolver_, clock_);
        return loop_.run(
            validator.validate({.account_url = "https://ca.example/acme/account/1",
                                .profile = "default",
                                .identifier = *protocol::Identifier::dns("example.com"),
                                .method = method,
                                .token = protocol::Token::random(random_),
                                .key_authorization = "token.thumbprint",
                                .caa_identities = {}}));
    }

    crypto::SystemRandom random_;
    base::ManualClock clock_{*base::from_rfc3339("2026-11-22T12:00:00Z")};
    va::testing::EventLoop loop_;
    std::shared_ptr<va::testing::FakeResolver> resolver_ =
        std::make_shared<va::testing::FakeResolver>();
};

TEST_F(NetworkValidatorTest, TellsWhatItSawOfASuccess) {
    resolver_->add("_acme-challenge.example.com", dns::RecordType::txt,
                   va::testing::with_texts({protocol::dns_record_value("token.thumbprint")}));
    const auto answer = ask(ChallengeType::dns_01);
    EXPECT_FALSE(answer.failure);
    ASSERT_EQ(answer.evidence.size(), 1U);
    const auto& evidence = answer.evidence.front();
    EXPECT_EQ(evidence.perspective, "local");
    EXPECT_EQ(evidence.begun, clock_.now());
    EXPECT_EQ(evidence.ended, clock_.now());
    EXPECT_THAT(evidence.steps, ElementsAre("_acme-challenge.example.com TXT"));
    EXPECT_TRUE(evidence.endpoints.empty());
    EXPECT_FALSE(evidence.problem);
}

TEST_F(NetworkValidatorTest, TellsWhatItSawOfAFailure) {
    resolver_->set("example.com", {"127.0.0.1"});
    const auto answer = ask(ChallengeType::http_01);
    ASSERT_TRUE(answer.failure);
    EXPECT_EQ(answer.failure->problem.type, protocol::ProblemType::connection);
    EXPECT_EQ(answer.failure->outlook, ca::Validator::Failure::Outlook::may_heal);
    const auto& evidence = answer.evidence.at(0);
    EXPECT_THAT(evidence.endpoints,
                ElementsAre(ca::Evidence::Endpoint{*base::IpAddress::from_text("127.0.0.1"), 1}));
    EXPECT_EQ(evidence.endpoint_list(), "127.0.0.1:1");
    EXPECT_THAT(evidence.steps,
                ElementsAre("example.com AAAA", "example.com A", HasSubstr("127.0.0.1:1: ")));
    ASSERT_TRUE(evidence.problem);
    EXPECT_EQ(evidence.problem->detail, answer.failure->problem.detail);
}

}  // namespace
}  // namespace cairn::apps::network_validator_test
