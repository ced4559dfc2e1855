#include "client/run_hooks.h"

#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/renewal.h"
#include "client/testing/bench.h"

namespace cairn::client::run_hooks_test {
namespace {

using testing::Bench;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RunHooksTest : public ::testing::Test {
  protected:
    /// A program that writes what it runs as and some variables into the log, and ends so.
    std::string hook(const std::string& name, int status = 0) {
        const auto file = bench_.folder / name;
        write_durably(file,
                      "#!/bin/sh\necho \"" + name +
                          " $CAIRN_HOOK $CAIRN_LINEAGE|$RENEWED_DOMAINS|$FAILED_DOMAINS|$1\" >> " +
                          log_.string() + "\necho said by " + name + "\nexit " +
                          std::to_string(status) + "\n",
                      FileAccess::owner);
        std::filesystem::permissions(file, std::filesystem::perms(0700));
        return file.string();
    }
    std::vector<std::string> lines() const {
        std::ifstream file(log_);
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);) lines.push_back(line);
        return lines;
    }
    IssuanceOrder order(const std::string& name) {
        return {.lineage = LineageName::from_text(name).value(),
                .plan = bench_.plan({name}),
                .account = {.terms = Terms::agreed, .contact = {}, .external = {}},
                .replaces = {}};
    }
    RecordedAttempt attempt_at(const std::string& name) {
        return AttemptHistory(bench_.state).newest(LineageName::from_text(name).value()).value();
    }

    Bench bench_;
    std::filesystem::path log_ = bench_.folder / "log";
};

TEST_F(RunHooksTest, RunAroundAnIssuance) {
    auto wanted = order("a.example");
    wanted.plan.pre_hook = hook("before") + " 'some word'";
    wanted.plan.post_hook = hook("after");
    wanted.plan.failure_hook = hook("wrong");
    wanted.plan.deploy_targets = {{hook("reload")}};
    issue(bench_.environment(), wanted, bench_.heard);
    EXPECT_THAT(lines(), ElementsAre("before pre a.example|||some word",
                                     "reload deploy a.example|a.example||",
                                     "after post a.example|a.example||"));
    const auto kept = attempt_at("a.example");
    EXPECT_EQ(kept.state, AttemptState::succeeded);
    std::vector<std::string> outputs;
    for (const auto& step : kept.steps)
        if (step.event.kind == ProgressKind::hook_ended) outputs.push_back(step.event.text);
    EXPECT_THAT(outputs, SizeIs(3));
    EXPECT_THAT(outputs.back(), HasSubstr("said by after"));
}

TEST_F(RunHooksTest, RunAfterAFailureToo) {
    bench_.ca.unconvinced_of = {"a.example"};
    auto wanted = order("a.example");
    wanted.plan.pre_hook = hook("before");
    wanted.plan.post_hook = hook("after");
    wanted.plan.failure_hook = hook("wrong", 3);
    wanted.plan.deploy_targets = {{hook("reload")}};
    EXPECT_THAT(failure_of([&] { issue(bench_.environment(), wanted, bench_.heard); }),
                HasSubstr("was not convinced"));
    EXPECT_THAT(lines(),
                ElementsAre("before pre a.example|||", "wrong failure a.example||a.example|",
                            "after post a.example||a.example|"));
    EXPECT_THAT(bench_.heard.events(ProgressKind::hook_failed), SizeIs(1));
    EXPECT_EQ(attempt_at("a.example").state, AttemptState::failed);
}

TEST_F(RunHooksTest, OfAFailedPreHookAreToldAndStopNothing) {
    auto wanted = order("a.example");
    wanted.plan.pre_hook = hook("before", 1);
    issue(bench_.environment(), wanted, bench_.heard);
    const auto told = bench_.heard.events(ProgressKind::hook_failed);
    ASSERT_THAT(told, SizeIs(1));
    EXPECT_THAT(told.front().failure->came_back(), HasSubstr("ended with status 1"));
}

