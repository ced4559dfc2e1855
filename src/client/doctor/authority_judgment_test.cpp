#include "client/doctor/authority_judgment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::doctor::authority_judgment_test {
namespace {

using namespace std::chrono_literals;

constexpr base::Time now{base::Seconds{1'800'000'000}};

Severity severity_of(Check check, const AuthorityView& view) {
    for (const auto& finding : judge_authority(view))
        if (finding.check == check) return finding.severity;
    ADD_FAILURE() << "nothing was said about " << to_string(check);
    return Severity::ok;
}

AuthorityView view() {
    return {.directory_url = "https://ca.example/directory",
            .host = "ca.example",
            .directory = protocol::Directory(),
            .date = now,
            .asked_at = now};
}

TEST(JudgeAuthority, ComparesTheClocks) {
    for (const auto& [difference, severity] :
         {std::pair(base::Seconds(0), Severity::ok), std::pair(base::Seconds(59), Severity::ok),
          std::pair(base::Seconds(-61), Severity::warning),
          std::pair(base::Seconds(2h), Severity::problem),
          std::pair(base::Seconds(-2h), Severity::problem)}) {
        auto seen = view();
        seen.asked_at = now + difference;
        EXPECT_EQ(severity_of(Check::clock, seen), severity) << difference.count();
    }
}

TEST(JudgeAuthority, SaysWhatANewAccountNeeds) {
    auto seen = view();
    EXPECT_EQ(severity_of(Check::account, seen), Severity::ok);
    seen.directory->external_account_required = true;
    EXPECT_EQ(severity_of(Check::account, seen), Severity::warning);
    seen.account_url = "https://ca.example/acct/1";
    EXPECT_EQ(severity_of(Check::account, seen), Severity::ok);
}

TEST(JudgeAuthority, KnowsTheProfiles) {
    auto seen = view();
    seen.profile = "tls";
    EXPECT_EQ(severity_of(Check::profile, seen), Severity::warning);
    seen.is_profile_required = true;
    EXPECT_EQ(severity_of(Check::profile, seen), Severity::problem);
    seen.directory->profiles = {{"tls", ""}};
    EXPECT_EQ(severity_of(Check::profile, seen), Severity::ok);
}

TEST(JudgeAuthority, IsSilentWhereNobodyAsked) {
    auto seen = view();
    seen.directory = base::fail("no connection");
    EXPECT_EQ(severity_of(Check::authority, seen), Severity::problem);
    seen.is_offline = true;
    EXPECT_TRUE(judge_authority(seen).empty());
}

}  // namespace
}  // namespace cairn::client::doctor::authority_judgment_test
