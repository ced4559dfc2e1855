#include "client/failover.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/issuance.h"
#include "client/lineage_fact_store.h"
#include "client/testing/bench.h"
#include "client/testing/free_port.h"

namespace cairn::client::failover_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using testing::failure_of;
using ::testing::HasSubstr;
using ::testing::Not;

std::string url_nobody_listens_at() {
    return "https://127.0.0.1:" + std::to_string(testing::free_port()) + "/directory";
}

/// A plan with two CAs, of which the first is the bench's.
class Failover : public ::testing::Test {
  protected:
    Failover() {
        order_.plan.authorities.push_back({second_.directory_url(), second_.server.root_file()});
    }
    IssuedCertificate run() { return issue(bench_.environment(), order_, bench_.heard); }
    std::string failure() {
        return failure_of([this] { run(); });
    }
    /// The first CA answers requests for this path with a problem.
    void refuse(const std::string& path, protocol::ProblemType type, std::string retry_after = {}) {
        bench_.ca.intercept =
            [=, this](const http::Request& request) -> std::optional<http::Response> {
            if (request.path() != path) return std::nullopt;
            auto problem = bench_.ca.problem(type, "not here");
            if (!retry_after.empty()) problem.fields.emplace_back("Retry-After", retry_after);
            return problem;
        };
    }
    [[nodiscard]] LineageFacts facts() const {
        return LineageFactStore(bench_.state, order_.lineage).read().value();
    }
    void expect_it_is_the_seconds(const IssuedCertificate& issued) {
        EXPECT_EQ(issued.directory_url, second_.directory_url());
        EXPECT_EQ(facts().obtained->directory_url, second_.directory_url());
        EXPECT_EQ(facts().issuing_authority(order_.plan), order_.plan.authorities.back());
        EXPECT_EQ(Lineage(bench_.state, order_.lineage).current()->chain, issued.chain);
        const auto told = bench_.heard.events(ProgressKind::asking_another_authority);
        ASSERT_EQ(told.size(), 1U);
        EXPECT_EQ(told.front().text, second_.directory_url());
        ASSERT_EQ(facts().attempts.size(), 2U);
        EXPECT_TRUE(facts().attempts.front().failure);
        EXPECT_EQ(facts().attempts.back().directory_url, second_.directory_url());
    }

    testing::Bench bench_;
    testing::FakeCa second_;
    IssuanceOrder order_{.lineage = LineageName::from_text("a.example").value(),
                         .plan = bench_.plan({"a.example"}),
                         .account = {},
                         .replaces = {}};
};

TEST(MayBeHadElsewhere, IfTheCaRefusedOrCannotBeAsked) {
    struct Case {
        Phase phase;
        int status;  ///< 0: none
        Standing standing;
        bool expected;
    };
    const Standing down{.is_unavailable = true};
    const Standing issuing{.may_have_issued = true};
    const Case cases[] = {
        {Phase::other, 0, {}, false},           {Phase::other, 0, down, true},
        {Phase::account, 0, {}, true},          {Phase::binding, 403, {}, true},
        {Phase::order, 429, {}, true},          {Phase::challenge, 0, {}, false},
        {Phase::challenge, 0, down, true},      {Phase::finalize, 403, issuing, true},
        {Phase::finalize, 500, issuing, false}, {Phase::finalize, 0, issuing, false},
        {Phase::download, 403, issuing, false}, {Phase::download, 0, {true, true}, false},
        {Phase::install, 0, down, false},       {Phase::deploy, 0, {}, false},
    };
    for (const auto& [phase, status, standing, expected] : cases) {
        const Aim aim("try", phase);
        const auto failure = status == 0 ? Failure(aim, "no") : Failure(aim, status, "no", {});
        EXPECT_EQ(may_be_had_elsewhere(failure, standing), expected)
            << to_string(phase) << " " << status;
    }
}

TEST_F(Failover, AsksTheFirstCaAlone) {
    const auto issued = run();
    EXPECT_EQ(issued.directory_url, bench_.ca.directory_url());
    EXPECT_TRUE(second_.server.requests().empty());
    EXPECT_EQ(facts().issuing_authority(order_.plan), order_.plan.authorities.front());
}

TEST_F(Failover, AsksTheNextWhereOneIsDown) {
    order_.plan.authorities.front() = {url_nobody_listens_at()};
    expect_it_is_the_seconds(run());
    EXPECT_THAT(bench_.heard.events(ProgressKind::asking_another_authority).front().failure->what(),
                HasSubstr("no connection to"));
}

TEST_F(Failover, AsksTheNextWhereOneRefuses) {
    refuse("/order", protocol::ProblemType::rejected_identifier);
    expect_it_is_the_seconds(run());
    EXPECT_EQ(CertificatePlan::read(bench_.state.renewal(order_.lineage)), order_.plan);
}

TEST_F(Failover, AsksTheNextWhereOneRefusesToIssue) {
    refuse("/finalize", protocol::ProblemType::caa);
    expect_it_is_the_seconds(run());
}

TEST_F(Failover, AsksTheNextWhereOneLimits) {
    refuse("/order", protocol::ProblemType::rate_limited, "86400");
    expect_it_is_the_seconds(run());
}

TEST_F(Failover, AsksTheNextWhereOneMakesNoAccount) {
    bench_.ca.terms_of_service = "https://ca.example/terms";
    expect_it_is_the_seconds(run());
}

TEST_F(Failover, AProofThatFailsIsNotTriedElsewhere) {
    bench_.ca.unconvinced_of = {"a.example"};
    EXPECT_THAT(failure(), HasSubstr("not convinced"));
    EXPECT_TRUE(second_.server.requests().empty());
}

