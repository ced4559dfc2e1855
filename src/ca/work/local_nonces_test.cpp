#include "ca/work/local_nonces.h"

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/base64url.h"

namespace cairn::ca::local_nonces_test {
namespace {

TEST(LocalNoncesTest, EachIsGoodExactlyOnce) {
    crypto::SystemRandom random;
    LocalNonces nonces(random);
    const auto nonce = nonces.issue();
    EXPECT_TRUE(base::is_base64url(nonce));
    EXPECT_TRUE(nonces.take(nonce));
    EXPECT_FALSE(nonces.take(nonce));
}

// Check 20.
TEST(LocalNoncesTest, RefusesWhatItDidNotIssue) {
    crypto::SystemRandom random;
    LocalNonces nonces(random), others(random);
    for (const auto& foreign : {others.issue(), std::string(), std::string("AAAA"),
                                std::string(22, 'A'), std::string(1000, 'A'), std::string("a b")})
        EXPECT_FALSE(nonces.take(foreign)) << foreign;
    auto changed = nonces.issue();
    changed[3] = changed[3] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(nonces.take(changed));
}

// Check 15.
TEST(LocalNoncesTest, NeverRepeats) {
    crypto::SystemRandom random;
    LocalNonces nonces(random);
    std::set<std::string> seen;
    for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(seen.insert(nonces.issue()).second);
}

// Check 21.
TEST(LocalNoncesTest, ForgetsThoseThatFellOutOfTheWindow) {
    crypto::SystemRandom random;
    LocalNonces nonces(random);
    const auto old = nonces.issue();
    const auto used = nonces.issue();
    ASSERT_TRUE(nonces.take(used));
    for (std::uint64_t i = 0; i < LocalNonces::window; ++i) (void)nonces.issue();
    EXPECT_FALSE(nonces.take(old));
    EXPECT_FALSE(nonces.take(used));
    EXPECT_TRUE(nonces.take(nonces.issue()));
}

TEST(LocalNoncesTest, OneOfManyConcurrentRedeemersWins) {
    crypto::SystemRandom random;
    LocalNonces nonces(random);
    for (int round = 0; round < 100; ++round) {
        const auto nonce = nonces.issue();
        std::atomic<int> winners = 0;
        {
            std::vector<std::jthread> threads;
            for (int i = 0; i < 4; ++i)
                threads.emplace_back([&] { winners += nonces.take(nonce) ? 1 : 0; });
        }
        ASSERT_EQ(winners, 1);
    }
}

}  // namespace
}  // namespace cairn::ca::local_nonces_test
