#include "client/issuance.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/challenge_journal.h"
#include "client/testing/bench.h"

namespace cairn::client::issuance_test {
namespace {

namespace fs = std::filesystem;
using testing::failure_of;
using ::testing::HasSubstr;

class Issuance : public ::testing::Test {
  protected:
    pki::Chain run() { return issue(bench_.environment(), order_, bench_.heard).chain; }
    std::string failure() {
        return failure_of([this] { run(); });
    }
    fs::path program(const std::string& script, const char* name = "hook") {
        const auto path = bench_.folder / name;
        std::ofstream(path) << "#!/bin/sh\n" << script;
        fs::permissions(path, fs::perms::owner_all);
        return path;
    }
    [[nodiscard]] Lineage lineage() const { return {bench_.state, order_.lineage}; }

    testing::Bench bench_;
    IssuanceOrder order_{.lineage = LineageName::from_text("a.example").value(),
                         .plan = bench_.plan({"a.example", "b.example"}),
                         .account = {},
                         .replaces = {}};
};

TEST_F(Issuance, PutsCertificateAndPlanInPlace) {
    bench_.ca.on_challenge = [this](const std::string&) {
        const auto answers = bench_.webroot / ".well-known" / "acme-challenge";
        EXPECT_TRUE(fs::exists(answers / bench_.ca.token));
        EXPECT_EQ(ChallengeJournal(bench_.state, order_.lineage).entries().size(), 1U);
    };
    const auto chain = run();
    EXPECT_EQ(lineage().current()->chain, chain);
    EXPECT_EQ(CertificatePlan::read(bench_.state.renewal(order_.lineage)), order_.plan);
    EXPECT_TRUE(fs::is_empty(bench_.webroot));
    EXPECT_FALSE(fs::exists(bench_.state.challenges(order_.lineage)));
}

TEST_F(Issuance, TheAccountKeyIsNotTheCertificatesKey) {
    run();
    const auto account = AccountStore(bench_.state).find(bench_.ca.directory_url());
    EXPECT_NE(lineage().current()->key.public_key(), account->key.public_key());
    order_.plan.key_reuse = KeyReuse::same_key;
    std::optional<crypto::PrivateKey> account_key;
    for (const auto& entry : fs::recursive_directory_iterator(bench_.state.accounts()))
        if (entry.path().filename() == "key.pem")
            account_key =
                crypto::PrivateKey::from_pem(read_file(entry.path(), 10000).value()).value();
    const auto key = account_key.value();
    lineage().install({key, bench_.ca.issuer.issue(key.public_key(),
                                                   testing::names({"a.example", "b.example"}))});
    EXPECT_THAT(failure(), HasSubstr("the account's key"));
}

TEST_F(Issuance, MakesANewKeyUnlessToldToKeepIt) {
    const auto first = run();
    const auto second = run();
    EXPECT_NE(first.front().public_key(), second.front().public_key());
    order_.plan.key_reuse = KeyReuse::same_key;
    const auto third = run();
    EXPECT_EQ(second.front().public_key(), third.front().public_key());
}

TEST_F(Issuance, ADryRunChangesNothing) {
    const auto before = run();
    order_.installing = Installing::dry_run;
    order_.plan = bench_.plan({"c.example"});
    order_.plan.deploy_targets = {{program("touch " + (bench_.folder / "ran").string())}};
    const auto chain = run();
    EXPECT_EQ(chain.front().names().dns_names, std::vector<std::string>{"c.example"});
    EXPECT_EQ(lineage().current()->chain, before);
    EXPECT_EQ(CertificatePlan::read(bench_.state.renewal(order_.lineage))->names.size(), 2U);
    EXPECT_FALSE(fs::exists(bench_.folder / "ran"));
}

TEST_F(Issuance, ShowsNoCaTheLiveKeyInADryRun) {
    order_.plan.key_reuse = KeyReuse::same_key;
    const auto live = run();
    order_.installing = Installing::dry_run;
    EXPECT_NE(run().front().public_key(), live.front().public_key());
    EXPECT_FALSE(OrderRecord(bench_.state, order_.lineage).find().value());
}

TEST_F(Issuance, ARunThatEndedBeforeTheDownloadIsGoneOnWith) {
    bench_.ca.intercept = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/certificate") return std::nullopt;
        return testing::response(403);
    };
    EXPECT_THAT(failure(), HasSubstr("`cairn renew a.example` goes on with this order"));
    const auto begun = OrderRecord(bench_.state, order_.lineage).find().value();
    ASSERT_TRUE(begun);
    bench_.ca.intercept = nullptr;
    const auto chain = run();
    EXPECT_EQ(bench_.ca.orders_made, 1);
    EXPECT_EQ(chain.front().public_key(), begun->key.public_key());
    EXPECT_EQ(lineage().current()->chain, chain);
    EXPECT_FALSE(OrderRecord(bench_.state, order_.lineage).find().value());
}

TEST_F(Issuance, AnOrderForSomethingElseIsNotTakenUp) {
    bench_.ca.intercept = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/certificate") return std::nullopt;
        return testing::response(403);
    };
    EXPECT_NE(failure(), "no failure");
    bench_.ca.intercept = nullptr;
    order_.plan = bench_.plan({"a.example"});
    run();
    EXPECT_EQ(bench_.ca.orders_made, 2);
    EXPECT_TRUE(bench_.heard.has(ProgressKind::order_given_up));
}

