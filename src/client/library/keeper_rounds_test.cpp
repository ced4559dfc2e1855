#include "client/library/keeper_rounds.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/certificate_plan.h"
#include "client/testing/bench.h"
#include "client/testing/own_solver.h"

namespace cairn::client::keeper_rounds_test {
namespace {

using testing::failure_of;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class KeeperRoundsTest : public ::testing::Test {
  protected:
    KeeperOptions options(std::vector<std::string> names) {
        return {
            .state_folder = bench_.state.root(),
            .certificates = {{.names = std::move(names),
                              .solver = "own",
                              .authorities = {{bench_.ca.directory_url(),
                                               bench_.ca.server.root_file()}}}},
            .solvers = {solver_},
            .on_certificate =
                [this](const KeptCertificate& certificate) {
                    if (is_refused_) throw std::runtime_error("not now");
                    told_.push_back(certificate);
                },
            .on_trouble = [this](const KeeperTrouble& trouble) { troubles_.push_back(trouble); }};
    }
    KeeperRounds rounds(KeeperOptions options) {
        return {std::move(options), clock_, bench_.timer, bench_.random};
    }

    testing::Bench bench_;
    base::ManualClock clock_{base::SystemClock().now()};
    std::shared_ptr<testing::OwnSolver> solver_ = std::make_shared<testing::OwnSolver>();
    std::vector<KeptCertificate> told_;
    std::vector<KeeperTrouble> troubles_;
    bool is_refused_ = false;
};

TEST_F(KeeperRoundsTest, ObtainsBySolversOfTheProgramsOwnAndTells) {
    auto keeper = rounds(options({"a.example", "b.example"}));
    EXPECT_EQ(keeper.next(), base::Time{});
    keeper.run();
    keeper.require_standing();
    ASSERT_EQ(told_.size(), 1U);
    EXPECT_EQ(told_.front().lineage, "a.example");
    EXPECT_EQ(pki::chain_from_pem(told_.front().chain_pem).value(), told_.front().chain);
    EXPECT_EQ(crypto::PrivateKey::from_pem(told_.front().key_text()).value().public_key(),
              told_.front().certificate().public_key());
    EXPECT_TRUE(std::filesystem::exists(told_.front().files.full_chain));
    EXPECT_THAT(solver_->presented(), ::testing::UnorderedElementsAre("a.example", "b.example"));
    EXPECT_EQ(solver_->cleaned_up(), 2);
    EXPECT_TRUE(troubles_.empty());
    EXPECT_GT(keeper.next(), clock_.now());
}

TEST_F(KeeperRoundsTest, AsksNobodyForWhatStands) {
    rounds(options({"a.example"})).run();
    bench_.ca.intercept = [](const http::Request&) -> std::optional<http::Response> {
        ADD_FAILURE() << "the CA was asked";
        return std::nullopt;
    };
    auto keeper = rounds(options({"a.example"}));
    keeper.run();
    keeper.require_standing();
    ASSERT_EQ(told_.size(), 2U);
    EXPECT_EQ(told_[0].chain, told_[1].chain);
}

TEST_F(KeeperRoundsTest, ObtainsAnotherWhereOtherNamesAreWanted) {
    rounds(options({"a.example"})).run();
    auto keeper = rounds(options({"a.example", "c.example"}));
    keeper.run();
    ASSERT_EQ(told_.size(), 2U);
    EXPECT_EQ(told_[1].certificate().names().dns_names.size(), 2U);
}

TEST_F(KeeperRoundsTest, RenewsWhatIsDueAndTellsOnceOfEach) {
    auto keeper = rounds(options({"a.example"}));
    keeper.run();
    clock_.advance(2min);
    keeper.run();
    EXPECT_EQ(told_.size(), 1U);
    const auto life = told_.front().not_after() - told_.front().certificate().not_before();
    clock_.set(told_.front().certificate().not_before() + life * 9 / 10);
    // What is issued now begins now, by the clock of the keeper.
    bench_.ca.validity = pki::Validity{clock_.now(), clock_.now() + life};
    keeper.run();
    ASSERT_EQ(told_.size(), 2U);
    EXPECT_NE(told_[0].chain, told_[1].chain);
    EXPECT_TRUE(troubles_.empty());
}

TEST_F(KeeperRoundsTest, TellsOfTroubleAndWaits) {
    bench_.ca.unconvinced_of = {"a.example"};
    auto keeper = rounds(options({"a.example"}));
    keeper.run();
    ASSERT_EQ(troubles_.size(), 1U);
    EXPECT_EQ(troubles_.front().lineage, "a.example");
    EXPECT_EQ(troubles_.front().failure.phase(), Phase::challenge);
    EXPECT_EQ(troubles_.front().valid_until, std::nullopt);
    EXPECT_EQ(failure_of([&] { keeper.require_standing(); }), troubles_.front().failure.what());
    EXPECT_GE(keeper.next(), clock_.now() + 5min);
    keeper.run();
    EXPECT_EQ(troubles_.size(), 1U) << "it was tried again at once";
    bench_.ca.unconvinced_of.clear();
    keeper.forget_failures();
    keeper.run();
    keeper.require_standing();
    EXPECT_EQ(told_.size(), 1U);
}

TEST_F(KeeperRoundsTest, WhatStandsIsServedWhileItCannotBeRenewed) {
    auto keeper = rounds(options({"a.example"}));
    keeper.run();
    const auto end = told_.front().not_after();
    clock_.set(end - 1h);
    bench_.ca.unconvinced_of = {"a.example"};
    keeper.run();
    ASSERT_EQ(troubles_.size(), 1U);
    EXPECT_EQ(troubles_.front().valid_until, end);
    keeper.require_standing();
    clock_.set(end + 1h);
    EXPECT_THAT(failure_of([&] { keeper.require_standing(); }), HasSubstr("a.example"));
}

TEST_F(KeeperRoundsTest, ACertificateThatWasNotTakenIsToldAgain) {
    is_refused_ = true;
    auto keeper = rounds(options({"a.example"}));
    keeper.run();
    ASSERT_EQ(troubles_.size(), 1U);
    EXPECT_THAT(troubles_.front().failure.what(), HasSubstr("not now"));
    EXPECT_TRUE(troubles_.front().valid_until.has_value());
    EXPECT_LE(keeper.next(), clock_.now() + 1min);
    is_refused_ = false;
    keeper.run();
    EXPECT_EQ(told_.size(), 1U);
}

TEST_F(KeeperRoundsTest, RefusesOptionsThatCannotBe) {
    const auto refusal = [&](KeeperOptions said) {
        return failure_of([&] { rounds(std::move(said)); });
    };
    auto said = options({"a.example"});
    said.certificates.push_back(said.certificates.front());
    EXPECT_THAT(refusal(said), HasSubstr("two of them are called a.example"));
    said.certificates.clear();
    EXPECT_THAT(refusal(said), HasSubstr("none is wanted"));
    said = options({"a.example"});
    said.state_folder.clear();
    EXPECT_THAT(refusal(said), HasSubstr("state_folder"));
    said = options({"a.example"});
    said.solvers.push_back(nullptr);
    EXPECT_THAT(refusal(said), HasSubstr("null"));
}

}  // namespace
}  // namespace cairn::client::keeper_rounds_test
