#include "va/open_mpic_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::va::open_mpic_response_test {
namespace {

using protocol::Identifier;
using ::testing::HasSubstr;

base::Result<OpenMpicResponse> read(std::string_view json) {
    return OpenMpicResponse::from_json(base::bytes_of(json));
}

OpenMpicRequest caa_request() {
    return {.target = *Identifier::dns("example.com"),
            .caa_domains = {"ca.example"},
            .counts = OpenMpicCounts{.perspectives = 2, .quorum = 2, .attempts = 1},
            .trace = "t-1"};
}

OpenMpicRequest http_request() {
    return {.target = *Identifier::dns("example.com"),
            .proof = OpenMpicProof{.token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0",
                                   .key_authorization = "k"}};
}

OpenMpicResponse answer_to(const OpenMpicRequest& request) {
    return {.check = request.check(),
            .target = request.target.value(),
            .is_valid = true,
            .counts = {.perspectives = 2, .quorum = 1, .attempts = 1},
            .trace = request.trace};
}

TEST(OpenMpicResponseTest, WhatIsWrittenIsReadAsTheSame) {
    auto response = answer_to(http_request());
    response.votes = {{.code = "lon1",
                       .has_passed = true,
                       .nanoseconds = 1725822089205545500,
                       .web = Evidence::WebAnswer{.redirects = {{"http://example.com/x", 302}},
                                                  .url = "http://example.com/y",
                                                  .status = 200,
                                                  .page = "k"},
                       .resolved_address = "192.0.2.1"},
                      {.code = "nyc1",
                       .has_passed = false,
                       .nanoseconds = 1,
                       .faults = {{"validation:acme-dns-01", "no record"}},
                       .texts = Evidence::TextAnswer{.name = "_acme-challenge.example.com",
                                                     .records = {"a", "b"},
                                                     .response_code = 0,
                                                     .is_secure = true}},
                      {.code = "sin1",
                       .has_passed = false,
                       .is_completed = false,
                       .nanoseconds = 2,
                       .common_name = "example.com"}};
    const auto again = read(response.to_json(http_request()));
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(again->votes, response.votes);
    EXPECT_EQ(again->counts, response.counts);
    EXPECT_TRUE(again->is_valid);

    auto caa = answer_to(caa_request());
    caa.votes = {{.code = "lon1",
                  .has_passed = true,
                  .nanoseconds = 3,
                  .caa = OpenMpicVote::Caa{.is_present = true,
                                           .owner = "example.com",
                                           .records = {"0 issue \"ca.example\"", "0 iodef"}}}};
    const auto read_again = read(caa.to_json(caa_request()));
    ASSERT_TRUE(read_again) << read_again.error().message;
    EXPECT_EQ(read_again->votes, caa.votes);
}

// The examples of the specification are flat, its schemas are not.
TEST(OpenMpicResponseTest, ResultsAreReadBesideTheCodeAndInCheckResponse) {
    for (
        const std::string vote :
        {R"({"perspective_code":"us-east-2","check_passed":true,"errors":null,"timestamp_ns":17,
              "check_type":"caa","details":{"caa_record_present":false,"found_at":null,"response":null}})",
         R"({"perspective_code":"us-east-2","check_response":{"check_passed":true,"timestamp_ns":17,
              "check_type":"caa","details":{"caa_record_present":false,"found_at":null,"records_seen":null}}})"}) {
        const auto response = read(R"({"request_orchestration_parameters":null,
            "actual_orchestration_parameters":{"perspective_count":1,"quorum_count":1,"attempt_count":1},
            "is_valid":true,"domain_or_ip_target":"example.com","check_type":"caa",
            "caa_check_parameters":null,"perspectives":[)" +
                                   vote + "]}");
        ASSERT_TRUE(response) << response.error().message;
        ASSERT_EQ(response->votes.size(), 1U);
        EXPECT_TRUE(response->votes[0].has_passed);
        EXPECT_TRUE(response->votes[0].is_completed);
        ASSERT_TRUE(response->votes[0].caa);
        EXPECT_FALSE(response->votes[0].caa->is_present);
    }
}

// As open-mpic-core 6.5.0 writes a response: with null for what there is not, and redirects by
// names of its own.
TEST(OpenMpicResponseTest, WhatOpenMpicCoreWritesIsRead) {
    const auto vote = [](const std::string& details) {
        const auto response =
            read(R"({"mpic_completed":true,"is_valid":false,"trace_identifier":null,
            "domain_or_ip_target":"a","check_type":"dcv","previous_attempt_results":null,
            "perspectives":[{"perspective_code":"x","check_response":{"check_completed":true,
            "check_passed":false,"errors":null,"timestamp_ns":null,"check_type":"dcv","details":)" +
                 details + "}}]}");
        EXPECT_TRUE(response) << response.error().message;
        return response->votes.at(0);
    };
    const auto web = vote(R"({"validation_method":"acme-http-01","response_url":"http://a/x",
        "response_history":[{"status_code":301,"url":"http://b/y"}],"response_status_code":200,
        "response_page":"aw=="})");
    ASSERT_TRUE(web.web);
    ASSERT_EQ(web.web->redirects.size(), 1U);
    EXPECT_EQ(web.web->redirects[0], (Evidence::WebAnswer::Redirect{"http://b/y", 301}));
    // It found out nothing, and says nothing.
    const auto no_page = vote(R"({"validation_method":"acme-http-01","response_history":null,
        "response_url":null,"response_status_code":null,"response_page":null})");
    EXPECT_FALSE(no_page.web);
    const auto no_record = vote(R"({"validation_method":"acme-dns-01","records_seen":null,
        "response_code":null,"ad_flag":null,"found_at":null,"cname_chain":null})");
    EXPECT_FALSE(no_record.texts);
}

