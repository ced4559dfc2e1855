#include "base/log.h"

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log_output.h"

namespace cairn::base::log_test {
namespace {

using ::testing::ElementsAre;
using ::testing::MatchesRegex;

/// A folder that is removed after the test.
class LogTest : public ::testing::Test {
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

/// What happened to each line of a log whose lines have ids from 0 on.
struct Account {
    std::set<int> ids;
    std::int64_t lost = 0;
};
/// Reads lines; fails for one that is incomplete or repeated.
Account account_of(const std::vector<std::string>& lines, std::string_view padding) {
    Account account;
    for (const auto& line : lines) {
        int id = 0;
        std::int64_t lost = 0;
        const auto text = line.substr(line.find(',') + 1);
        if (std::sscanf(text.c_str(), R"("level":"info","event":"e","id":%d,)", &id) == 1) {
            EXPECT_TRUE(text.ends_with(",\"padding\":\"" + std::string(padding) + "\"}")) << text;
            EXPECT_TRUE(account.ids.insert(id).second) << id << " is there twice";
        } else if (std::sscanf(text.c_str(),
                               R"("level":"error","event":"log lines lost","lines":%ld})",
                               &lost) == 1) {
            account.lost += lost;
        } else {
            ADD_FAILURE() << "torn: " << line;
        }
    }
    return account;
}

TEST_F(LogTest, MixesNothingUnderPressureAndCountsWhatIsLost) {
    constexpr int threads = 4;
    constexpr int each = 3000;
    const std::string padding(500, 'x');  // 6 MB in all: more than may be pending
    std::atomic<std::int64_t> told = 0;
    {
        const auto log = open_log(path(), LogLevel::info, LogFormat::json, [&] { ++told; });
        std::vector<std::jthread> writers;
        for (int thread = 0; thread < threads; ++thread) {
            writers.emplace_back([&, thread] {
                for (int i = 0; i < each; ++i) {
                    log->info("e", {{"id", thread * each + i}, {"padding", padding}});
                }
            });
        }
    }
    const auto account = account_of(lines(), padding);
    EXPECT_EQ(account.lost, told);
    EXPECT_EQ(static_cast<std::int64_t>(account.ids.size()) + account.lost, threads * each);
}

/// Reads a FIFO until it is empty and `done` says that no more will come.
std::vector<std::string> lines_of_fifo(const std::string& path, const std::atomic<bool>& done) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    std::string text;
    char buffer[4096];
    for (;;) {
        const bool is_last_look = done;
        const auto got = ::read(descriptor, buffer, sizeof buffer);
        if (got > 0)
            text.append(buffer, static_cast<std::size_t>(got));
        else if (is_last_look)
            break;
        else
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ::close(descriptor);
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TEST_F(LogTest, NobodyWaitsForAPipeThatNobodyReads) {
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    constexpr int count = 6000;
    const std::string padding(500, 'x');
    std::atomic<std::int64_t> told = 0;
    std::atomic<bool> done = false;
    const auto begun = std::chrono::steady_clock::now();
    auto log = open_log(path(), LogLevel::info, LogFormat::json, [&] { ++told; });
    for (int id = 0; id < count; ++id) log->info("e", {{"id", id}, {"padding", padding}});
    EXPECT_GT(told, 0);
    log->flush();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));

    // Once somebody reads, the log says what is missing, in the place where it is missing.
    std::vector<std::string> read;
    std::jthread reader([&] { read = lines_of_fifo(path(), done); });
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    int further = 0;
    std::int64_t before = 0;
    do {
        before = told;
        log->info("e", {{"id", count + further++}, {"padding", padding}});
        log->flush();
    } while (told > before && std::chrono::steady_clock::now() < end);
    log.reset();
    done = true;
    reader.join();
    const auto account = account_of(read, padding);
    EXPECT_EQ(account.lost, told);
    EXPECT_EQ(static_cast<std::int64_t>(account.ids.size()) + account.lost, count + further);
    EXPECT_THAT(read.back(), ::testing::HasSubstr("\"id\":" + std::to_string(count + further - 1)));
}

TEST_F(LogTest, GoesAlthoughNobodyReads) {
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    const auto begun = std::chrono::steady_clock::now();
    {
        const auto log = open_log(path(), LogLevel::info);
        for (int id = 0; id < 300; ++id) log->info("e", {{"padding", std::string(500, 'x')}});
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));
}

TEST_F(LogTest, DoesNotTearLinesThatAPipeCannotTakeWhole) {
    ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
    const std::string padding(100'000, 'x');
    std::atomic<bool> done = false;
    std::vector<std::string> read;
    std::jthread reader([&] { read = lines_of_fifo(path(), done); });
    {
        const auto log = open_log(path(), LogLevel::info);
        for (int id = 0; id < 5; ++id) log->info("e", {{"id", id}, {"padding", padding}});
    }
    done = true;
    reader.join();
    EXPECT_EQ(account_of(read, padding).ids.size(), 5U);
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

TEST_F(LogTest, WritesWhatAFullDiskDidNotTakeOnceThereIsRoom) {
    std::filesystem::create_symlink("/dev/full", path());
    std::atomic<std::int64_t> told = 0;
    const auto log = open_log(path(), LogLevel::info, LogFormat::json, [&] { ++told; });
    const std::string padding(500, 'x');
    constexpr int count = 6000;
    for (int id = 0; id < count; ++id) log->info("e", {{"id", id}, {"padding", padding}});
    std::filesystem::remove(path());
    log->flush();
    const auto account = account_of(lines(), padding);
    EXPECT_GT(account.lost, 0);
    EXPECT_EQ(account.lost, told);
    EXPECT_EQ(static_cast<std::int64_t>(account.ids.size()) + account.lost, count);
}

/// As long as it lives, no file that this process writes can grow beyond `octets`.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t octets) {
        (void)std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{.rlim_cur = octets, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

  private:
    rlimit before_{};
};

TEST_F(LogTest, EndsALineThatADiskTookHalf) {
    const auto log = open_log(path(), LogLevel::info);
    const std::string padding(500, 'x');
    {
        const FileSizeLimit limit(1000);  // within the second line
        for (int id = 0; id < 4; ++id) log->info("e", {{"id", id}, {"padding", padding}});
        log->flush();
        EXPECT_EQ(std::filesystem::file_size(path()), 1000U);
    }
    log->flush();
    EXPECT_EQ(account_of(lines(), padding).ids.size(), 4U);
}

TEST_F(LogTest, WritesALineWholeToTheFileThatReplacesAFullOne) {
    const auto log = open_log(path(), LogLevel::info);
    const std::string padding(500, 'x');
    {
        const FileSizeLimit limit(1000);
        for (int id = 0; id < 4; ++id) log->info("e", {{"id", id}, {"padding", padding}});
        log->flush();
        std::filesystem::rename(path(), path("log.1"));
    }
    log->flush();
    EXPECT_EQ(account_of(lines(), padding).ids, (std::set{1, 2, 3}));
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
}  // namespace cairn::base::log_test
