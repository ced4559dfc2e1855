#include "client/renewal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/lineage_fact_store.h"
#include "client/renewal_calendar.h"
#include "client/revocation.h"
#include "client/testing/bench.h"

namespace cairn::client::renewal_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Kind = RenewalOutcome::Kind;
using std::chrono::days;

std::string why(const RenewalOutcome& outcome) {
    return outcome.failure ? outcome.failure->what() : "no failure";
}

class Renewal : public ::testing::Test {
  protected:
    LineageName issue_lineage(const std::string& name) {
        const IssuanceOrder order{.lineage = LineageName::from_text(name).value(),
                                  .plan = bench_.plan({name}),
                                  .account = {},
                                  .replaces = {}};
        issue(bench_.environment(), order, bench_.heard);
        return order.lineage;
    }
    std::vector<RenewalOutcome> run(const std::vector<LineageName>& lineages,
                                    RenewalForce force = RenewalForce::if_due) {
        // The CA of the tests minds one order at a time.
        return renew(bench_.environment(), lineages, {.force = force, .parallel = 1}, bench_.heard);
    }
    /// What the CA issues from now on is of this age.
    void set_age(base::Seconds age) {
        const auto now = bench_.clock.now();
        bench_.ca.validity = pki::Validity{now - age, now - age + days{90}};
    }
    pki::Chain live(const LineageName& name) {
        return Lineage(bench_.state, name).current().value().chain;
    }
    testing::Bench bench_;
};

TEST_F(Renewal, LeavesAloneWhatIsNotDue) {
    const auto name = issue_lineage("a.example");
    const auto before = live(name);
    const auto outcomes = run({name});
    ASSERT_EQ(outcomes.size(), 1U);
    EXPECT_EQ(outcomes.front().kind, Kind::not_due);
    EXPECT_EQ(outcomes.front().due_at, due_by_lifetime(before.front()));
    EXPECT_EQ(live(name), before);
}

TEST_F(Renewal, RenewsWhatIsDueWithTheSamePlan) {
    set_age(days{61});
    const auto name = issue_lineage("a.example");
    const auto before = live(name);
    set_age(1h);
    const auto outcomes = run({name});
    EXPECT_EQ(outcomes.front().kind, Kind::renewed) << why(outcomes.front());
    EXPECT_NE(live(name), before);
    EXPECT_EQ(outcomes.front().certificate, live(name).front());
    EXPECT_EQ(bench_.ca.accounts_made, 1);
    EXPECT_EQ(bench_.ca.order_request->replaces, "");
}

TEST_F(Renewal, DoesNotReadAgainWhatItHasVerified) {
    const auto name = issue_lineage("a.example");
    static_cast<void>(run({name}));
    EXPECT_FALSE(RenewalCalendar(bench_.state).find(name, bench_.clock.now()))
        << "what was changed only just now is no evidence";
    const auto now = bench_.clock.now() + 10s;
    RenewalCalendar calendar(bench_.state);
    calendar.enter(
        name, {.due = {{crypto::KeyType::ec_p256, now + 5h}}, .next_action = now + 5h, .sight = {}},
        LineageSight::of(bench_.state, name, {}), now);
    calendar.keep(now);
    // The wrong time shows where it came from.
    EXPECT_EQ(run({name}).front().due_at, now + 5h);
    EXPECT_EQ(run({name}, RenewalForce::always).front().kind, Kind::renewed);
    EXPECT_NE(run({name}).front().due_at, now + 5h);
}

TEST_F(Renewal, NoticesAPlanThatWasEdited) {
    const auto name = issue_lineage("a.example");
    auto plan = CertificatePlan::read(bench_.state.renewal(name)).value();
    const auto edit = [&](auto change) {
        change(plan);
        write_durably(bench_.state.renewal(name), plan.to_json(), FileAccess::owner);
        auto outcomes = run({name});
        EXPECT_EQ(outcomes.front().kind, Kind::renewed) << why(outcomes.front());
        EXPECT_EQ(outcomes.front().due->reason, DueReason::plan_changed);
        EXPECT_EQ(run({name}).front().kind, Kind::not_due);
        return outcomes.front().due->detail;
    };
    EXPECT_EQ(edit([&](CertificatePlan& edited) {
                  edited.names = bench_.plan({"a.example", "b.example"}).names;
              }),
              "it is not for b.example");
    EXPECT_EQ(edit([](CertificatePlan& edited) { edited.names.erase(edited.names.begin()); }),
              "it is still for a.example");
    EXPECT_EQ(edit([](CertificatePlan& edited) { edited.key_types = {crypto::KeyType::ec_p384}; }),
              "its key is not of type ec-p384");
    bench_.ca.profiles = {{"short", "six days"}};
    EXPECT_EQ(edit([](CertificatePlan& edited) { edited.profile = "short"; }),
              "it was asked for without a profile, not with short");
    EXPECT_THAT(bench_.heard.events(ProgressKind::renewing).back().text,
                HasSubstr("not with short"));
}

