#include "client/plan_keeping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/testing/bench.h"

namespace cairn::client::plan_keeping_test {
namespace {

using ::testing::HasSubstr;

class PlanKeeping : public ::testing::Test {
  protected:
    PlanKeeping() {
        plan_.authorities = {{"https://ca.example/directory"}};
        plan_.names = {RequestedName::from_text("a.example", "standalone").value()};
    }
    CertificatePlan keep(const std::optional<CertificatePlan>& former,
                         const CertificatePlan& wanted, IfGone if_gone = IfGone::write) {
        return keep_plan(state_, name_, former, wanted, heard_, if_gone);
    }
    void edit(const std::string& text) {
        write_durably(state_.renewal(name_), text, FileAccess::owner);
    }
    CertificatePlan kept() { return CertificatePlan::read(state_.renewal(name_)).value(); }

    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_.path()};
    LineageName name_ = LineageName::from_text("a.example").value();
    testing::Heard heard_;
    CertificatePlan plan_;
};

TEST_F(PlanKeeping, WritesTheFirstOne) {
    EXPECT_EQ(keep({}, plan_), plan_);
    EXPECT_EQ(kept(), plan_);
    EXPECT_FALSE(heard_.has(ProgressKind::remark));
}

TEST_F(PlanKeeping, LeavesTheFileAloneWhereNothingIsToChange) {
    const auto spaced = " " + plan_.to_json();
    keep({}, plan_);
    edit(spaced);
    EXPECT_EQ(keep(plan_, plan_), plan_);
    EXPECT_EQ(read_file(state_.renewal(name_), 10000), spaced);
    // Not to be read for a moment: an editor is at work.
    edit("{");
    EXPECT_EQ(keep(plan_, plan_), plan_);
    EXPECT_EQ(read_file(state_.renewal(name_), 10000), "{");
    EXPECT_THAT(heard_.events(ProgressKind::remark).front().text, HasSubstr("cannot be read"));
}

TEST_F(PlanKeeping, KeepsWhatOthersHaveChanged) {
    auto theirs = plan_, ours = plan_;
    theirs.post_hook = "/bin/true";
    theirs.renew_before = RenewBefore::from_text("10d").value();
    ours.profile = "short";
    ours.renew_before = RenewBefore::from_text("20d").value();
    keep({}, plan_);
    edit(theirs.to_json());
    const auto both = keep(plan_, ours);
    EXPECT_EQ(both.post_hook, "/bin/true");
    EXPECT_EQ(both.profile, "short");
    EXPECT_EQ(both.renew_before->text(), "10d");
    EXPECT_EQ(kept(), both);
    EXPECT_THAT(heard_.events(ProgressKind::remark).front().text,
                HasSubstr("post_hook: none -> /bin/true"));
    // A renewal has changed nothing.
    edit(theirs.to_json());
    EXPECT_EQ(keep(plan_, plan_), theirs);
    EXPECT_EQ(kept(), theirs);
}

TEST_F(PlanKeeping, NamesKeyAndRequestAreNotMixed) {
    auto theirs = plan_, ours = plan_;
    theirs.key_types = {crypto::KeyType::rsa2048};
    ours.names.push_back(RequestedName::from_text("b.example", "standalone").value());
    const auto merged = merged_edits(plan_, ours, theirs);
    EXPECT_EQ(merged, theirs);
    EXPECT_EQ(merged_edits(plan_, ours, plan_), ours);
    EXPECT_EQ(merged_edits(plan_, plan_, theirs), theirs);
}

TEST_F(PlanKeeping, OneThatHasComeOrGoneMeanwhile) {
    auto theirs = plan_;
    theirs.account = "other";
    keep({}, theirs);
    EXPECT_EQ(keep({}, plan_), theirs) << "it was made while there was none";
    std::filesystem::remove(state_.renewal(name_));
    EXPECT_THAT(testing::failure_of([&] { keep(plan_, theirs, IfGone::refuse); }),
                HasSubstr("it is gone"));
    EXPECT_FALSE(std::filesystem::exists(state_.renewal(name_)));
    // The certificate would not be renewed without it.
    keep(plan_, plan_);
    EXPECT_EQ(kept(), plan_);
}

}  // namespace
}  // namespace cairn::client::plan_keeping_test
