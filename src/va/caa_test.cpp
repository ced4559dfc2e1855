#include "va/caa.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/examination.h"
#include "va/testing/challenge.h"
#include "va/testing/event_loop.h"
#include "va/testing/fake_resolver.h"

namespace cairn::va::caa_test {
namespace {

using protocol::ChallengeType;
using protocol::ProblemType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view account = "https://us.example/acct/1";

dns::CaaProperty property(std::string tag, std::string_view value, std::uint8_t flags = 0) {
    return {.critical = (flags & 0x80U) != 0,
            .flags = flags,
            .tag = std::move(tag),
            .value = base::copy_of(base::bytes_of(value))};
}

dns::Answer with_caa(std::vector<dns::CaaProperty> properties, std::string canonical_name) {
    dns::Answer answer;
    answer.outcome = dns::Answer::Outcome::found;
    answer.caa = std::move(properties);
    answer.canonical_name = std::move(canonical_name);
    return answer;
}

class Caa : public ::testing::Test {
  protected:
    /// `owner` has one property.
    void set(const std::string& owner, const std::string& tag, std::string_view value) {
        resolver_.add(owner, dns::RecordType::caa, with_caa({property(tag, value)}, owner));
    }
    Validation validation(std::string_view name) {
        auto asked = testing::challenge_for(name);
        asked.account_url = account;
        asked.caa_identities = us_;
        return asked;
    }
    OrFailure<Evidence> check(std::string_view name, std::string_view method = "http-01") {
        const auto asked = validation(name);
        return loop_.run(check_caa(asked, method, settings_, resolver_));
    }
    OrFailure<Evidence> look(Validation asked, ChallengeType method = ChallengeType::dns_01) {
        return loop_.run(examine(asked, method, settings_, resolver_));
    }

    const std::vector<std::string> us_{"us.example"};
    Settings settings_ = testing::public_settings();
    testing::FakeResolver resolver_;
    testing::EventLoop loop_;
};

// Check 170.
TEST_F(Caa, OurNamePermitsAnotherForbidsNonePermits) {
    EXPECT_TRUE(check("none.example.com"));
    set("us.example.com", "issue", "us.example");
    EXPECT_TRUE(check("us.example.com"));
    set("other.example.com", "issue", "other.example");
    const auto refused = check("other.example.com");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().type, ProblemType::caa);
    EXPECT_EQ(refused.error().status, 403);
    EXPECT_EQ(refused.error().outlook, Outlook::final);
    EXPECT_EQ(refused.error().detail,
              "the CAA records of other.example.com forbid issuance: 0 issue \"other.example\": "
              "another CA is named. This CA is \"us.example\" there (RFC 8659)");
}

// Check 171.
TEST_F(Caa, TheNearestSetCountsEvenIfItForbidsNothing) {
    set("example.com", "issue", "other.example");
    const auto refused = check("a.b.example.com");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail, HasSubstr("a.b.example.com at example.com forbid"));
    EXPECT_EQ(refused.error().evidence.caa->owner, "example.com");
    set("b.example.com", "iodef", "mailto:security@example.com");
    const auto permitted = check("a.b.example.com");
    ASSERT_TRUE(permitted);
    EXPECT_EQ(permitted->caa->owner, "b.example.com");
    EXPECT_THAT(permitted->caa->iodef, ElementsAre("mailto:security@example.com"));
}

TEST_F(Caa, WhatIsAtAnAliasIsKeptButNotTold) {
    resolver_.add("www.example.com", dns::RecordType::caa,
                  with_caa({property("issue", "secret.internal")}, "host.internal"));
    const auto refused = check("www.example.com");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().detail, Not(HasSubstr("internal")));
    EXPECT_THAT(refused.error().detail, HasSubstr("at its alias forbid"));
    EXPECT_EQ(refused.error().evidence.caa->alias_of, "host.internal");
    EXPECT_THAT(refused.error().evidence.caa->records, ElementsAre("0 issue \"secret.internal\""));
}

// Check 173.
TEST_F(Caa, AWildcardHasPropertiesOfItsOwn) {
    resolver_.add(
        "example.com", dns::RecordType::caa,
        with_caa({property("issue", "other.example"), property("issuewild", "us.example")},
                 "example.com"));
    EXPECT_TRUE(check("*.example.com", "dns-01"));
    EXPECT_FALSE(check("example.com"));
}