TEST_F(Renewal, NoticesThatThePlanNamesAnotherCa) {
    const auto name = issue_lineage("a.example");
    testing::FakeCa other;
    auto plan = CertificatePlan::read(bench_.state.renewal(name)).value();
    plan.authorities = {{other.directory_url(), other.server.root_file()}};
    write_durably(bench_.state.renewal(name), plan.to_json(), FileAccess::owner);
    const auto outcomes = run({name});
    EXPECT_EQ(outcomes.front().kind, Kind::renewed) << why(outcomes.front());
    EXPECT_THAT(outcomes.front().due->detail, HasSubstr("it is from the CA at"));
    EXPECT_EQ(other.orders_made, 1);
    EXPECT_EQ(other.order_request->replaces, "") << "it is another's certificate";
}

TEST_F(Renewal, ACaThatAlwaysSaysNowGetsOneOrderWithinTheFloor) {
    bench_.ca.offers_renewal_info = true;
    bench_.ca.renewal_info =
        R"({"suggestedWindow": {"start": "2020-01-02T04:00:00Z", "end": "2020-01-03T04:00:00Z"}})";
    const auto name = issue_lineage("a.example");
    const auto hastened = run({name});
    EXPECT_EQ(hastened.front().kind, Kind::renewed) << why(hastened.front());
    EXPECT_EQ(hastened.front().due->reason, DueReason::window);
    const auto put_off = run({name});
    EXPECT_EQ(put_off.front().kind, Kind::not_due);
    EXPECT_EQ(put_off.front().due->reason, DueReason::put_off);
    EXPECT_GT(put_off.front().due_at, bench_.clock.now() + days{4});
    EXPECT_LT(put_off.front().due_at, bench_.clock.now() + days{5});
    EXPECT_EQ(bench_.ca.orders_made, 2);
    // It is the CA's word that is put off, and nothing else.
    note_revocation(bench_.state, name, live(name).front(), {bench_.clock.now(), {}});
    EXPECT_EQ(run({name}).front().kind, Kind::renewed);
}

TEST_F(Renewal, UnderALimitTheCaIsNotAskedAgain) {
    set_age(days{61});
    const auto name = issue_lineage("a.example");
    const auto before = live(name);
    bench_.ca.intercept = [this](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/order") return std::nullopt;
        return bench_.ca.problem(protocol::ProblemType::rate_limited, "too many");
    };
    const auto orders = [this] { return bench_.ca.server.count("/order"); };
    const auto asked = orders();
    EXPECT_EQ(run({name}).front().kind, Kind::failed);
    EXPECT_EQ(orders(), asked + 1);
    bench_.ca.intercept = nullptr;
    const auto refused = run({name});
    EXPECT_EQ(refused.front().kind, Kind::failed);
    EXPECT_THAT(why(refused.front()), HasSubstr("too many"));
    EXPECT_GT(refused.front().failure->retry_at(), bench_.clock.now());
    EXPECT_EQ(orders(), asked + 1);
    EXPECT_EQ(live(name), before);
    set_age(1h);
    EXPECT_EQ(run({name}, RenewalForce::always).front().kind, Kind::renewed);
    EXPECT_EQ(run({name}).front().kind, Kind::not_due);
}

TEST_F(Renewal, ACaWithoutRenewalInformationCostsNoWrites) {
    const auto name = issue_lineage("a.example");
    const auto before = FileStamp::of(bench_.state.facts(name));
    EXPECT_EQ(run({name}).front().kind, Kind::not_due);
    EXPECT_EQ(FileStamp::of(bench_.state.facts(name)), before);
}

TEST_F(Renewal, RunsTheHookThatACrashLeftToBeRun) {
    const auto name = issue_lineage("a.example");
    auto plan = CertificatePlan::read(bench_.state.renewal(name)).value();
    plan.deploy_targets = {{"/bin/true"}};
    write_durably(bench_.state.renewal(name), plan.to_json(), FileAccess::owner);
    EXPECT_EQ(run({name}).front().kind, Kind::not_due);
    LineageFactStore(bench_.state, name).change([](LineageFacts& facts) {
        facts.deployed.reset();
    });
    EXPECT_EQ(run({name}).front().kind, Kind::deployed);
    EXPECT_EQ(run({name}).front().kind, Kind::not_due);
}

