#include "base/log.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::base {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;

/// A folder that is gone after the test.
class LogTest : public testing::Test {
  protected:
    LogTest() {
        std::string pattern = (std::filesystem::temp_directory_path() / "log_test.XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        folder_ = pattern;
    }
    ~LogTest() override { std::filesystem::remove_all(folder_); }

    [[nodiscard]] std::string path(std::string_view name = "log") const {
        return (folder_ / name).string();
    }
    [[nodiscard]] std::vector<std::string> lines(std::string_view name = "log") const {
        std::ifstream file(path(name));
        std::vector<std::string> result;
        for (std::string line; std::getline(file, line);) result.push_back(line);
        return result;
    }
    /// The lines without the time that each begins with.
    [[nodiscard]] std::vector<std::string> timeless_lines(std::string_view name = "log") const {
        auto result = lines(name);
        for (auto& line : result) line = line.substr(line.find(',') + 1);
        return result;
    }

  private:
    std::filesystem::path folder_;
};

TEST_F(LogTest, WritesOneObjectALine) {
    const auto log = open_log(path(), LogLevel::debug);
    log->info("order.created", {{"order", "abc"}, {"names", 2}, {"must_staple", true}});
    log->warning("odd", {{"seconds", 0.25}, {"big", std::numeric_limits<std::int64_t>::min()}});
    log->debug("quiet");
    log->error("loud", {{"text", std::string("a\"b\\c\n\x1b")}});
    log->flush();

    EXPECT_THAT(lines().front(),
                MatchesRegex("\\{\"time\":\"20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]"
                             ":[0-5][0-9]\\.[0-9][0-9][0-9]Z\",\"level\":\"info\",.*\\}"));
    EXPECT_THAT(
        timeless_lines(),
        ElementsAre(
            R"("level":"info","event":"order.created","order":"abc","names":2,"must_staple":true})",
            R"("level":"warning","event":"odd","seconds":0.25,"big":-9223372036854775808})",
            R"("level":"debug","event":"quiet"})",
            R"("level":"error","event":"loud","text":"a\"b\\c\n\u001b"})"));
}

TEST_F(LogTest, WritesNumbersThatJsonLacksAsNull) {
    const auto log = open_log(path(), LogLevel::debug);
    log->info("n", {{"nan", std::nan("")}, {"inf", std::numeric_limits<double>::infinity()}});
    log->flush();
    EXPECT_THAT(timeless_lines(),
                ElementsAre(R"("level":"info","event":"n","nan":null,"inf":null})"));
}

TEST_F(LogTest, LeavesOutWhatIsBelowItsThreshold) {
    const auto log = open_log(path(), LogLevel::warning);
    log->debug("d");
    log->info("i");
    log->warning("w");
    log->error("e");
    log->flush();
    EXPECT_THAT(timeless_lines(), ElementsAre(R"("level":"warning","event":"w"})",
                                              R"("level":"error","event":"e"})"));
}

TEST_F(LogTest, WritesAllBeforeItGoesAndAppendsToWhatIsThere) {
    open_log(path(), LogLevel::info)->info("first");
    open_log(path(), LogLevel::info)->info("second");
    EXPECT_THAT(timeless_lines(), ElementsAre(R"("level":"info","event":"first"})",
                                              R"("level":"info","event":"second"})"));
}

TEST_F(LogTest, WritesSoonWithoutBeingAsked) {
    const auto log = open_log(path(), LogLevel::info);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (std::size_t count = 1; count <= 3; ++count) {
        log->info("e");
        while (lines().size() < count && std::chrono::steady_clock::now() < end) {
            std::this_thread::yield();
        }
        ASSERT_EQ(lines().size(), count);
    }
}

TEST_F(LogTest, LosesAndMixesNothingUnderPressure) {
    constexpr int threads = 4;
    constexpr int each = 3000;
    const std::string padding(500, 'x');  // 6 MB in all: more than may be pending
    {
        const auto log = open_log(path(), LogLevel::info);
        std::vector<std::jthread> writers;
        for (int thread = 0; thread < threads; ++thread) {
            writers.emplace_back([&, thread] {
                for (int i = 0; i < each; ++i) {
                    log->info("e", {{"id", thread * each + i}, {"padding", padding}});
                }
            });
        }
    }
    std::set<std::string> seen;
    for (const auto& line : timeless_lines()) seen.insert(line);
    ASSERT_EQ(seen.size(), static_cast<std::size_t>(threads * each));
    for (int id = 0; id < threads * each; ++id) {
        EXPECT_TRUE(seen.contains(R"("level":"info","event":"e","id":)" + std::to_string(id) +
                                  R"(,"padding":")" + padding + "\"}"));
    }
}

TEST_F(LogTest, FlushHasWrittenWhatTheCallerWrote) {
    const auto log = open_log(path(), LogLevel::info);
    log->flush();  // nothing to wait for
    for (std::size_t count = 1; count <= 100; ++count) {
        log->info("e");
        log->flush();
        ASSERT_EQ(lines().size(), count);
    }
}

TEST_F(LogTest, FollowsAFileThatIsMovedAway) {
    const auto log = open_log(path(), LogLevel::info);
    log->info("before");
    log->flush();
    std::filesystem::rename(path(), path("log.1"));
    log->info("after");
    log->flush();
    EXPECT_THAT(timeless_lines("log.1"), ElementsAre(R"("level":"info","event":"before"})"));
    EXPECT_THAT(timeless_lines(), ElementsAre(R"("level":"info","event":"after"})"));
}

TEST_F(LogTest, TellsWhatAFullDiskCost) {
    std::filesystem::create_symlink("/dev/full", path());
    const auto log = open_log(path(), LogLevel::info);
    log->info("lost");
    log->flush();
    std::filesystem::remove(path());
    log->info("kept");
    log->flush();
    EXPECT_THAT(timeless_lines(),
                ElementsAre(MatchesRegex(R"("level":"error","event":"log.lost","octets":[0-9]+\})"),
                            R"("level":"info","event":"kept"})"));
}

TEST_F(LogTest, IsNotReadableByOthers) {
    const auto log = open_log(path(), LogLevel::info);
    const auto permissions = std::filesystem::status(path()).permissions();
    EXPECT_EQ(permissions & std::filesystem::perms::others_all, std::filesystem::perms::none);
}

TEST_F(LogTest, CannotBeOpenedWhereThereIsNoFolder) {
    EXPECT_THROW((void)open_log(path("no/such/folder"), LogLevel::info), std::runtime_error);
}

TEST(SilentLog, TakesEverything) {
    const auto log = silent_log();
    log->error("event", {{"field", 1}});
    log->flush();
}

}  // namespace
}  // namespace cairn::base
