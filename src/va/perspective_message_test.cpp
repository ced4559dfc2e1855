#include "va/perspective_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::va::perspective_message_test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

PerspectiveQuestion question(const std::string& name) {
    auto identifier = protocol::Identifier::ip(name);
    return {.nonce = "AAAAAAAAAAAAAAAAAAAAAA",
            .perspective = "lon1",
            .account_url = "https://ca.example/acme/account/1",
            .profile = "default",
            .identifier = identifier ? *identifier : *protocol::Identifier::dns(name),
            .method = protocol::ChallengeType::dns_persist_01,
            .token = *protocol::Token::from_text("LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"),
            .key_authorization = "token.thumbprint",
            .caa_identities = {"ca.example", "other.example"},
            .issuer_names = {"issuer.example"},
            .for_subdomains = true,
            .aim = Aim::caa_alone,
            .caa_method = "ca-tbr-7"};
}

TEST(PerspectiveQuestionTest, ComesBackAsItWasSent) {
    for (const auto* name : {"example.com", "*.example.com", "192.0.2.1", "2001:db8::1"}) {
        const auto sent = question(name);
        const auto read = PerspectiveQuestion::from_json(base::bytes_of(sent.to_json()));
        ASSERT_TRUE(read) << name << ": " << read.error().message;
        EXPECT_EQ(read->to_json(), sent.to_json());
        EXPECT_EQ(read->identifier, sent.identifier);
        EXPECT_EQ(read->aim, Aim::caa_alone);
        EXPECT_THAT(read->caa_identities, ElementsAre("ca.example", "other.example"));
    }
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const auto at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), by);
}

TEST(PerspectiveQuestionTest, WhatIsNoQuestionIsRefused) {
    const auto good = question("example.com").to_json();
    for (const auto& [what, by, reason] : {
             std::tuple{"\"protocol\":1", "\"protocol\":2", "version 2"},
             {"\"protocol\":1,", "", "no version"},
             {"\"AAAAAAAAAAAAAAAAAAAAAA\"", "\"AAAA\"", "nonce"},
             {"dns-persist-01", "dns-02", "method"},
             {"\"type\":\"dns\"", "\"type\":\"email\"", "type"},
             {"example.com", "exa mple.com", ""},
             {"caaAlone", "all", "aim"},
             {"LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0", "short", "token"},
         }) {
        const auto read = PerspectiveQuestion::from_json(base::bytes_of(replaced(good, what, by)));
        ASSERT_FALSE(read) << what;
        EXPECT_THAT(read.error().message, HasSubstr(reason)) << what;
    }
    EXPECT_FALSE(PerspectiveQuestion::from_json(base::bytes_of(std::string(70000, ' ') + good)));
}

PerspectiveAnswer answer() {
    return {.question = digest_of_question("{}"),
            .perspective = "lon1",
            .region = protocol::InternetRegistry::ripe,
            .begun = *base::from_rfc3339("2026-11-22T12:00:00Z"),
            .ended = *base::from_rfc3339("2026-11-22T12:00:01Z"),
            .endpoints = {{*base::IpAddress::from_text("192.0.2.1"), 80}},
            .steps = {"example.com A", "192.0.2.1:80"},
            .problem = protocol::Problem(protocol::ProblemType::unauthorized, "another text"),
            .outlook = Outlook::may_heal,
            .reliable_for = base::Seconds(300),
            .caa = protocol::CaaFinding{.name = "example.com",
                                        .owner = "com",
                                        .records = {"0 issue \"ca.example\""},
                                        .count = 1,
                                        .verdict = "permitted",
                                        .is_secure = true}};
}

TEST(PerspectiveAnswerTest, ComesBackAsItWasSent) {
    const auto sent = answer();
    const auto read = PerspectiveAnswer::from_json(base::bytes_of(sent.to_json()));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->to_json(), sent.to_json());
    EXPECT_EQ(read->endpoints, sent.endpoints);
    EXPECT_EQ(read->caa, sent.caa);
    EXPECT_EQ(read->outlook, Outlook::may_heal);
}

TEST(PerspectiveAnswerTest, WhatAPeerWroteIsBoundedAndPrintable) {
    auto long_one = answer();
    long_one.steps.assign(500, std::string(5000, 'x') + "\x1b[31m\n");
    long_one.problem->detail = std::string(5000, '\n');
    long_one.endpoints.assign(500, long_one.endpoints.front());
    const auto read = PerspectiveAnswer::from_json(base::bytes_of(long_one.to_json()));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_THAT(read->steps, SizeIs(64));
    EXPECT_THAT(read->steps, Each(SizeIs(::testing::Le(400))));
    EXPECT_THAT(read->endpoints, SizeIs(64));
    EXPECT_EQ(read->problem->detail.find('\n'), std::string::npos);
}

TEST(PerspectiveAnswerTest, WhatIsNoAnswerIsRefused) {
    const auto good = answer().to_json();
    for (const auto& [what, by] : {
             std::pair{"\"protocol\":1", "\"protocol\":0"},
             {"\"RIPE\"", "\"EUROPE\""},
             {"unauthorized", "rateLimited"},
             {"\"port\":80", "\"port\":70000"},
             {"192.0.2.1\",", "192.0.2\","},
             {"2026-11-22T12:00:00Z", "yesterday"},
             {"\"perspective\":\"lon1\",", ""},
         })
        EXPECT_FALSE(PerspectiveAnswer::from_json(base::bytes_of(replaced(good, what, by))))
            << what;
}

}  // namespace
}  // namespace cairn::va::perspective_message_test
