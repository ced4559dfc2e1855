#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/testing/challenge.h"
#include "va/testing/event_loop.h"
#include "va/testing/fake_resolver.h"
#include "va/validation.h"

namespace cairn::va::dns_persist01_test {
namespace {

using namespace std::chrono_literals;
using dns::RecordType;
using protocol::ProblemType;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Outcome = dns::Answer::Outcome;

const std::string account = "https://ca.example/acme/account/1";
constexpr const char* record_name = "_validation-persist.example.com";
constexpr base::Time now(1'800'000'000s);

/// A record of the CA for the account, with more behind it.
std::string record(const std::string& more = "") {
    return "ca.example; accounturi=" + account + more;
}

class DnsPersist01 : public ::testing::Test {
  protected:
    Validation validation(std::string_view name = "example.com") const {
        auto made = testing::challenge_for(name);
        made.account_url = account;
        made.issuer_names = issuer_names;
        made.now = now;
        return made;
    }
    auto validate(const Validation& asked) {
        return loop.run(validate_dns_persist01(asked, settings, resolver));
    }
    auto validate() { return validate(validation()); }
    void publish(std::vector<std::string> texts, std::uint32_t time_to_live = 3600) {
        auto answer = testing::with_texts(std::move(texts));
        answer.time_to_live = time_to_live;
        publish(answer);
    }
    void publish(testing::FakeResolver::Answer answer) {
        resolver = {};
        resolver.add(record_name, RecordType::txt, std::move(answer));
    }

    const std::vector<std::string> issuer_names{"ca.example", "ca.example.net"};
    testing::EventLoop loop;
    testing::FakeResolver resolver;
    Settings settings = testing::public_settings();
};

// Check 111.
TEST_F(DnsPersist01, ARecordOfThisCaAndAccountIsEnough) {
    for (const auto& text : {record(), record("; policy=wildcard"), record("; policy=other"),
                             record("; persistUntil=1800000000"), record("; later=1"),
                             "CA.EXAMPLE.NET.;accounturi=" + account}) {
        publish({text});
        const auto evidence = validate();
        ASSERT_TRUE(evidence) << text << ": " << evidence.error().detail;
        EXPECT_THAT(evidence->steps, ElementsAre("_validation-persist.example.com TXT"));
        EXPECT_EQ(evidence->reliable_for, 1h);
    }
}

// Checks 111, 112.
TEST_F(DnsPersist01, WhatIsNotRightHasATypeOfItsOwn) {
    using enum ProblemType;
    struct Case {
        std::vector<std::string> texts;
        ProblemType type;
        const char* why;
    };
    const Case cases[] = {
        {{"other.example; accounturi=" + account}, unauthorized, "other.example"},
        {{"other.example; accounturi="}, unauthorized, "other.example"},
        {{"ca.example; accounturi=" + account + "2"}, unauthorized, "account"},
        {{"ca.example; accounturi=HTTPS://ca.example/acme/account/1"}, unauthorized, "account"},
        {{record("; persistUntil=1799999999")}, unauthorized, "ended at 2027-01-15T07:59:59Z"},
        {{record("; accounturi=" + account)}, malformed, "twice"},
        {{record("; policy=wildcard; policy=wildcard")}, malformed, "twice"},
        {{record("; persistUntil=soon")}, malformed, "persistUntil"},
        {{record(";")}, malformed, "semicolon"},
        {{"ca.example"}, malformed, "accounturi"},
        {{"v=spf1 -all"}, malformed, "issuer"},
        // What tells the most is told, wherever it stands.
        {{"other.example; accounturi=x", record(";"), "v=spf1"}, malformed, "semicolon"},
        {{record(";"), record("; persistUntil=1")}, unauthorized, "ended"},
    };
    for (const auto& [texts, type, why] : cases) {
        publish(texts);
        const auto result = validate();
        ASSERT_FALSE(result) << texts.front();
        EXPECT_EQ(result.error().type, type) << texts.front();
        EXPECT_THAT(result.error().detail, AllOf(HasSubstr(record_name), HasSubstr(why)));
    }
}

TEST_F(DnsPersist01, OtherRecordsBesideItDoNotMatter) {
    publish({"v=spf1 -all", record(";"), "other.example; accounturi=x", record()});
    EXPECT_TRUE(validate());
}

// Check 112.
TEST_F(DnsPersist01, WildcardsAndSubdomainsNeedThePolicy) {
    auto subdomains = validation();
    subdomains.for_subdomains = true;
    for (const auto& wide : {validation("*.example.com"), subdomains}) {
        publish({record()});
        const auto result = validate(wide);
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().type, ProblemType::unauthorized);
        EXPECT_THAT(result.error().detail, HasSubstr("policy=wildcard"));
        publish({record("; policy=wildcard")});
        EXPECT_TRUE(validate(wide));
        EXPECT_THAT(resolver.queries(), ElementsAre(record_name));
    }
}

// Check 79.
TEST_F(DnsPersist01, ItIsReliedOnNoLongerThanItsTimeToLiveAndTenDays) {
    publish({record()}, 0);
    EXPECT_EQ(validate()->reliable_for, 0s);
    publish({record()}, 0xffffffff);
    EXPECT_EQ(validate()->reliable_for, 240h);
}

TEST_F(DnsPersist01, NoRecordIsUnauthorizedAndNoAnswerADnsProblem) {
    for (const auto outcome : {Outcome::no_data, Outcome::no_such_name}) {
        publish(testing::with_outcome(outcome));
        EXPECT_EQ(validate().error().type, ProblemType::unauthorized);
    }
    publish(testing::with_outcome(Outcome::server_failure, 2));
    EXPECT_EQ(validate().error().type, ProblemType::dns);
}

TEST_F(DnsPersist01, WhatStandsBehindAnAliasIsNotTold) {
    auto answer = testing::with_texts({"hidden.example; accounturi=" + account});
    answer.canonical_name = "inside.example.net";
    publish(answer);
    const auto result = validate();
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().detail, Not(HasSubstr("hidden")));
    answer.texts = {record()};
    publish(answer);
    EXPECT_TRUE(validate());
}

TEST_F(DnsPersist01, ACaWithoutNamesTakesNone) {
    publish({record()});
    auto nameless = validation();
    nameless.issuer_names = {};
    EXPECT_EQ(validate(nameless).error().type, ProblemType::unauthorized);
}

}  // namespace
}  // namespace cairn::va::dns_persist01_test