TEST_F(Renewal, RenewsWhatItIsForcedTo) {
    const auto name = issue_lineage("a.example");
    EXPECT_EQ(run({name}, RenewalForce::always).front().kind, Kind::renewed);
}

TEST_F(Renewal, FollowsTheCasWindow) {
    bench_.ca.offers_renewal_info = true;
    const auto name = issue_lineage("a.example");
    const auto identifier = renewal_identifier(live(name).front()).value();
    bench_.ca.renewal_info =
        R"({"suggestedWindow": {"start": "2199-01-02T04:00:00Z", "end": "2199-01-03T04:00:00Z"}})";
    const auto due_at = run({name}).front().due_at;
    EXPECT_LT(due_at, live(name).front().not_after());
    EXPECT_GT(due_at, due_by_lifetime(live(name).front()));
    // A window in the past: at once, but not before the CA may be asked again.
    bench_.ca.renewal_info =
        R"({"suggestedWindow": {"start": "2020-01-02T04:00:00Z", "end": "2020-01-03T04:00:00Z"}})";
    EXPECT_EQ(run({name}).front().due_at, due_at);
    const LineageFactStore store(bench_.state, name);
    store.change([&](LineageFacts& facts) { facts.advice->next_question = bench_.clock.now(); });
    EXPECT_EQ(run({name}).front().kind, Kind::renewed);
    EXPECT_EQ(bench_.ca.order_request->replaces, identifier);
}

TEST_F(Renewal, TakesARevokedCertificateForDue) {
    const auto name = issue_lineage("a.example");
    note_revocation(bench_.state, name, live(name).front(), {bench_.clock.now(), {}});
    EXPECT_EQ(run({name}).front().kind, Kind::renewed);
    EXPECT_EQ(run({name}).front().kind, Kind::not_due);
}

TEST_F(Renewal, FinishesWhatAnEarlierRunHasOrdered) {
    const auto name = issue_lineage("a.example");
    bench_.ca.intercept = [](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/certificate") return std::nullopt;
        return testing::response(403);
    };
    EXPECT_EQ(run({name}, RenewalForce::always).front().kind, Kind::failed);
    bench_.ca.intercept = nullptr;
    const auto before = live(name);
    EXPECT_EQ(run({name}).front().kind, Kind::renewed);
    EXPECT_NE(live(name), before);
    EXPECT_EQ(bench_.ca.orders_made, 2);
    EXPECT_EQ(run({name}).front().kind, Kind::not_due);
}

class RenewalOfTwo : public Renewal {
  protected:
    /// A lineage with a certificate for each of two key types.
    RenewalOfTwo() { order_.plan.key_types = {crypto::KeyType::ec_p256, crypto::KeyType::rsa2048}; }
    pki::Chain live_rsa() { return Lineage(bench_.state, rsa_).current().value().chain; }

    LineageName name_ = LineageName::from_text("a.example").value();
    LineageMember rsa_{name_, crypto::KeyType::rsa2048};
    IssuanceOrder order_{
        .lineage = name_, .plan = bench_.plan({"a.example"}), .account = {}, .replaces = {}};
};

TEST_F(RenewalOfTwo, RenewsTheOneThatIsDue) {
    issue(bench_.environment(), order_, bench_.heard);
    const auto before = live(name_);
    note_revocation(bench_.state, rsa_, live_rsa().front(), {bench_.clock.now(), {}});
    const auto outcomes = run({name_});
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(outcomes[0].kind, Kind::not_due);
    EXPECT_EQ(outcomes[0].key_type, crypto::KeyType::ec_p256);
    EXPECT_EQ(outcomes[1].kind, Kind::renewed) << why(outcomes[1]);
    EXPECT_EQ(outcomes[1].key_type, crypto::KeyType::rsa2048);
    EXPECT_EQ(outcomes[1].certificate, live_rsa().front());
    EXPECT_EQ(live(name_), before);
}

