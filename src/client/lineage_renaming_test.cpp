#include "client/lineage_renaming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/certificate_plan.h"
#include "client/failure.h"
#include "client/lineage.h"
#include "client/lineage_fact_store.h"
#include "client/lineage_mending.h"
#include "client/lineage_removal.h"
#include "client/lineage_rollback.h"
#include "client/testing/issuer.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::lineage_renaming_test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

class LineageRenamingTest : public ::testing::Test {
  protected:
    LineageRenamingTest() {
        make_lineage(before);
        LineageFactStore(state, before).change([](LineageFacts& facts) {
            facts.revocations.push_back({"abcd", {}});
        });
    }
    Generation generation() {
        auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        auto chain = issuer.issue(key.public_key(), testing::names({"a.example"}));
        return {std::move(key), std::move(chain)};
    }
    void make_lineage(const LineageName& name) {
        Lineage lineage(state, name);
        for (int i = 0; i < 2; ++i) lineage.install(generation());
        make_private_directory(state.renewal(name).parent_path());
        CertificatePlan plan;
        plan.authorities = {{"https://ca.example/directory", {}}};
        plan.names = {RequestedName::from_text("a.example", "manual").value()};
        write_durably(state.renewal(name), plan.to_json(), FileAccess::owner);
    }
    /// By whichever name the lineage goes now, a renewal would find it sound.
    void expect_sound() {
        const auto& name = fs::exists(state.renewal(after)) ? after : before;
        Lineage lineage(state, name);
        EXPECT_TRUE(lineage.current());
        EXPECT_TRUE(lineage.is_exposed());
        EXPECT_NO_THROW(static_cast<void>(LineageMending(lineage).run()));
        EXPECT_TRUE(lineage.current());
        EXPECT_EQ(lineage.live_number(), 2U);
        EXPECT_TRUE(LineageFactStore(state, name).read()->revocation_of("abcd"));
        // Servers that know the old name.
        EXPECT_TRUE(CertificateFiles::in(state.live(before)).read());
    }

    TemporaryFolder folder;
    StateDirectory state{folder.path()};
    testing::Issuer issuer;
    LineageName before = LineageName::from_text("a.example").value();
    LineageName after = LineageName::from_text("web").value();
};

TEST_F(LineageRenamingTest, IsOneLineageBetweenAllSteps) {
    int steps = 0;
    for (bool is_left = true; is_left && steps < 20; ++steps) {
        is_left = LineageRenaming(state, before, after).take_step();
        expect_sound();
    }
    EXPECT_GT(steps, 4);
    EXPECT_TRUE(LineageRenaming(state, before, after).is_done());
    EXPECT_THAT(state.lineages(), ::testing::ElementsAre(after));
    EXPECT_THAT(state.live_lineages(), ::testing::ElementsAre(after));
    EXPECT_FALSE(fs::exists(state.facts(before)));
    EXPECT_EQ(renamed_to(state, before), after);
    EXPECT_FALSE(renamed_to(state, after));
    EXPECT_EQ(fs::read_symlink(state.live(after) / "cert.pem"),
              "../../archive/web/current/cert.pem");
}

TEST_F(LineageRenamingTest, GoesOnWithWhatFactsHaveBecomeMeanwhile) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(LineageRenaming(state, before, after).take_step());
    LineageFactStore(state, before).change([](LineageFacts& facts) {
        facts.revocations.push_back({"ef01", {}});
    });
    LineageRenaming(state, before, after).run();
    EXPECT_TRUE(LineageFactStore(state, after).read()->revocation_of("ef01"));
}

TEST_F(LineageRenamingTest, CanBeTakenBack) {
    LineageRenaming(state, before, after).run();
    LineageRenaming(state, after, before).run();
    EXPECT_THAT(state.lineages(), ::testing::ElementsAre(before));
    EXPECT_TRUE(Lineage(state, before).current());
    EXPECT_TRUE(CertificateFiles::in(state.live(after)).read());
    EXPECT_EQ(renamed_to(state, after), before);
}

TEST_F(LineageRenamingTest, RefusesATakenNameAndAnUnknownOne) {
    make_lineage(after);
    EXPECT_THROW(LineageRenaming(state, before, after).run(), Failure);
    const auto other = LineageName::from_text("other").value();
    EXPECT_THROW(LineageRenaming(state, other, LineageName::from_text("x").value()).run(), Failure);
    EXPECT_THROW(LineageRenaming(state, before, before).run(), Failure);
    EXPECT_FALSE(LineageRenaming(state, other, after).is_done()) << "it never was";
    EXPECT_THROW(LineageRenaming(state, other, after).run(), Failure);
    fs::create_directories(state.live(other));
    EXPECT_THROW(LineageRenaming(state, before, other).run(), Failure);
    EXPECT_FALSE(fs::is_symlink(state.live(before)));
}

TEST_F(LineageRenamingTest, TakesOneThatHasNothingButAPlan) {
    fs::remove_all(state.live(before));
    fs::remove_all(state.archive(before));
    LineageRenaming(state, before, after).run();
    EXPECT_THAT(state.lineages(), ::testing::ElementsAre(after));
    EXPECT_FALSE(fs::exists(state.facts(before)));
    EXPECT_TRUE(LineageFactStore(state, after).read()->revocation_of("abcd"));
}

TEST_F(LineageRenamingTest, KeepsAFormerNameFromBeingMadeAnew) {
    LineageRenaming(state, before, after).run();
    try {
        require_no_former_name(state, before);
        FAIL();
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.came_back(), HasSubstr("former name of web"));
    }
    require_no_former_name(state, after);
}

TEST_F(LineageRenamingTest, FormerNamesGoWithTheLineage) {
    LineageRenaming(state, before, after).run();
    EXPECT_THAT(kept_of(state, after), ::testing::Contains(state.live(before)));
    remove_lineage(state, after);
    EXPECT_THAT(kept_of(state, after), ::testing::IsEmpty());
    EXPECT_FALSE(fs::is_symlink(state.live(before)));
    EXPECT_FALSE(fs::is_symlink(state.archive(before)));
    EXPECT_THAT(state.live_lineages(), ::testing::IsEmpty());
}

TEST_F(LineageRenamingTest, GoesBackToTheCertificateBefore) {
    const auto now = base::SystemClock().now();
    const auto earlier = earlier_certificates(state, before, now);
    ASSERT_EQ(earlier.size(), 1U);
    EXPECT_EQ(earlier.front().live, 2U);
    EXPECT_EQ(earlier.front().earlier, 1U);
    make_live(state, earlier.front(), now);
    Lineage lineage(state, before);
    EXPECT_EQ(lineage.live_number(), 1U);
    EXPECT_EQ(lineage.current()->chain.front(), earlier.front().certificate);
    EXPECT_THAT(LineageMending(lineage).run(), ::testing::IsEmpty()) << "it is not undone";
    const auto facts = LineageFactStore(state, before).read().value();
    EXPECT_EQ(facts.obtained->number, 1U);
    EXPECT_EQ(facts.pin->until, earlier.front().pinned_until);
    // There is none before the first.
    EXPECT_THROW(static_cast<void>(earlier_certificates(state, before, now)), Failure);
    // And none that has expired.
    lineage.return_to(2);
    EXPECT_THROW(static_cast<void>(
                     earlier_certificates(state, before, earlier.front().certificate.not_after())),
                 Failure);
}

}  // namespace
}  // namespace cairn::client::lineage_renaming_test
