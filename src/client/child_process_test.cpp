#include "client/child_process.h"

#include <fstream>

#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::child_process_test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class ChildProcess : public ::testing::Test {
  protected:
    std::filesystem::path script(const std::string& text) {
        const auto path = folder_ / "program";
        std::ofstream(path) << "#!/bin/sh\n" << text;
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }
    ChildResult run(ChildProgram program) {
        auto result = run_program(program, timer_);
        EXPECT_TRUE(result) << result.error().message;
        return result.value_or(ChildResult{-1, {}});
    }
    testing::TemporaryFolder folder_;
    SystemTimer timer_;
};

TEST_F(ChildProcess, PassesArgumentsAndVariablesWithoutAShell) {
    ::setenv("CAIRN_TEST_KEPT", "kept", 1);
    ::setenv("CAIRN_TEST_REPLACED", "old", 1);
    const auto result = run(
        {.path = script(R"(printf '%s|' "$#" "$1" "$2" "$CAIRN_TEST_REPLACED" "$CAIRN_TEST_KEPT")"),
         .arguments = {"a b; $(touch /tmp/x) `id` '\"*", ""},
         .environment = {{"CAIRN_TEST_REPLACED", "new; $(id)\n\""}}});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.output, "2|a b; $(touch /tmp/x) `id` '\"*||new; $(id)\n\"|kept|");
}

TEST_F(ChildProcess, ReportsStatusAndTheEndOfItsOutput) {
    const auto failed = run(
        {.path = script("echo out; echo problem >&2; exit 3"), .arguments = {}, .environment = {}});
    EXPECT_EQ(failed.status, 3);
    EXPECT_EQ(failed.output, "out\nproblem\n");
    const auto killed = run({.path = script("kill -TERM $$"), .arguments = {}, .environment = {}});
    EXPECT_EQ(killed.status, 128 + SIGTERM);
    const auto talkative = run({.path = script("head -c 1000000 /dev/zero | tr '\\0' x; echo end"),
                                .arguments = {},
                                .environment = {}});
    EXPECT_LE(talkative.output.size(), 4096U);
    EXPECT_TRUE(talkative.output.ends_with("xend\n"));
}

TEST_F(ChildProcess, GivesNoInputAndNoOpenFiles) {
    std::ifstream held(folder_ / ".");  // something that could leak
    const auto result =
        run({.path = script("cat; ls /proc/self/fd | wc -l"), .arguments = {}, .environment = {}});
    // 0, 1, 2 and the folder that ls reads.
    EXPECT_EQ(result.output, "4\n");
}

TEST_F(ChildProcess, KillsTheWholeGroupAtTheDeadline) {
    const auto program =
        script("echo not yet; sleep 1000 & echo $! > " + (folder_ / "id").string() + "; wait");
    const auto result = run_program(
        {.path = program, .arguments = {}, .environment = {}, .deadline = 300ms}, timer_);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("did not end within"));
    EXPECT_THAT(result.error().message, HasSubstr("what it wrote ends with \"not yet"));
    pid_t grandchild = 0;
    std::ifstream(folder_ / "id") >> grandchild;
    ASSERT_GT(grandchild, 0);
    // It is killed with its group; who reaps it is not our business, so a zombie will do.
    std::string state;
    for (int i = 0; i < 200; ++i) {
        std::ifstream status("/proc/" + std::to_string(grandchild) + "/stat");
        std::string number, name;
        if (!(status >> number >> name >> state) || state == "Z") return;
        timer_.wait(10ms);
    }
    FAIL() << "the grandchild is still in state " << state;
}

TEST_F(ChildProcess, DoesNotWaitForWhatAProgramLeavesRunning) {
    const auto start = timer_.now();
    const auto result = run(
        {.path = script("sleep 20 & echo started; exit 0"), .arguments = {}, .environment = {}});
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.output, "started\n");
    EXPECT_LT(timer_.now() - start, 15s);
}

TEST_F(ChildProcess, StopsWithTheRun) {
    std::stop_source stop;
    stop.request_stop();
    SystemTimer stopped(stop.get_token());
    const ChildProgram program{.path = script("sleep 1000"), .arguments = {}, .environment = {}};
    EXPECT_THROW(static_cast<void>(run_program(program, stopped)), Failure);
}

TEST_F(ChildProcess, ReportsWhatCannotBeStarted) {
    const auto result =
        run_program({.path = folder_ / "none", .arguments = {}, .environment = {}}, timer_);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("No such file"));
}

TEST_F(ChildProcess, FindsProgramsThatMayBeRun) {
    const auto path = script("exit 0");
    EXPECT_EQ(program_path(path.string()), path);
    EXPECT_FALSE(program_path(""));
    EXPECT_FALSE(program_path((folder_ / "none").string()));
    EXPECT_FALSE(program_path(folder_.path().string()));
    write_durably(folder_ / "text", "x", FileAccess::owner);
    EXPECT_FALSE(program_path((folder_ / "text").string()));
}

}  // namespace
}  // namespace cairn::client::child_process_test
