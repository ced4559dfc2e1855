#include "crypto/random.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

namespace cairn::crypto {
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

}  // namespace
}  // namespace cairn::crypto