TEST_F(Issuance, AnOrderThatWasRefusedLeavesNothing) {
    bench_.ca.unconvinced_of = {"a.example"};
    EXPECT_THAT(failure(), HasSubstr("not convinced"));
    EXPECT_FALSE(OrderRecord(bench_.state, order_.lineage).find().value());
}

TEST_F(Issuance, AFailureLeavesTheOldCertificate) {
    const auto before = run();
    bench_.ca.alter_chain = [](const std::string&) { return std::string("-----BEGIN "); };
    EXPECT_THAT(failure(), HasSubstr("download"));
    EXPECT_EQ(lineage().current()->chain, before);
}

TEST_F(Issuance, RunsTheDeployHookWhenAllIsInPlace) {
    order_.plan.deploy_targets = {{program("cd " + bench_.folder.path().string() +
                                           "; cat \"$CAIRN_LIVE_DIR/fullchain.pem\" > served; "
                                           "echo \"$CAIRN_LINEAGE: $CAIRN_NAMES\" > told")}};
    const auto chain = run();
    EXPECT_EQ(read_file(bench_.folder / "served", 100000), pki::to_pem(chain));
    EXPECT_EQ(read_file(bench_.folder / "told", 1000), "a.example: a.example b.example\n");
}

TEST_F(Issuance, AFailingHookIsReportedAndTheCertificateStays) {
    order_.plan.deploy_targets = {{program("echo 'nginx: bad configuration'; exit 1")}};
    const auto text = failure();
    EXPECT_THAT(text, HasSubstr("nginx: bad configuration"));
    EXPECT_THAT(text, HasSubstr("the new certificate is in place"));
    EXPECT_TRUE(lineage().current());
    EXPECT_TRUE(is_deployment_pending(bench_.environment(), order_.lineage, order_.plan));

    order_.plan.deploy_targets = {{program("exit 0")}};
    deploy(bench_.environment(), order_.lineage, order_.plan, bench_.heard);
    EXPECT_FALSE(is_deployment_pending(bench_.environment(), order_.lineage, order_.plan));
}

