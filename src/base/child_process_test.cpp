#include "base/child_process.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace cairn::base::child_process_test {
namespace {

using namespace std::chrono_literals;

/// A shell script, and what it writes.
class ChildProcessTest : public ::testing::Test {
  protected:
    ChildProcessTest() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
        reading_ = ends[0];
        writing_ = ends[1];
    }
    ~ChildProcessTest() override {
        ::close(reading_);
        ::close(writing_);
    }
    ChildProcess start(const std::string& script, const ChildProcess::Environment& additions = {}) {
        auto child =
            ChildProcess::start("sh", {"-c", script, "name", "a b;$x"}, additions, writing_);
        if (!child) throw std::runtime_error(child.error().message);
        return std::move(*child);
    }
    static std::optional<int> end_of(ChildProcess& child) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (std::chrono::steady_clock::now() < deadline) {
            if (const auto status = child.ended()) return status;
            std::this_thread::sleep_for(1ms);
        }
        return std::nullopt;
    }
    /// What was written, of a script that has ended.
    [[nodiscard]] std::string output() const {
        char text[4096];
        const auto size = ::read(reading_, text, sizeof text);
        return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
    }

    int reading_ = -1;
    int writing_ = -1;
};

TEST_F(ChildProcessTest, TellsItsStatusAndPassesWordsAsTheyAre) {
    ::setenv("CAIRN_TEST_REPLACED", "old", 1);
    auto child = start("echo \"$1|$CAIRN_TEST_REPLACED\" >&2; cat; exit 3",
                       {{"CAIRN_TEST_REPLACED", "new $(id)"}});
    EXPECT_EQ(end_of(child), 3);
    EXPECT_EQ(output(), "a b;$x|new $(id)\n");
    EXPECT_EQ(child.ended(), 3) << "also when asked again";
}

TEST_F(ChildProcessTest, TellsTheSignalThatEndedIt) {
    auto child = start("sleep 1000");
    child.signal_group(SIGTERM);
    EXPECT_EQ(end_of(child), 128 + SIGTERM);
    child.signal(SIGTERM);  // to nobody
    child.kill();
}

TEST_F(ChildProcessTest, IsSeenToStopAndGoesOn) {
    auto child = start("kill -STOP $$; exit 4");
    ASSERT_TRUE(child.wait_until_stopped());
    EXPECT_EQ(child.ended(), std::nullopt);
    child.signal_group(SIGCONT);
    EXPECT_EQ(end_of(child), 4);
    EXPECT_FALSE(child.wait_until_stopped());
}

TEST_F(ChildProcessTest, TakesItsGroupWithIt) {
    std::optional<ChildProcess> child(start("sleep 1000 & echo $!; wait"));
    const pid_t grandchild = std::stoi(output());
    child.reset();
    // Who reaps it is not our business, so a zombie will do.
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    const auto state = [&] {
        const auto file = "/proc/" + std::to_string(grandchild) + "/stat";
        char text[256] = "";
        const int stat = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
        if (stat < 0) return 'Z';
        const auto size = ::read(stat, text, sizeof text - 1);
        ::close(stat);
        const std::string line(text, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
        const auto name_end = line.rfind(')');
        return name_end == std::string::npos ? 'Z' : line.at(name_end + 2);
    };
    while (state() != 'Z' && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(1ms);
    EXPECT_EQ(state(), 'Z');
}

TEST_F(ChildProcessTest, SaysWhyItCannotStart) {
    const auto child = ChildProcess::start("/nowhere/program", {}, {}, writing_);
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().message, "cannot run /nowhere/program: No such file or directory");
}

}  // namespace
}  // namespace cairn::base::child_process_test
