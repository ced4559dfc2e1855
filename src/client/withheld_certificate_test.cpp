#include "client/withheld_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/deploy/lineage_return.h"
#include "client/lineage.h"
#include "client/lineage_fact_store.h"
#include "client/testing/bench.h"
#include "client/testing/heard.h"
#include "client/testing/issuer.h"

namespace cairn::client::withheld_certificate_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A lineage whose target has learnt of certificate 1, and of which certificate 2 is live.
class WithheldCertificate : public ::testing::Test {
  protected:
    WithheldCertificate() {
        plan_.authorities = {{"https://ca.example/directory"}};
        plan_.names = {RequestedName::from_text("a.example", "standalone").value()};
        plan_.deploy_targets = {target_};
        begin(std::chrono::days(20));
    }
    /// Certificate 1 has so much of its life left.
    void begin(std::chrono::days left) {
        install(bench_.clock.now() + left);
        facts_.change([&](LineageFacts& facts) {
            facts.deploy(target_, lineage_.next_number() - 1, bench_.clock.now());
        });
        install(bench_.clock.now() + std::chrono::days(90));
    }
    void install(base::Time end) {
        auto key = LineageKey::generate(crypto::KeyType::ec_p256);
        auto chain = issuer_.issue(key.public_key(), testing::names({"a.example"}),
                                   {end - std::chrono::days(90), end});
        const auto number = lineage_.next_number();
        lineage_.install(Generation{std::move(key), std::move(chain)});
        facts_.change([&](LineageFacts& facts) {
            facts.obtain({number, bench_.clock.now()}, LineageFacts::DeployHook::has_to_run);
        });
    }
    std::string go_back() {
        const auto environment = bench_.environment();
        return return_lineage(environment, target_, {{name_, plan_, bench_.state.live(name_)}, {}});
    }
    bool take_up() {
        const auto environment = bench_.environment();
        return take_up_withheld(environment, name_, plan_, heard_);
    }

    testing::Bench bench_;
    LineageName name_ = LineageName::from_text("a.example").value();
    DeployTarget target_{"", "nginx"};
    Lineage lineage_{bench_.state, name_};
    LineageFactStore facts_{bench_.state, name_};
    testing::Issuer issuer_;
    testing::Heard heard_;
    CertificatePlan plan_;
};

TEST_F(WithheldCertificate, IsKeptAndTakenUpAgain) {
    EXPECT_THAT(go_back(), HasSubstr("leads to certificate 1 again"));
    EXPECT_EQ(lineage_.live_number(), 1U);
    EXPECT_EQ(facts_.read()->withheld->number, 2U);
    EXPECT_TRUE(facts_.read()->is_withheld(1));
    EXPECT_THAT(go_back(), IsEmpty()) << "the target has what is live";
    EXPECT_TRUE(take_up());
    EXPECT_EQ(lineage_.live_number(), 2U);
    EXPECT_FALSE(facts_.read()->is_withheld(2));
    EXPECT_TRUE(take_up()) << "it is on trial";
}

TEST_F(WithheldCertificate, IsForgottenWhereItIsNoLongerFit) {
    EXPECT_FALSE(go_back().empty());
    plan_.names.push_back(RequestedName::from_text("b.example", "standalone").value());
    EXPECT_FALSE(take_up());
    EXPECT_EQ(lineage_.live_number(), 1U);
    EXPECT_FALSE(facts_.read()->withheld);
    EXPECT_EQ(facts_.read()->obtained->number, 1U) << "programs know that one";
}

TEST_F(WithheldCertificate, IsForgottenWithTheNextOne) {
    EXPECT_FALSE(go_back().empty());
    install(bench_.clock.now() + std::chrono::days(90));
    EXPECT_FALSE(facts_.read()->withheld);
    EXPECT_FALSE(take_up());
    EXPECT_EQ(lineage_.live_number(), 3U);
}

TEST_F(WithheldCertificate, DoesNotMakeWayForOneThatIsNearItsEnd) {
    begin(std::chrono::days(8));
    EXPECT_THAT(go_back(), IsEmpty());
    EXPECT_EQ(lineage_.live_number(), 4U);
    EXPECT_FALSE(facts_.read()->withheld);
}

TEST_F(WithheldCertificate, DoesNotMakeWayForWhatTheTargetNeverHad) {
    facts_.change([&](LineageFacts& facts) { facts.forget_deployment(target_); });
    EXPECT_THAT(go_back(), IsEmpty());
    EXPECT_EQ(lineage_.live_number(), 2U);
}

TEST_F(WithheldCertificate, IsNotWhatSomebodyHasGoneBackTo) {
    facts_.change([&](LineageFacts& facts) { facts.deploy(target_, 2, bench_.clock.now()); });
    lineage_.return_to(1);
    EXPECT_THAT(go_back(), IsEmpty());
    EXPECT_EQ(lineage_.live_number(), 1U);
}

}  // namespace
}  // namespace cairn::client::withheld_certificate_test
