#include "apps/ca/open_mpic_translation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::apps::open_mpic_translation_test {
namespace {

using ca::Validator;
using protocol::ChallengeType;
using protocol::Identifier;
using protocol::InternetRegistry;
using protocol::ProblemType;
using ::testing::HasSubstr;
using va::OpenMpicMethod;

const std::string url = "https://mpic.example/mpic";
const std::vector<std::string> identities{"ca.example"};
const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

Configuration::OpenMpicService service() {
    return {.name = "mpic",
            .endpoint = {},
            .perspectives = {{"lon1", InternetRegistry::ripe}, {"nyc1", InternetRegistry::arin}}};
}

Validator::Question question(ChallengeType method, std::string_view name = "www.example.org") {
    return {.account_url = "https://ca.example/account/1",
            .profile = "",
            .identifier = *Identifier::dns(name),
            .method = method,
            .token = *protocol::Token::from_text("LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"),
            .key_authorization = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0.thumb",
            .caa_identities = identities,
            .issuer_names = identities};
}

std::int64_t nanoseconds(base::Time time) {
    return std::chrono::nanoseconds(time.time_since_epoch()).count();
}

va::OpenMpicVote vote(std::string code, bool has_passed) {
    return {.code = std::move(code), .has_passed = has_passed, .nanoseconds = nanoseconds(now)};
}

va::OpenMpicResponse response(va::OpenMpicCheck check, std::vector<va::OpenMpicVote> votes) {
    return {.check = check, .target = "www.example.org", .votes = std::move(votes)};
}

ca::Validator::Answer answer(const OpenMpicResponses& responses) {
    return answer_of(responses, question(ChallengeType::http_01), service(), url, now, now);
}

TEST(OpenMpicTranslationTest, EachMethodHasItsRequest) {
    const auto proof = [](ChallengeType method, std::string_view name) {
        const auto request = proof_request_of(question(method, name), service());
        EXPECT_EQ(request->counts->perspectives, 2);
        EXPECT_EQ(request->counts->quorum, 1);
        // It is one that a service reads.
        EXPECT_TRUE(va::OpenMpicRequest::from_json(base::bytes_of(request->to_json())));
        return *request;
    };
    const auto http = proof(ChallengeType::http_01, "www.example.org");
    EXPECT_EQ(http.proof->method, OpenMpicMethod::acme_http_01);
    EXPECT_THAT(http.proof->key_authorization, HasSubstr(".thumb"));
    const auto dns = proof(ChallengeType::dns_01, "*.example.org");
    EXPECT_EQ(dns.proof->method, OpenMpicMethod::acme_dns_01);
    EXPECT_EQ(dns.target.value(), "example.org");
    EXPECT_EQ(dns.proof->digest, crypto::sha256(base::bytes_of(http.proof->key_authorization)));
    EXPECT_EQ(dns.proof->key_authorization, "") << "of a method by digest nothing more is told";
    EXPECT_EQ(proof(ChallengeType::tls_alpn_01, "a.example").proof->method,
              OpenMpicMethod::acme_tls_alpn_01);
    const auto account = proof(ChallengeType::dns_account_01, "*.example.org");
    EXPECT_EQ(account.proof->method, OpenMpicMethod::dns_change);
    EXPECT_THAT(account.proof->record_prefix, HasSubstr("._acme-challenge"));
    const auto persist = proof(ChallengeType::dns_persist_01, "*.example.org");
    EXPECT_EQ(persist.proof->method, OpenMpicMethod::dns_persistent);
    EXPECT_EQ(persist.target.value(), "*.example.org");
    EXPECT_EQ(persist.proof->account_url, "https://ca.example/account/1");
}

TEST(OpenMpicTranslationTest, OnlyWhatIsAskedIsAsked) {
    auto asked = question(ChallengeType::dns_01, "*.example.org");
    EXPECT_EQ(caa_request_of(asked, service())->target.value(), "*.example.org");
    asked.aim = Validator::Aim::caa_alone;
    EXPECT_FALSE(proof_request_of(asked, service()));
    EXPECT_TRUE(caa_request_of(asked, service()));
    asked.caa_identities = {};
    EXPECT_FALSE(caa_request_of(asked, service()));
    auto address = question(ChallengeType::http_01);
    address.identifier = *Identifier::ip("192.0.2.1");
    EXPECT_FALSE(caa_request_of(address, service()));
    EXPECT_EQ(proof_request_of(address, service())->target.value(), "192.0.2.1");
}

TEST(OpenMpicTranslationTest, APerspectiveHasToPassBoth) {
    const auto seen = answer(
        {.proof = response(va::OpenMpicCheck::dcv, {vote("lon1", true), vote("nyc1", true)}),
         .caa = response(va::OpenMpicCheck::caa, {vote("lon1", true), vote("nyc1", false)})});
    ASSERT_EQ(seen.evidence.size(), 2U);
    EXPECT_EQ(seen.evidence[0].perspective, "mpic/lon1");
    EXPECT_EQ(seen.evidence[0].region, InternetRegistry::ripe);
    EXPECT_FALSE(seen.evidence[0].problem);
    EXPECT_EQ(seen.evidence[0].caa->verdict, "permitted");
    ASSERT_TRUE(seen.evidence[1].problem);
    EXPECT_EQ(seen.evidence[1].problem->type, ProblemType::caa);
    ASSERT_TRUE(seen.failure);
    EXPECT_EQ(seen.failure->problem.type, ProblemType::caa);
}

TEST(OpenMpicTranslationTest, WhatWasSeenIsInTheSteps) {
    auto failed = vote("lon1", false);
    failed.faults = {{"validation:acme-http-01", "the body is another"}};
    failed.resolved_address = "192.0.2.1";
    failed.web = va::Evidence::WebAnswer{.redirects = {{"http://www.example.org/x", 302}},
                                         .url = "http://www.example.org/y",
                                         .status = 404};
    const auto seen = answer(
        {.proof = response(va::OpenMpicCheck::dcv, {failed, vote("nyc1", true)}), .caa = {}});
    const auto steps = seen.evidence[0].step_list();
    for (const auto* part : {"POST https://mpic.example/mpic http-01: not passed", "192.0.2.1",
                             "http://www.example.org/x: 302", "http://www.example.org/y: 404"})
        EXPECT_THAT(steps, HasSubstr(part));
    EXPECT_EQ(seen.evidence[0].problem->type, ProblemType::unauthorized);
    EXPECT_THAT(seen.evidence[0].problem->detail, HasSubstr("the body is another"));
}

TEST(OpenMpicTranslationTest, WhoSaysNothingOfItIsSilent) {
    auto unfinished = vote("lon1", true);
    unfinished.is_completed = false;
    unfinished.faults = {{"", "no route"}};
    auto stale = vote("nyc1", true);
    stale.nanoseconds = nanoseconds(now - std::chrono::minutes(6));
    const auto seen =
        answer({.proof = response(va::OpenMpicCheck::dcv, {unfinished, stale}), .caa = {}});
    EXPECT_FALSE(seen.failure);
    for (const auto& one : seen.evidence)
        EXPECT_EQ(one.problem->type, ProblemType::server_internal);
    EXPECT_THAT(seen.evidence[0].step_list(), HasSubstr("could not find out"));
    EXPECT_THAT(seen.evidence[0].step_list(), HasSubstr("no route"));
    EXPECT_THAT(seen.evidence[1].step_list(), HasSubstr("before it was asked"));

    // One that is in one of two answers alone, and one that is none of ours.
    const auto partly = answer(
        {.proof = response(va::OpenMpicCheck::dcv, {vote("lon1", true), vote("else", false)}),
         .caa = response(va::OpenMpicCheck::caa, {vote("nyc1", true)})});
    ASSERT_EQ(partly.evidence.size(), 2U);
    EXPECT_FALSE(partly.failure);
    for (const auto& one : partly.evidence)
        EXPECT_EQ(one.problem->type, ProblemType::server_internal);
}

}  // namespace
}  // namespace cairn::apps::open_mpic_translation_test