TEST_F(RenewalOfTwo, ObtainsTheOneThatIsMissing) {
    order_.plan.key_types.pop_back();
    issue(bench_.environment(), order_, bench_.heard);
    order_.plan.key_types.push_back(crypto::KeyType::rsa2048);
    write_durably(bench_.state.renewal(name_), order_.plan.to_json(), FileAccess::owner);
    const auto outcomes = run({name_});
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(outcomes[0].kind, Kind::not_due);
    EXPECT_EQ(outcomes[1].kind, Kind::renewed) << why(outcomes[1]);
}

TEST_F(RenewalOfTwo, FinishesTheOneThatWasOrdered) {
    bench_.ca.intercept = [this](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/certificate" || bench_.ca.orders_made < 2) return std::nullopt;
        return testing::response(403);
    };
    EXPECT_THAT(testing::failure_of([this] { issue(bench_.environment(), order_, bench_.heard); }),
                HasSubstr("rsa2048"));
    bench_.ca.intercept = nullptr;
    const auto outcomes = run({name_});
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(outcomes[0].key_type, crypto::KeyType::rsa2048);
    EXPECT_EQ(outcomes[0].kind, Kind::renewed) << why(outcomes[0]);
    EXPECT_EQ(outcomes[1].kind, Kind::not_due);
    EXPECT_EQ(bench_.ca.orders_made, 2);
}

TEST_F(RenewalOfTwo, OneThatIsStillOfAFormerPlanIsDue) {
    issue(bench_.environment(), order_, bench_.heard);
    auto changed = order_;
    changed.former = order_.plan;
    changed.plan = bench_.plan({"a.example", "b.example"});
    changed.plan.key_types = order_.plan.key_types;
    bench_.ca.intercept = [this](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/order" || bench_.ca.orders_made < 3) return std::nullopt;
        return bench_.ca.problem(protocol::ProblemType::server_internal, "not now");
    };
    EXPECT_THAT(testing::failure_of([&] { issue(bench_.environment(), changed, bench_.heard); }),
                HasSubstr("not now"));
    bench_.ca.intercept = nullptr;
    const auto outcomes = run({name_});
    ASSERT_EQ(outcomes.size(), 2U);
    EXPECT_EQ(outcomes[0].kind, Kind::not_due);
    EXPECT_EQ(outcomes[1].kind, Kind::renewed) << why(outcomes[1]);
    EXPECT_EQ(live_rsa().front().names().dns_names.size(), 2U);
}

TEST_F(RenewalOfTwo, TheCaseOfANameMakesNoneDue) {
    issue(bench_.environment(), order_, bench_.heard);
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::rsa2048);
    Lineage(bench_.state, rsa_)
        .install({key, bench_.ca.issuer.issue(key.public_key(), testing::names({"A.Example"}))});
    for (const auto& outcome : run({name_})) EXPECT_EQ(outcome.kind, Kind::not_due);
}

TEST_F(RenewalOfTwo, AFailedDeploymentIsTriedAgainOnce) {
    const auto hook = bench_.folder / "hook";
    const auto write_hook = [&](const std::string& script) {
        write_durably(hook, "#!/bin/sh\n" + script, FileAccess::owner);
        std::filesystem::permissions(hook, std::filesystem::perms::owner_all);
    };
    write_hook("exit 0");
    order_.plan.deploy_targets = {{hook}};
    issue(bench_.environment(), order_, bench_.heard);
    write_hook("exit 1");
    for (const auto& outcome : run({name_}, RenewalForce::always)) {
        EXPECT_EQ(outcome.kind, Kind::failed);
        EXPECT_EQ(outcome.failure->phase(), Phase::deploy);
    }
    const auto log = (bench_.folder / "log").string();
    write_hook("echo ran >> " + log);
    for (const auto& outcome : run({name_})) EXPECT_EQ(outcome.kind, Kind::deployed);
    for (const auto& outcome : run({name_})) EXPECT_EQ(outcome.kind, Kind::not_due);
    EXPECT_EQ(read_file(log, 100), "ran\n");
}

TEST_F(Renewal, OfAnOrderThatCameToNothingGoesOnAsEver) {
    const auto name = issue_lineage("a.example");
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    OrderRecord(bench_.state, name)
        .keep({bench_.plan({"a.example"}), key, {bench_.ca.server.url("/gone"), "", true}});
    EXPECT_EQ(run({name}).front().kind, Kind::not_due);
    EXPECT_FALSE(OrderRecord(bench_.state, name).find().value());
    EXPECT_EQ(bench_.ca.orders_made, 1);
}

