#include "bench/process_usage.h"

#include <unistd.h>

#include <gtest/gtest.h>

#include "bench/sync_trace.h"

namespace cairn::bench {
namespace {

TEST(ProcessStat, AddsOwnTimeAndThatOfEndedChildren) {
    const auto stat = parse_process_stat(
        "4711 (a) b (c) S 17 4711 4711 0 -1 4194304 100 0 0 0 30 4 200 1000 20 0 9 0 12345 1 2");
    EXPECT_EQ(stat.parent, 17);
    EXPECT_EQ(stat.ticks, 30 + 4 + 200 + 1000);
}

TEST(ProcessStat, OfAGoneProcessIsNothing) {
    EXPECT_EQ(parse_process_stat("").ticks, 0);
    EXPECT_EQ(parse_process_stat("").parent, 0);
}

TEST(LabelledNumber, IsFoundAtTheStartOfALineAlone) {
    const std::string io = "rchar: 1\nwrite_bytes: 4096\ncancelled_write_bytes: 77\n";
    EXPECT_EQ(labelled_number(io, "rchar"), 1);
    EXPECT_EQ(labelled_number(io, "write_bytes"), 4096);
    EXPECT_EQ(labelled_number("cancelled_write_bytes: 77\n", "write_bytes"), 0);
    EXPECT_EQ(labelled_number("VmPeak:\t 9 kB\nVmRSS:\t 2048 kB\n", "VmRSS"), 2048);
}

TEST(ProcessUsage, OfThisProcessIsThere) {
    EXPECT_GT(usage_of(::getpid()).resident_mebibytes, 0);
    EXPECT_GT(usage_of_family(::getpid()).resident_mebibytes, 0);
}

TEST(SyncTrace, CountsCallsThatBeginInTime) {
    const std::string trace =
        "11 100.000000 fdatasync(5) = 0\n"
        "11 101.500000 fdatasync(5 <unfinished ...>\n"
        "12 101.600000 fsync(6) = 0\n"
        "11 101.700000 <... fdatasync resumed>) = 0\n"
        "11 102.000000 +++ exited with 0 +++\n"
        "11 103.000000 fsync(5) = 0\n";
    EXPECT_EQ(count_syncs(trace, 101, 102), 2U);
    EXPECT_EQ(count_syncs(trace, 0, 1000), 4U);
    EXPECT_EQ(count_syncs("", 0, 1000), 0U);
}

}  // namespace
}  // namespace cairn::bench
