#include "bench/process_usage.h"

#include <chrono>
#include <thread>

#include <unistd.h>

#include <gtest/gtest.h>

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
    EXPECT_GE(usage_of(::getpid()).threads, 1);
    const auto before = usage_of(::getpid()).waits;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_GT(usage_of(::getpid()).waits, before);
    EXPECT_GT(usage_of_family(::getpid()).resident_mebibytes, 0);
}

}  // namespace
}  // namespace cairn::bench
