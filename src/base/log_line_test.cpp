#include "base/log_line.h"

#include <gtest/gtest.h>

#include "base/enum_table.h"

namespace cairn::base::log_line_test {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::system_clock::time_point moment{std::chrono::seconds(1769862896) +
                                                       milliseconds(789)};

TEST(LogLineTest, JsonIsOneObject) {
    EXPECT_EQ(log_line(LogFormat::json, moment, LogLevel::info, "request",
                       {{"id", "a-1"}, {"status", 200}, {"account", ""}}),
              R"({"time":"2026-01-31T12:34:56.789Z","level":"info","event":"request","id":"a-1",)"
              R"("status":200,"account":""})"
              "\n");
}

TEST(LogLineTest, TextHasWordsAndLeavesOutWhatIsEmpty) {
    EXPECT_EQ(
        log_line(
            LogFormat::text, moment, LogLevel::info, "request",
            {{"id", "a-1"}, {"status", 200}, {"account", ""}, {"seconds", 0.25}, {"kept", true}}),
        "2026-01-31T12:34:56.789Z info    request id=a-1 status=200 seconds=0.25 kept=true\n");
    EXPECT_EQ(log_line(LogFormat::text, moment, LogLevel::warning, "the database is away",
                       {{"error", "no route"}}),
              "2026-01-31T12:34:56.789Z warning the database is away error=\"no route\"\n");
}

// What a peer sends can neither end a line, nor pretend to be another field, nor reach a terminal.
TEST(LogLineTest, TextQuotesWhatIsNoPlainWord) {
    const std::string start = "2026-01-31T12:34:56.789Z error   odd x=";
    const auto line_of = [&](std::string_view value) {
        return log_line(LogFormat::text, moment, LogLevel::error, "odd", {{"x", value}});
    };
    EXPECT_EQ(line_of("a b"), start + "\"a b\"\n");
    EXPECT_EQ(line_of("a\nlevel=info"), start + "\"a\\nlevel=info\"\n");
    EXPECT_EQ(line_of("y=z"), start + "\"y=z\"\n");
    EXPECT_EQ(line_of("a\"b"), start + "\"a\\\"b\"\n");
    EXPECT_EQ(line_of("\x1b[2J"), start + "\"\\u001b[2J\"\n");
    EXPECT_EQ(line_of("\xff"), start + "\"\xef\xbf\xbd\"\n");
    EXPECT_EQ(line_of("https://localhost:14000/directory"),
              start + "https://localhost:14000/directory\n");
}

TEST(LogLevelTest, HasAWordAndIsReadBackByIt) {
    EXPECT_EQ(to_string(LogLevel::warning), "warning");
    for (const auto level : enumerators<LogLevel>) {
        EXPECT_EQ(log_level_from(to_string(level)), level);
    }
    EXPECT_EQ(log_level_from("Info"), std::nullopt);
}

}  // namespace
}  // namespace cairn::base::log_line_test