// Without these members its models refuse a response.
TEST(OpenMpicResponseTest, OpenMpicCoreReadsWhatIsWritten) {
    auto response = answer_to(http_request());
    response.votes = {
        {.code = "lon1",
         .web = Evidence::WebAnswer{.redirects = {{"http://a/x", 302}}, .status = 200}}};
    const auto json = response.to_json(http_request());
    EXPECT_THAT(json, HasSubstr(R"("validation_method":"acme-http-01","response_history":[{)"));
    EXPECT_THAT(json, HasSubstr(R"("status_code":302,"url":"http://a/x")"));
    const OpenMpicVote vote{.code = "lon1",
                            .caa = OpenMpicVote::Caa{.is_present = true, .records = {"a", "b"}}};
    EXPECT_THAT(check_response_json(vote, caa_request()), HasSubstr(R"("records_seen":["a","b"])"));
}

TEST(OpenMpicResponseTest, DetailsOfAnyKindAreNoError) {
    for (const auto* details :
         {"null", "[]", "{}", R"({"caa_record_present":"yes","records_seen":7})",
          R"({"records_seen":[{"a":1},"b",null]})"}) {
        const auto response = read(
            R"({"is_valid":false,"domain_or_ip_target":"a","check_type":"caa","perspectives":[
                {"perspective_code":"x","check_passed":false,"details":)" +
            std::string(details) + "}]}");
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_FALSE(response->votes[0].has_passed);
    }
}

TEST(OpenMpicResponseTest, WhatIsNoResponseIsRefused) {
    const auto with = [](const std::string& perspectives) {
        return read(
            R"({"is_valid":true,"domain_or_ip_target":"a","check_type":"dcv","perspectives":)" +
            perspectives + "}");
    };
    EXPECT_TRUE(with("[]"));
    std::string many = "[";
    for (int i = 0; i < 65; ++i)
        many += std::string(i > 0 ? "," : "") + R"({"check_passed":true,"perspective_code":"p)" +
                std::to_string(i) + "\"}";
    for (const std::string& perspectives :
         {std::string("{}"), std::string("[1]"), std::string("[{}]"), many + "]",
          std::string(R"([{"perspective_code":"a"}])"),
          std::string(R"([{"perspective_code":"a","check_passed":"true"}])"),
          std::string(R"([{"perspective_code":"a b","check_passed":true}])"),
          std::string(R"([{"perspective_code":"","check_passed":true}])"),
          std::string(R"([{"perspective_code":"a","check_passed":true,"check_type":"caa"}])"),
          std::string(R"([{"perspective_code":"a","check_passed":true},
                          {"perspective_code":"a","check_passed":true}])")})
        EXPECT_FALSE(with(perspectives)) << perspectives;
    EXPECT_FALSE(read(R"({"domain_or_ip_target":"a","check_type":"dcv","perspectives":[]})"));
    EXPECT_FALSE(read(R"({"is_valid":true,"domain_or_ip_target":"a","check_type":"dcv"})"));
    EXPECT_FALSE(read(std::string(largest_open_mpic_response + 1, ' ')));
}

TEST(OpenMpicResponseTest, AnAnswerIsToItsQuestionAndSaysOneThing) {
    const auto request = caa_request();
    auto good = answer_to(request);
    good.votes = {{.code = "a", .has_passed = true}, {.code = "b"}};
    EXPECT_FALSE(fault_of(good, request));
    const auto reason = [&](auto change) {
        auto response = good;
        change(response);
        const auto fault = fault_of(response, request);
        return fault ? fault->message : std::string();
    };
    EXPECT_THAT(reason([](auto& one) { one.check = OpenMpicCheck::dcv; }), HasSubstr("about dcv"));
    EXPECT_THAT(reason([](auto& one) { one.target = "evil.example"; }),
                HasSubstr("about evil.example"));
    EXPECT_THAT(reason([](auto& one) { one.trace = "t-2"; }), HasSubstr("another question"));
    EXPECT_EQ(reason([](auto& one) { one.trace.reset(); }), "");
    EXPECT_THAT(reason([](auto& one) { one.counts.quorum = 2; }), HasSubstr("contradicts itself"));
    EXPECT_THAT(reason([](auto& one) { one.votes[0].is_completed = false; }),
                HasSubstr("contradicts itself"));
    EXPECT_EQ(reason([](auto& one) {
                  one.votes[0].has_passed = false;
                  one.is_valid = false;
              }),
              "");
}

}  // namespace
}  // namespace cairn::va::open_mpic_response_test