TEST_F(Issuance, OnlyATargetThatFailedIsTriedAgain) {
    const auto log = (bench_.folder / "log").string();
    const auto fine = program("echo fine >> " + log, "fine");
    const auto broken = program("echo broken >> " + log + "; exit 1", "broken");
    order_.plan.deploy_targets = {{broken}, {fine}};
    EXPECT_THAT(failure(), HasSubstr("broken ended with status 1"));
    const auto again = [&] {
        return failure_of(
            [&] { deploy(bench_.environment(), order_.lineage, order_.plan, bench_.heard); });
    };
    EXPECT_THAT(again(), HasSubstr("runs it again, and no other"));
    EXPECT_EQ(read_file(log, 1000), "broken\nfine\nbroken\n");
    program("echo mended >> " + log, "broken");
    EXPECT_EQ(again(), "no failure");
    EXPECT_FALSE(is_deployment_pending(bench_.environment(), order_.lineage, order_.plan));
    EXPECT_EQ(read_file(log, 1000), "broken\nfine\nbroken\nmended\n");
    // The next certificate is for all of them.
    run();
    EXPECT_EQ(read_file(log, 1000), "broken\nfine\nbroken\nmended\nmended\nfine\n");
}

TEST_F(Issuance, ObtainsACertificateForEachKeyType) {
    const auto log = (bench_.folder / "log").string();
    order_.plan.key_types = {crypto::KeyType::ec_p256, crypto::KeyType::rsa2048};
    order_.plan.deploy_targets = {{program("ls $CAIRN_LIVE_DIR | grep -c pem >> " + log)}};
    const auto issued = issue(bench_.environment(), order_, bench_.heard);
    const Lineage rsa(bench_.state, {order_.lineage, crypto::KeyType::rsa2048});
    EXPECT_EQ(lineage().current()->chain, issued.chain);
    ASSERT_EQ(issued.further.size(), 1U);
    EXPECT_EQ(rsa.current()->chain, issued.further.front().chain);
    EXPECT_TRUE(is_of_type(lineage().current()->key.public_key(), crypto::KeyType::ec_p256));
    EXPECT_TRUE(is_of_type(rsa.current()->key.public_key(), crypto::KeyType::rsa2048));
    EXPECT_EQ(CertificatePlan::read(bench_.state.renewal(order_.lineage)), order_.plan);
    EXPECT_EQ(read_file(log, 1000), "8\n") << "once, when all is in place";
    EXPECT_FALSE(is_deployment_pending(bench_.environment(), order_.lineage, order_.plan));
    // Each keeps its own key.
    order_.plan.key_reuse = KeyReuse::same_key;
    const auto again = issue(bench_.environment(), order_, bench_.heard);
    EXPECT_EQ(again.chain.front().public_key(), issued.chain.front().public_key());
    EXPECT_EQ(again.further.front().chain.front().public_key(),
              issued.further.front().chain.front().public_key());
}

TEST_F(Issuance, WhatFailsForOneKeyTypeDoesNotTouchAnother) {
    order_.plan.key_types = {crypto::KeyType::rsa2048, crypto::KeyType::ec_p256};
    bench_.ca.intercept = [this](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/finalize" || bench_.ca.orders_made > 1) return std::nullopt;
        return bench_.ca.problem(protocol::ProblemType::bad_csr, "no RSA here");
    };
    const auto text = failure();
    EXPECT_THAT(text, HasSubstr("for the key type rsa2048"));
    EXPECT_THAT(text, HasSubstr("no RSA here"));
    EXPECT_FALSE(lineage().current());
    EXPECT_TRUE(Lineage(bench_.state, {order_.lineage, crypto::KeyType::ec_p256}).current());
}

TEST_F(Issuance, ANameThatIsNotProvenIsNotTriedForEachKeyType) {
    order_.plan.key_types = {crypto::KeyType::ec_p256, crypto::KeyType::rsa2048};
    bench_.ca.unconvinced_of = {"a.example"};
    EXPECT_THAT(failure(), HasSubstr("not convinced"));
    EXPECT_EQ(bench_.ca.orders_made, 1);
}

