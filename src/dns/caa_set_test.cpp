#include "dns/caa_set.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/testing/task.h"

namespace cairn::dns::caa_set_test {
namespace {

using ::testing::HasSubstr;
using Outcome = CaaVerdict::Outcome;

CaaProperty property(std::string tag, std::string_view value, std::uint8_t flags = 0) {
    return {.critical = (flags & 0x80U) != 0,
            .flags = flags,
            .tag = std::move(tag),
            .value = base::copy_of(base::bytes_of(value))};
}

struct Case {
    std::vector<CaaProperty> properties;
    Outcome outcome;
    CaaScope scope = CaaScope::name;
};

TEST(CaaSet, IsEvaluatedByRfc8659And8657) {
    const std::vector<std::string> us{"Us.example"};
    const std::string account = "https://us.example/acct/1";
    const auto wildcard = CaaScope::wildcard;
    const Case cases[] = {
        {{}, Outcome::permitted},
        {{property("issue", "us.example")}, Outcome::permitted},
        {{property("issue", "US.EXAMPLE")}, Outcome::permitted},
        {{property("issue", "other.example")}, Outcome::other_issuer},
        // What is no restriction.
        {{property("iodef", "mailto:a@b.example")}, Outcome::permitted},
        {{property("issuemail", ";"), property("contactemail", "a@b.example")}, Outcome::permitted},
        // Wildcards.
        {{property("issuewild", "other.example")}, Outcome::permitted},
        {{property("issuewild", "other.example")}, Outcome::other_issuer, wildcard},
        {{property("issue", "other.example")}, Outcome::other_issuer, wildcard},
        {{property("issue", "other.example"), property("issuewild", "us.example")},
         Outcome::permitted,
         wildcard},
        {{property("issue", "other.example"), property("issuewild", "us.example")},
         Outcome::other_issuer},
        // Nobody, alone and beside somebody.
        {{property("issue", ";")}, Outcome::nobody},
        {{property("issue", "")}, Outcome::nobody},
        {{property("issue", "%%%")}, Outcome::nobody},
        {{property("issue", ";"), property("issue", "us.example")}, Outcome::permitted},
        {{property("issue", "%%%"), property("issue", "us.example")}, Outcome::permitted},
        // Flags.
        {{property("future", "x", 128)}, Outcome::unknown_critical},
        {{property("future", "x", 1)}, Outcome::unknown_critical},
        {{property("future", "x", 64)}, Outcome::permitted},
        {{property("future", "x")}, Outcome::permitted},
        {{property("issue", "us.example", 128)}, Outcome::permitted},
        {{property("issuemail", ";", 128)}, Outcome::permitted},
        {{property("issue", "us.example"), property("future", "x", 128)},
         Outcome::unknown_critical},
        // The account.
        {{property("issue", "us.example; accounturi=https://us.example/acct/1")},
         Outcome::permitted},
        {{property("issue", "us.example; accounturi=https://us.example/acct/2")},
         Outcome::other_account},
        {{property("issue",
                   "us.example; accounturi=https://us.example/acct/1; "
                   "accounturi=https://us.example/acct/1")},
         Outcome::other_account},
        {{property("issue", "us.example; whatever=1")}, Outcome::permitted},
        // The method.
        {{property("issue", "us.example; validationmethods=dns-01")}, Outcome::other_method},
        {{property("issue", "us.example; validationmethods=dns-01,http-01")}, Outcome::permitted},
        {{property("issue", "us.example; validationmethods=")}, Outcome::other_method},
        // The nearest miss is told.
        {{property("issue", "other.example"),
          property("issue", "us.example; validationmethods=dns-01"), property("issue", ";")},
         Outcome::other_method},
    };
    for (const auto& [properties, outcome, scope] : cases) {
        const auto verdict = evaluate(
            properties,
            {.scope = scope, .identities = us, .account_url = account, .method = "http-01"});
        EXPECT_EQ(verdict.outcome, outcome) << verdict.reason;
    }
}

TEST(CaaSet, NamesNoAccountThatIsNotThereYet) {
    const std::vector<std::string> us{"us.example"};
    const std::vector<CaaProperty> set{property("issue", "us.example; accounturi=")};
    const auto verdict = evaluate(set, {.identities = us, .method = "http-01"});
    EXPECT_EQ(verdict.outcome, Outcome::other_account);
    EXPECT_THAT(verdict.reason, HasSubstr("a new one"));
}

TEST(CaaSet, MayBeAskedByWhoKnowsNeitherAccountNorMethod) {
    const std::vector<std::string> us{"us.example"};
    const auto outcome_of = [&](const char* value) {
        const std::vector<CaaProperty> set{property("issue", value)};
        return evaluate(set, {.identities = us, .parameters = CaaParameters::not_asked}).outcome;
    };
    EXPECT_EQ(outcome_of("us.example; accounturi=https://x/1; validationmethods=dns-01"),
              Outcome::permitted);
    EXPECT_EQ(outcome_of("other.example; accounturi=https://x/1"), Outcome::other_issuer);
    EXPECT_EQ(outcome_of("us.example; accounturi=a; accounturi=b"), Outcome::other_account);
}

TEST(CaaSet, IsQuotedInPrintableText) {
    EXPECT_EQ(to_string(property("issue", "ca\x1b.example", 128)), "128 issue \"ca?.example\"");
}

/// Answers CAA queries from a table; names that are not in it have none.
class CaaResolver final : public Resolver {
  public:
    base::Task<base::Result<Answer>> query(std::string name, RecordType type, Deadline) override {
        EXPECT_EQ(type, RecordType::caa);
        asked.push_back(name);
        if (const auto found = answers.find(name); found != answers.end()) co_return found->second;
        Answer none;
        none.outcome = Answer::Outcome::no_such_name;
        none.canonical_name = name;
        co_return none;
    }
    std::map<std::string, base::Result<Answer>> answers;
    std::vector<std::string> asked;
};

Answer with(std::string_view value, std::string canonical_name) {
    Answer answer;
    answer.outcome = Answer::Outcome::found;
    answer.caa = {property("issue", value)};
    answer.canonical_name = std::move(canonical_name);
    return answer;
}

base::Result<CaaSet> found(CaaResolver& resolver, const std::string& name) {
    return result_of(find_caa_set(resolver, name, Resolver::Deadline::max()));
}

TEST(CaaSet, IsTheNearestOneUpwards) {
    CaaResolver resolver;
    resolver.answers.emplace("example.org", with("near", "example.org"));
    resolver.answers.emplace("org", with("far", "org"));
    const auto set = found(resolver, "a.WWW.example.org.");
    ASSERT_TRUE(set) << set.error().message;
    EXPECT_EQ(set->owner, "example.org");
    EXPECT_EQ(base::text_of(set->properties.at(0).value), "near");
    EXPECT_THAT(resolver.asked, ::testing::ElementsAre("a.www.example.org", "www.example.org",
                                                       "example.org", "org"));
}

TEST(CaaSet, IsThatOfAnAliasButNotOfTheNamesAboveIt) {
    CaaResolver resolver;
    Answer alias;
    alias.outcome = Answer::Outcome::no_data;
    alias.canonical_name = "www.cdn.example";
    resolver.answers.emplace("www.example.org", alias);
    resolver.answers.emplace("cdn.example", with("cdn", "cdn.example"));
    EXPECT_EQ(found(resolver, "www.example.org")->owner, "");
    EXPECT_EQ(resolver.asked.size(), 3U);

    resolver.answers.insert_or_assign("www.example.org", with("cdn", "www.cdn.example"));
    const auto set = found(resolver, "www.example.org");
    EXPECT_EQ(set->owner, "www.example.org");
    EXPECT_EQ(set->canonical_name, "www.cdn.example");
}

TEST(CaaSet, IsNotGuessedWhereALookUpFails) {
    CaaResolver resolver;
    resolver.answers.emplace("www.example.org", base::fail("SERVFAIL"));
    resolver.answers.emplace("example.org", with("near", "example.org"));
    EXPECT_FALSE(found(resolver, "www.example.org"));
}

}  // namespace
}  // namespace cairn::dns::caa_set_test