// Checks 176, 177.
TEST_F(Caa, AccountAndMethodAreBound) {
    set("example.com", "issue",
        "us.example; accounturi=https://us.example/acct/1; validationmethods=dns-01");
    EXPECT_TRUE(check("example.com", "dns-01"));
    EXPECT_FALSE(check("example.com", "http-01"));
    auto asked = validation("example.com");
    asked.account_url = "https://us.example/acct/2";
    EXPECT_FALSE(loop_.run(check_caa(asked, "dns-01", settings_, resolver_)));
}

// Check 178.
TEST_F(Caa, WhatCannotBeLookedUpForbids) {
    resolver_.add("example.com", dns::RecordType::caa, base::fail("the server failed (SERVFAIL)"));
    const auto refused = check("www.example.com");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().type, ProblemType::dns);
    EXPECT_EQ(refused.error().outlook, Outlook::may_heal);
    EXPECT_THAT(refused.error().detail, HasSubstr("SERVFAIL"));
    EXPECT_FALSE(refused.error().evidence.caa);
    // What is above the nearest set does not matter.
    set("www.example.com", "issue", "us.example");
    EXPECT_TRUE(check("www.example.com"));
}

// Check 178.
TEST_F(Caa, SilenceForbidsByTheDeadline) {
    settings_.deadline = testing::short_deadline;
    resolver_.fall_silent();
    const auto refused = check("www.example.com");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().type, ProblemType::dns);
    EXPECT_THAT(refused.error().detail, HasSubstr("timed out"));
}

// Check 179.
TEST_F(Caa, AThousandRecordsAndManyLabelsAreBounded) {
    std::vector<dns::CaaProperty> many(999, property("issue", "other.example"));
    many.push_back(property("issue", "us.example"));
    resolver_.add("example.com", dns::RecordType::caa, with_caa(many, "example.com"));
    const auto permitted = check("a.b.c.d.e.f.g.h.example.com");
    ASSERT_TRUE(permitted);
    EXPECT_EQ(permitted->caa->count, 1000U);
    EXPECT_EQ(permitted->caa->records.size(), protocol::most_caa_records_kept);
    EXPECT_THAT(resolver_.queries(), ::testing::SizeIs(10));  // each name once
}

TEST_F(Caa, ControlAndPermissionAreBothNeeded) {
    resolver_.add("_acme-challenge.example.com", dns::RecordType::txt,
                  testing::with_texts({protocol::dns_record_value(testing::key_authorization)}));
    const auto proved = look(validation("example.com"));
    ASSERT_TRUE(proved);
    EXPECT_THAT(proved->steps, ElementsAre("_acme-challenge.example.com TXT", "example.com CAA",
                                           "no CAA records"));
    set("example.com", "issue", "other.example");
    const auto forbidden = look(validation("example.com"));
    ASSERT_FALSE(forbidden);
    EXPECT_EQ(forbidden.error().type, ProblemType::caa);
    EXPECT_THAT(forbidden.error().evidence.steps, ::testing::Contains("example.com CAA"));
    // Of two failures that of control is told, and what CAA says is kept.
    set("unproved.example.org", "issue", "other.example");
    const auto unproved = look(validation("unproved.example.org"));
    ASSERT_FALSE(unproved);
    EXPECT_EQ(unproved.error().type, ProblemType::unauthorized);
    EXPECT_EQ(unproved.error().evidence.caa->owner, "unproved.example.org");
}

TEST_F(Caa, AloneItAsksForNothingElse) {
    set("example.com", "issue", "us.example; validationmethods=ca-word");
    auto asked = validation("example.com");
    asked.aim = Aim::caa_alone;
    EXPECT_FALSE(look(asked));
    asked.caa_method = "ca-word";
    EXPECT_TRUE(look(asked));
    EXPECT_THAT(resolver_.queries(), Not(::testing::Contains("_acme-challenge.example.com")));
}

// Check 180.
TEST_F(Caa, AddressesAreExemptAndSoIsACaWithoutAName) {
    auto asked = testing::challenge_for(protocol::Identifier::ip("192.0.2.1").value());
    asked.caa_identities = us_;
    asked.aim = Aim::caa_alone;
    EXPECT_TRUE(look(asked, ChallengeType::http_01));
    asked = validation("example.com");
    asked.caa_identities = {};
    asked.aim = Aim::caa_alone;
    EXPECT_TRUE(look(asked));
    EXPECT_TRUE(resolver_.queries().empty());
}

}  // namespace
}  // namespace cairn::va::caa_test