TEST(Rehearsal, GoesToStagingOrToTheCaThatIsNamed) {
    const auto name = LineageName::from_text("a.example").value();
    CertificatePlan plan;
    plan.authorities = {{"https://acme-v02.api.letsencrypt.org/directory", "/root.pem"}};
    EXPECT_EQ(rehearsal_of(plan, name, {}).preferred_authority().directory_url,
              "https://acme-staging-v02.api.letsencrypt.org/directory");
    const RehearsalAuthority other{
        .directory_url = "https://ca.example/dir", .root_file = {}, .account = {}};
    EXPECT_EQ(rehearsal_of(plan, name, other).preferred_authority().directory_url,
              "https://ca.example/dir");
    EXPECT_EQ(rehearsal_of(plan, name, other).preferred_authority().root_file, "/root.pem");
    for (const char* url : {"https://acme.zerossl.com/v2/DV90", "https://ca.example/dir"}) {
        plan.authorities = {{url}};
        EXPECT_THAT(testing::failure_of([&] { static_cast<void>(rehearsal_of(plan, name, {})); }),
                    HasSubstr("--ca URL"));
    }
}

TEST_F(Renewal, FallsBackToTheLifetimeWithoutAnAnswer) {
    bench_.ca.offers_renewal_info = true;
    const auto name = issue_lineage("a.example");
    EXPECT_EQ(run({name}).front().due_at, due_by_lifetime(live(name).front()));
}

TEST_F(Renewal, WhatBecomesOfOneDoesNotTouchAnother) {
    set_age(days{61});
    const auto broken = issue_lineage("a.example");
    const auto unconvincing = issue_lineage("b.example");
    const auto sound = issue_lineage("c.example");
    write_durably(bench_.state.renewal(broken), "{", FileAccess::owner);
    bench_.ca.unconvinced_of = {"b.example"};
    const auto outcomes = run({broken, unconvincing, sound});
    ASSERT_EQ(outcomes.size(), 3U);
    EXPECT_EQ(outcomes[0].kind, Kind::failed);
    EXPECT_THAT(outcomes[0].failure->what(), HasSubstr("a.example.json"));
    EXPECT_EQ(outcomes[1].kind, Kind::failed);
    EXPECT_THAT(outcomes[1].failure->what(), HasSubstr("no answer from b.example"));
    EXPECT_EQ(outcomes[2].kind, Kind::renewed) << why(outcomes[2]);
}

TEST_F(Renewal, ALineageWithoutASoundCertificateIsDue) {
    const auto name = issue_lineage("a.example");
    std::filesystem::remove(bench_.state.live(name) / "privkey.pem");
    std::filesystem::remove(bench_.state.archive(name) / "privkey1.pem");
    EXPECT_EQ(run({name}).front().kind, Kind::renewed);
}

TEST_F(Renewal, WorksOnManySideBySide) {
    // Each at a CA of its own, since the CA of the tests minds one order at a time.
    std::vector<std::unique_ptr<testing::FakeCa>> authorities;
    std::vector<LineageName> names;
    for (int i = 0; i < 6; ++i) {
        authorities.push_back(std::make_unique<testing::FakeCa>());
        const auto domain = std::string(1, static_cast<char>('a' + i)) + ".example";
        auto plan = bench_.plan({domain});
        plan.authorities = {
            {authorities.back()->directory_url(), authorities.back()->server.root_file()}};
        names.push_back(LineageName::from_text(domain).value());
        make_private_directory(bench_.state.root() / "renewal");
        write_durably(bench_.state.renewal(names.back()), plan.to_json(), FileAccess::owner);
    }
    SystemTimer timer;  // the other one is for one thread
    SessionPool sessions(testing::Bench::session_options(), bench_.clock, timer, bench_.random);
    const Environment environment{.state = bench_.state,
                                  .clock = bench_.clock,
                                  .timer = timer,
                                  .random = bench_.random,
                                  .solvers = bench_.solvers,
                                  .sessions = sessions};
    const auto outcomes =
        renew(environment, names, {.force = RenewalForce::if_due, .parallel = 3}, bench_.heard);
    for (const auto& outcome : outcomes) EXPECT_EQ(outcome.kind, Kind::renewed) << why(outcome);
    const auto told = bench_.heard.events(ProgressKind::placing_order);
    EXPECT_EQ(told.size(), 6U);
    EXPECT_TRUE(std::ranges::any_of(told, [](const ProgressEvent& event) {
        return event.lineage == "f.example" && event.identifiers.front().value() == "f.example";
    }));
}

}  // namespace
}  // namespace cairn::client::renewal_test