TEST_F(RunHooksTest, OfAFailedPostHookMakeTheRunFail) {
    auto wanted = order("a.example");
    wanted.plan.post_hook = hook("after", 7);
    EXPECT_THAT(failure_of([&] { issue(bench_.environment(), wanted, bench_.heard); }),
                HasSubstr("run the post-hook"));
    EXPECT_TRUE(Lineage(bench_.state, wanted.lineage).current());
    const auto kept = attempt_at("a.example");
    EXPECT_EQ(kept.state, AttemptState::failed);
    EXPECT_THAT(kept.failure->came_back(), HasSubstr("ended with status 7"));
}

TEST_F(RunHooksTest, RunOnceForAllLineagesThatNameThem) {
    const auto before = hook("before"), after = hook("after"), other = hook("other");
    std::vector<LineageName> lineages;
    for (const char* name : {"a.example", "b.example", "c.example", "d.example"}) {
        auto wanted = order(name);
        issue(bench_.environment(), wanted, bench_.heard);
        wanted.plan.pre_hook = before;
        wanted.plan.post_hook = wanted.lineage.text() == "d.example" ? other : after;
        write_durably(bench_.state.renewal(wanted.lineage), wanted.plan.to_json(),
                      FileAccess::owner);
        lineages.push_back(wanted.lineage);
    }
    const auto outcomes = renew(bench_.environment(), lineages,
                                {.force = RenewalForce::always, .parallel = 1}, bench_.heard);
    for (const auto& outcome : outcomes) EXPECT_EQ(outcome.kind, RenewalOutcome::Kind::renewed);
    const auto all = lines();
    ASSERT_THAT(all, SizeIs(3));
    EXPECT_THAT(all[0], HasSubstr("before pre"));
    EXPECT_THAT(all[1] + all[2], HasSubstr("after post"));
    EXPECT_THAT(all[1] + all[2], HasSubstr("other post"));
}

TEST_F(RunHooksTest, DoNotRunWhereNothingIsDue) {
    auto wanted = order("a.example");
    wanted.plan.pre_hook = hook("before");
    wanted.plan.post_hook = hook("after");
    issue(bench_.environment(), wanted, bench_.heard);
    std::filesystem::remove(log_);
    const auto outcomes = renew(bench_.environment(), {wanted.lineage}, {}, bench_.heard);
    ASSERT_THAT(outcomes, SizeIs(1));
    EXPECT_EQ(outcomes.front().kind, RenewalOutcome::Kind::not_due);
    EXPECT_THAT(lines(), IsEmpty());
}

TEST_F(RunHooksTest, OfARehearsalAreThoseThatSolversNeed) {
    bench_.ca.unconvinced_of = {"a.example"};
    auto wanted = order("a.example");
    wanted.installing = Installing::dry_run;
    wanted.plan.pre_hook = hook("before");
    wanted.plan.failure_hook = hook("wrong");
    wanted.plan.deploy_targets = {{hook("reload")}};
    EXPECT_THAT(failure_of([&] { issue(bench_.environment(), wanted, bench_.heard); }),
                HasSubstr("was not convinced"));
    EXPECT_THAT(lines(), ElementsAre("before pre a.example|||"));
    EXPECT_EQ(attempt_at("a.example").work, AttemptWork::rehearse);
}

TEST_F(RunHooksTest, ThatTakeTooLongAreKilled) {
    const auto file = bench_.folder / "slow";
    write_durably(file, std::string_view("#!/bin/sh\nsleep 60\n"), FileAccess::owner);
    std::filesystem::permissions(file, std::filesystem::perms(0700));
    SystemTimer timer;
    const auto wrong = run_hook({.kind = HookKind::pre,
                                 .command = file.string(),
                                 .variables = {},
                                 .patience = std::chrono::milliseconds(50)},
                                timer, bench_.heard);
    EXPECT_THAT(wrong, HasSubstr("did not end within"));
}

TEST_F(RunHooksTest, ThatAreNotThereAreToldSo) {
    SystemTimer timer;
    EXPECT_THAT(run_hook({.kind = HookKind::pre, .command = "/nowhere/hook", .variables = {}},
                         timer, bench_.heard),
                HasSubstr("/nowhere/hook"));
    EXPECT_THAT(run_hook({.kind = HookKind::pre, .command = "echo hi | sh", .variables = {}}, timer,
                         bench_.heard),
                HasSubstr("|"));
}

}  // namespace
}  // namespace cairn::client::run_hooks_test
