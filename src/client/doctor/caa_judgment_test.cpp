#include "client/doctor/caa_judgment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::doctor::caa_judgment_test {
namespace {

using protocol::ChallengeType;
using ::testing::HasSubstr;

Finding judged(std::string_view value, std::vector<ChallengeType> methods,
               std::vector<std::string> identities = {"ca.example"}) {
    const Patient patient{.identifier = protocol::Identifier::dns("www.example.org").value(),
                          .methods = std::move(methods)};
    dns::CaaSet set{.owner = "example.org"};
    set.properties = {{.tag = "issue", .value = base::copy_of(base::bytes_of(value))}};
    protocol::Directory directory;
    directory.caa_identities = std::move(identities);
    const AuthorityView authority{.directory_url = "https://ca.example/directory",
                                  .host = "ca.example",
                                  .directory = directory,
                                  .account_url = "https://ca.example/acct/1"};
    const auto findings = judge_caa(patient, set, authority);
    EXPECT_EQ(findings.size(), 1U);
    return findings.at(0);
}

TEST(JudgeCaa, ComparesTheRecordsWithTheCa) {
    const std::vector http{ChallengeType::http_01};
    EXPECT_EQ(judged("ca.example", http).severity, Severity::ok);
    const auto other = judged("other.example", http);
    EXPECT_EQ(other.severity, Severity::problem);
    EXPECT_THAT(other.came_back, HasSubstr("at example.org: 0 issue \"other.example\""));
    EXPECT_THAT(other.next, HasSubstr("0 issue \"ca.example\""));
    const auto account = judged("ca.example; accounturi=https://ca.example/acct/2", http);
    EXPECT_EQ(account.severity, Severity::problem);
    EXPECT_THAT(account.next, HasSubstr("accounturi=https://ca.example/acct/1"));
}

TEST(JudgeCaa, TellsWhichMethodsAreShutOut) {
    const auto* const record = "ca.example; validationmethods=dns-01";
    EXPECT_EQ(judged(record, {ChallengeType::dns_01}).severity, Severity::ok);
    EXPECT_EQ(judged(record, {ChallengeType::http_01}).severity, Severity::problem);
    const auto some = judged(record, {ChallengeType::dns_01, ChallengeType::http_01});
    EXPECT_EQ(some.severity, Severity::warning);
    EXPECT_THAT(some.came_back, HasSubstr("not by http-01"));
}

TEST(JudgeCaa, DoesNotJudgeForACaThatDoesNotSayItsNames) {
    EXPECT_EQ(judged("other.example", {ChallengeType::http_01}, {}).severity, Severity::warning);
}

TEST(JudgeCaa, TakesALookUpThatFailsForARefusal) {
    const Patient patient{.identifier = protocol::Identifier::dns("www.example.org").value()};
    const AuthorityView authority{
        .directory_url = {}, .host = "ca.example", .directory = protocol::Directory()};
    const auto findings = judge_caa(patient, base::fail("SERVFAIL"), authority);
    EXPECT_EQ(findings.at(0).severity, Severity::problem);
    EXPECT_EQ(judge_caa(patient, dns::CaaSet{}, authority).at(0).severity, Severity::ok);
}

}  // namespace
}  // namespace cairn::client::doctor::caa_judgment_test
