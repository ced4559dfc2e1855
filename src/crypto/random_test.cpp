#include "crypto/random.h"

#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::crypto::random_test {
namespace {

TEST(SystemRandom, DoesNotRepeatItself) {
    SystemRandom random;
    std::set<base::Bytes> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.octets(16));
    EXPECT_EQ(seen.size(), 1000U);
}

TEST(SystemRandom, FillsAllThatItIsGiven) {
    SystemRandom random;
    EXPECT_TRUE(random.octets(0).empty());
    // Several times the most that is asked of OpenSSL at once; a run of 16 zeros means a gap.
    const base::Bytes octets = random.octets((3U << 20) + 16);
    EXPECT_EQ(octets.size(), (3U << 20) + 16);
    EXPECT_TRUE(std::ranges::search_n(octets, 16, 0).empty());
}

/// Counts up, and how often it was asked.
class CountingRandom final : public Random {
  public:
    void fill(std::span<std::uint8_t> octets) override {
        ++calls;
        for (auto& octet : octets) octet = static_cast<std::uint8_t>(++last_);
    }
    int calls = 0;

  private:
    unsigned last_ = 0;
};

TEST(DrawnRandom, HandsOutEachOctetOfItsSourceOnce) {
    SystemRandom system;
    DrawnRandom random(system);
    std::set<base::Bytes> seen;
    for (std::size_t i = 0; i < 1000; ++i) seen.insert(random.octets(10 + i % 23));
    EXPECT_EQ(seen.size(), 1000U);

    CountingRandom counting;
    DrawnRandom drawn(counting);
    std::array<int, 256> times{};
    for (int i = 0; i < 512; ++i)
        for (const auto octet : drawn.octets(6)) ++times.at(octet);
    EXPECT_EQ(counting.calls, 3);
    EXPECT_THAT(times, ::testing::Each(12));
}

TEST(DrawnRandom, TakesMuchFromItsSourceAtOnce) {
    CountingRandom counting;
    DrawnRandom drawn(counting);
    EXPECT_EQ(drawn.octets(100000).size(), 100000U);
    EXPECT_TRUE(drawn.octets(0).empty());
    EXPECT_EQ(counting.calls, 1);
}

TEST(DrawnRandom, MayBeAskedByManyThreads) {
    SystemRandom system;
    DrawnRandom random(system);
    std::array<std::set<base::Bytes>, 4> seen;
    {
        std::vector<std::jthread> threads;
        for (auto& mine : seen)
            threads.emplace_back([&random, &mine] {
                for (int i = 0; i < 2000; ++i) mine.insert(random.octets(16));
            });
    }
    std::set<base::Bytes> all;
    for (const auto& each : seen) all.insert(each.begin(), each.end());
    EXPECT_EQ(all.size(), 8000U);
}

}  // namespace
}  // namespace cairn::crypto::random_test