TEST_F(Failover, WhatMayBeIssuedIsNotGivenUp) {
    refuse("/certificate", protocol::ProblemType::unauthorized);
    EXPECT_THAT(failure(), HasSubstr("goes on with this order"));
    EXPECT_TRUE(second_.server.requests().empty());
    bench_.ca.intercept = nullptr;
    EXPECT_EQ(run().directory_url, bench_.ca.directory_url());
    EXPECT_EQ(bench_.ca.orders_made, 1);
}

TEST_F(Failover, AnOrderThatIsBegunIsGoneOnWithFirst) {
    refuse("/order", protocol::ProblemType::rejected_identifier);
    second_.intercept = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/certificate") return std::nullopt;
        return testing::response(403);
    };
    EXPECT_NE(failure(), "no failure");
    bench_.ca.intercept = nullptr;
    second_.intercept = nullptr;
    EXPECT_EQ(run().directory_url, second_.directory_url());
    EXPECT_EQ(bench_.ca.orders_made, 0);
    EXPECT_EQ(second_.orders_made, 1);
}

TEST_F(Failover, AnOrderIsFinishedWhereItWasPlaced) {
    refuse("/order", protocol::ProblemType::rejected_identifier);
    second_.intercept = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/certificate") return std::nullopt;
        return testing::response(403);
    };
    EXPECT_NE(failure(), "no failure");
    second_.intercept = nullptr;
    const auto begun = facts().order.value();
    EXPECT_EQ(begun.authority(), order_.plan.authorities.back());
    EXPECT_TRUE(finish_certificate(bench_.environment(), order_.lineage, begun, bench_.heard));
    EXPECT_EQ(facts().obtained->directory_url, second_.directory_url());
    EXPECT_EQ(CertificatePlan::read(bench_.state.renewal(order_.lineage)), order_.plan);
}

TEST_F(Failover, TellsOfEveryCaIfNoneIssues) {
    order_.plan.authorities.front() = {url_nobody_listens_at()};
    second_.intercept = [this](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/order") return std::nullopt;
        return second_.problem(protocol::ProblemType::rejected_identifier, "on a list");
    };
    EXPECT_THAT(failure(), AllOf(HasSubstr("a.example from any of its CAs"),
                                 HasSubstr("no connection to"), HasSubstr("on a list")));
    EXPECT_FALSE(facts().order);
}

TEST_F(Failover, ADryRunFailsOverAsWell) {
    refuse("/order", protocol::ProblemType::rejected_identifier);
    order_.installing = Installing::dry_run;
    EXPECT_EQ(run().directory_url, second_.directory_url());
    EXPECT_TRUE(facts().attempts.empty());
}

TEST_F(Failover, OnlyTheCaThatIssuedItHearsWhatIsReplaced) {
    bench_.ca.offers_renewal_info = second_.offers_renewal_info = true;
    order_.replaces = "aki.serial";
    order_.replaced_at = bench_.ca.directory_url();
    run();
    EXPECT_EQ(bench_.ca.order_request->replaces, "aki.serial");
    refuse("/order", protocol::ProblemType::rejected_identifier);
    run();
    EXPECT_EQ(second_.order_request->replaces, "");
}

TEST_F(Failover, AccountsAreMadeAtTheOtherCas) {
    second_.terms_of_service = "https://second.example/terms";
    open_other_accounts(bench_.environment(), order_.plan, {}, bench_.heard);
    EXPECT_EQ(bench_.ca.accounts_made, 0);
    EXPECT_EQ(second_.accounts_made, 0);
    const auto told = bench_.heard.events(ProgressKind::authority_not_ready);
    ASSERT_EQ(told.size(), 1U);
    EXPECT_THAT(told.front().failure->what(), HasSubstr("--agree-tos"));
    const AccountOptions agreeing{.terms = Terms::agreed, .contact = {}, .external = {}};
    open_other_accounts(bench_.environment(), order_.plan, agreeing, bench_.heard);
    EXPECT_EQ(second_.accounts_made, 1);
}

TEST_F(Failover, AnExternalAccountIsForTheCaThatAsksForOne) {
    second_.wants_external_account = true;
    refuse("/order", protocol::ProblemType::rejected_identifier);
    const auto file = bench_.folder / "hmac";
    write_durably(file, "c2VjcmV0LWtleS1vZi10aGUtY2E", FileAccess::owner);
    order_.account.external = ExternalAccount::read("kid-1", file).value();
    expect_it_is_the_seconds(run());
    EXPECT_EQ(bench_.ca.account_request->external_account_binding, "");
    EXPECT_THAT(second_.account_request->external_account_binding, HasSubstr("signature"));
}

TEST_F(Failover, EveryDeployHookIsRun) {
    const auto program = [&](const std::string& name, const std::string& script) {
        const auto path = bench_.folder / name;
        std::ofstream(path) << "#!/bin/sh\n" << script;
        fs::permissions(path, fs::perms::owner_all);
        return DeployTarget{path};
    };
    const auto ran = bench_.folder / "ran";
    order_.plan.deploy_targets = {program("first", "echo broken; exit 1"),
                                  program("second", "touch " + ran.string())};
    EXPECT_THAT(failure(), AllOf(HasSubstr("first ended with status 1"), HasSubstr("broken"),
                                 Not(HasSubstr("second"))));
    EXPECT_TRUE(fs::exists(ran));
    EXPECT_TRUE(is_deployment_pending(bench_.environment(), order_.lineage, order_.plan));
    EXPECT_TRUE(second_.server.requests().empty()) << "the certificate is there";
}

}  // namespace
}  // namespace cairn::client::failover_test
