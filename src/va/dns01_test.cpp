#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/testing/challenge.h"
#include "va/testing/event_loop.h"
#include "va/testing/fake_resolver.h"
#include "va/validation.h"

namespace cairn::va::dns01_test {
namespace {

using dns::RecordType;
using protocol::ProblemType;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Outcome = dns::Answer::Outcome;

constexpr const char* record_name = "_acme-challenge.example.com";

class Dns01 : public ::testing::Test {
  protected:
    auto validate(const Validation& validation = testing::challenge_for("example.com")) {
        return loop.run(validate_dns01(validation, settings, resolver));
    }
    void publish(testing::FakeResolver::Answer answer) {
        resolver = {};
        resolver.add(record_name, RecordType::txt, std::move(answer));
    }

    testing::EventLoop loop;
    testing::FakeResolver resolver;
    Settings settings = testing::public_settings();
    const std::string value = protocol::dns_record_value(testing::key_authorization);
};

// Check 104.
TEST_F(Dns01, TheDigestInATxtRecordIsEnough) {
    publish(testing::with_texts({value}));
    const auto evidence = validate();
    ASSERT_TRUE(evidence) << evidence.error().detail;
    EXPECT_THAT(evidence->steps, ElementsAre("_acme-challenge.example.com TXT"));
    EXPECT_THAT(resolver.queries(), ElementsAre(record_name));
}

TEST_F(Dns01, TheDigestAloneIsEnoughForWhoKnowsNoMore) {
    publish(testing::with_texts({value}));
    auto validation = testing::challenge_for("example.com");
    validation.key_authorization.clear();
    EXPECT_FALSE(validate(validation));
    validation.key_digest = protocol::tls_alpn_digest(testing::key_authorization);
    const auto evidence = validate(validation);
    ASSERT_TRUE(evidence) << evidence.error().detail;
    ASSERT_TRUE(evidence->texts);
    EXPECT_THAT(evidence->texts->records, ElementsAre(value));
}

// Check 104.
TEST_F(Dns01, OtherRecordsBesideItDoNotMatter) {
    std::vector<std::string> texts(999, "v=spf1 -all");
    texts.push_back(value);
    publish(testing::with_texts(texts));
    EXPECT_TRUE(validate());
}

// Check 104.
TEST_F(Dns01, AWildcardIsProvenAtItsBaseName) {
    publish(testing::with_texts({"the value of the apex", value}));
    EXPECT_TRUE(validate(testing::challenge_for("*.example.com")));
    EXPECT_THAT(resolver.queries(), ElementsAre(record_name));
}

// Check 105.
TEST_F(Dns01, AnAliasIsTheResolversMatter) {
    auto answer = testing::with_texts({value});
    answer.canonical_name = "challenges.example.net";
    publish(answer);
    EXPECT_TRUE(validate());
    publish(base::fail("more than 10 CNAME records in a row"));
    EXPECT_EQ(validate().error().type, ProblemType::dns);
}

// Check 106.
TEST_F(Dns01, NoRecordIsUnauthorized) {
    for (const auto outcome : {Outcome::no_data, Outcome::no_such_name}) {
        publish(testing::with_outcome(outcome));
        const auto result = validate();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().type, ProblemType::unauthorized);
        EXPECT_THAT(result.error().detail, HasSubstr(record_name));
    }
}

// Checks 104, 106.
TEST_F(Dns01, AnotherValueIsUnauthorized) {
    std::string other_case = value;
    other_case.front() = static_cast<char>(other_case.front() ^ 0x20);
    const std::string wrong[] = {other_case,
                                 value + "=",
                                 value + " ",
                                 " " + value,
                                 "\"" + value + "\"",
                                 value.substr(1),
                                 "",
                                 std::string(testing::key_authorization),
                                 value + std::string(1, '\0')};
    for (const auto& text : wrong) {
        publish(testing::with_texts({text}));
        const auto result = validate();
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().type, ProblemType::unauthorized);
        EXPECT_THAT(result.error().detail, AllOf(HasSubstr(record_name), HasSubstr(value)));
    }
}

TEST_F(Dns01, TheMessageTellsWhatWasFoundBoundedAndPrintable) {
    publish(testing::with_texts({"first", "\x1b[2Jsecond", std::string(60000, 'a'), "fourth"}));
    const auto detail = validate().error().detail;
    EXPECT_THAT(detail, AllOf(HasSubstr("none of 4 TXT records"), HasSubstr("\"first\""),
                              HasSubstr("\"?[2Jsecond\""), Not(HasSubstr("fourth")),
                              Not(HasSubstr(std::string(80, 'a')))));
    EXPECT_LT(detail.size(), 400U);
}

// Checks 106, 107, 109.
TEST_F(Dns01, AnOpenQuestionIsADnsProblem) {
    const testing::FakeResolver::Answer answers[] = {
        testing::with_outcome(Outcome::server_failure, 2),
        testing::with_outcome(Outcome::refused, 5),
        base::fail("bogus: the signature has expired"),
        base::fail("more than 1000 records"),
    };
    for (const auto& answer : answers) {
        publish(answer);
        const auto result = validate();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().type, ProblemType::dns);
    }
}

TEST_F(Dns01, SilenceIsADnsProblemByTheDeadline) {
    resolver.fall_silent();
    settings.deadline = testing::short_deadline;
    EXPECT_EQ(validate().error().type, ProblemType::dns);
}

TEST_F(Dns01, AddressesAreNotProvenByIt) {  // RFC 8738 section 7
    const auto validation = testing::challenge_for(protocol::Identifier::ip("192.0.2.1").value());
    EXPECT_THROW(static_cast<void>(validate(validation)), std::logic_error);
    EXPECT_THAT(resolver.queries(), IsEmpty());
}

}  // namespace
}  // namespace cairn::va::dns01_test