TEST_F(Issuance, ARunThatEndedBetweenKeyTypesIsGoneOnWith) {
    order_.plan.key_types = {crypto::KeyType::ec_p256, crypto::KeyType::rsa2048};
    bench_.ca.intercept = [this](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/certificate" || bench_.ca.orders_made < 2) return std::nullopt;
        return testing::response(403);
    };
    EXPECT_THAT(failure(), HasSubstr("rsa2048"));
    bench_.ca.intercept = nullptr;
    const LineageMember rsa(order_.lineage, crypto::KeyType::rsa2048);
    EXPECT_TRUE(OrderRecord(bench_.state, rsa).find().value());
    EXPECT_FALSE(OrderRecord(bench_.state, order_.lineage).find().value());
    // Without the further key type its order is given up, and does not bring it back.
    order_.former = order_.plan;
    order_.plan.key_types = {crypto::KeyType::ec_p256};
    run();
    EXPECT_FALSE(OrderRecord(bench_.state, rsa).find().value());
    EXPECT_TRUE(bench_.heard.has(ProgressKind::order_given_up));
    EXPECT_EQ(CertificatePlan::read(bench_.state.renewal(order_.lineage)), order_.plan);
}

TEST_F(Issuance, ARunThatDiesBeforeTheHookLeavesANote) {
    const auto facts = bench_.state.facts(order_.lineage).string();
    order_.plan.deploy_targets = {
        {program("grep -q '\"obtained\"' " + facts + " && ! grep -q '\"deployed\"' " + facts)}};
    run();  // the hook has seen the note
    EXPECT_FALSE(is_deployment_pending(bench_.environment(), order_.lineage, order_.plan));
    const auto known = LineageFactStore(bench_.state, order_.lineage).read().value();
    EXPECT_EQ(known.obtained->number, 1U);
    EXPECT_EQ(known.deployed->number, 1U);
}

TEST_F(Issuance, EachTryIsKept) {
    bench_.ca.unconvinced_of = {"b.example"};
    EXPECT_THAT(failure(), HasSubstr("not convinced"));
    bench_.ca.unconvinced_of = {};
    run();
    const auto attempts = LineageFactStore(bench_.state, order_.lineage).read()->attempts;
    ASSERT_EQ(attempts.size(), 2U);
    ASSERT_TRUE(attempts[0].failure);
    EXPECT_EQ(attempts[0].failure->phase(), Phase::challenge);
    EXPECT_EQ(attempts[0].failure->findings().front().identifier.value(), "b.example");
    EXPECT_EQ(attempts[0].directory_url, bench_.ca.directory_url());
    EXPECT_FALSE(attempts[1].failure);
    order_.installing = Installing::dry_run;
    run();
    EXPECT_EQ(LineageFactStore(bench_.state, order_.lineage).read()->attempts.size(), 2U);
}

TEST_F(Issuance, RegistersAgainAtACaThatHasForgottenTheAccount) {
    run();
    bench_.ca.account_is_known = false;
    run();
    EXPECT_EQ(bench_.ca.accounts_made, 2);
    // But not where that needs an agreement that was not given.
    bench_.ca.account_is_known = false;
    bench_.ca.terms_of_service = "https://ca.example/terms";
    EXPECT_THAT(failure(), HasSubstr("--agree-tos"));
}

TEST_F(Issuance, DoesNotAskTheCaForWhatCouldNotBePutInPlace) {
    fs::create_directories(bench_.state.live(order_.lineage));
    write_durably(bench_.state.live(order_.lineage) / "cert.pem", "mine", FileAccess::owner);
    EXPECT_THAT(failure(), HasSubstr("not made by cairn"));
    EXPECT_EQ(bench_.ca.orders_made, 0);
}

TEST_F(Issuance, NamesASolverThatIsGone) {
    fs::remove_all(bench_.webroot);
    EXPECT_THAT(failure(), HasSubstr("there is no directory"));
    EXPECT_EQ(bench_.ca.orders_made, 0);
}

}  // namespace
}  // namespace cairn::client::issuance_test
