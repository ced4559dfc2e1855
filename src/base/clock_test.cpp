#include "base/clock.h"

#include <gtest/gtest.h>

namespace cairn::base::clock_test {
namespace {

using namespace std::chrono_literals;

constexpr Time example = std::chrono::sys_days(2026y / 11 / 22) + 1h + 2min + 3s;

TEST(Rfc3339, IsWrittenInUtc) {
    EXPECT_EQ(to_rfc3339(example), "2026-11-22T01:02:03Z");
    EXPECT_EQ(to_rfc3339(Time{}), "1970-01-01T00:00:00Z");
    EXPECT_EQ(to_rfc3339(Time{253402300799s}), "9999-12-31T23:59:59Z");
    EXPECT_EQ(to_rfc3339(std::chrono::sys_days(2024y / 2 / 29)), "2024-02-29T00:00:00Z");
}

TEST(Rfc3339, IsReadWithAnyOffset) {
    const struct {
        std::string_view text;
        Time time;
    } cases[] = {
        {"2026-11-22T01:02:03Z", example},
        {"2026-11-22t01:02:03z", example},
        {"2026-11-22T01:02:03.9Z", example},
        {"2026-11-22T01:02:03.000000000001Z", example},
        {"2026-11-22T01:02:03+00:00", example},
        {"2026-11-22T01:02:03-00:00", example},
        {"2026-11-22T03:32:03+02:30", example},
        {"2026-11-21T17:02:03.5-08:00", example},
        {"1970-01-01T00:00:00Z", Time{}},
        {"1969-12-31T23:00:00-01:00", Time{}},
        {"9999-12-31T23:59:59Z", Time{253402300799s}},
        {"2000-02-29T00:00:00Z", Time{951782400s}},
        // RFC 3339 section 5.8
        {"1985-04-12T23:20:50.52Z", Time{482196050s}},
        {"1996-12-19T16:39:57-08:00", Time{851042397s}},
    };
    for (const auto& [text, time] : cases) {
        const auto read = from_rfc3339(text);
        ASSERT_TRUE(read) << text << ": " << read.error().message;
        EXPECT_EQ(*read, time) << text;
    }
}

TEST(Rfc3339, IsRefusedIfNotOnTheCalendarOrNotRfc3339) {
    for (const std::string_view text : {
             "",
             "2026",
             "2026-11-22",
             "2026-11-22T01:02:03",
             "2026-11-22T01:02Z",
             "2026-11-22 01:02:03Z",
             "20261122T010203Z",
             "2026-11-22T01:02:03ZZ",
             "2026-11-22T01:02:03 Z",
             " 2026-11-22T01:02:03Z",
             "2026-11-22T01:02:03Z ",
             "2026-02-29T00:00:00Z",
             "1900-02-29T00:00:00Z",
             "2026-04-31T00:00:00Z",
             "2026-00-01T00:00:00Z",
             "2026-13-01T00:00:00Z",
             "2026-01-00T00:00:00Z",
             "2026-01-32T00:00:00Z",
             "2026-11-22T24:00:00Z",
             "2026-11-22T01:60:00Z",
             "2026-11-22T01:02:60Z",
             "1990-12-31T23:59:60Z",
             "2026-11-22T01:02:03.Z",
             "2026-11-22T01:02:03,5Z",
             "2026-11-22T01:02:03+1:00",
             "2026-11-22T01:02:03+0100",
             "2026-11-22T01:02:03+24:00",
             "2026-11-22T01:02:03+01:60",
             "2026-11-22T01:02:03+01",
             "-026-11-22T01:02:03Z",
             "+2026-11-22T01:02:03Z",
             "2026-1-22T01:02:03Z",
             "02026-11-22T01:02:03Z",
             "12026-11-22T01:02:03Z",
             // years outside 1970 to 9999
             "1969-12-31T23:59:59Z",
             "1970-01-01T00:59:59+01:00",
             "0000-01-01T00:00:00Z",
             "9999-12-31T23:00:00-01:00",
         }) {
        EXPECT_FALSE(from_rfc3339(text)) << text;
    }
}

TEST(ManualClock, MovesWhenItIsMoved) {
    ManualClock clock(example);
    EXPECT_EQ(clock.now(), example);
    clock.advance(90s);
    EXPECT_EQ(clock.now(), example + 90s);
    clock.set(Time{});
    EXPECT_EQ(clock.now(), Time{});
}

TEST(SystemClock, IsTheSystemsTime) {
    const auto before = std::chrono::floor<Seconds>(std::chrono::system_clock::now());
    const Time now = SystemClock().now();
    EXPECT_GE(now, before);
    EXPECT_LE(now, std::chrono::system_clock::now());
}

TEST(ClockReading, SaysBothClocksAtOneMoment) {
    const auto first = read_clocks();
    const auto second = read_clocks();
    EXPECT_GE(first.wall + 1s, SystemClock().now());
    EXPECT_GT(first.since_boot, 0s);
    EXPECT_GE(second.since_boot, first.since_boot);
}

}  // namespace
}  // namespace cairn::base::clock_test
