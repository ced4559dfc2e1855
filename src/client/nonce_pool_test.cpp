#include "client/nonce_pool.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace cairn::client::nonce_pool_test {
namespace {

TEST(NoncePool, GivesTheNewestFirstAndEachOnce) {
    NoncePool pool;
    EXPECT_FALSE(pool.take());
    pool.add("one");
    pool.add("two");
    EXPECT_EQ(pool.take(), "two");
    EXPECT_EQ(pool.take(), "one");
    EXPECT_FALSE(pool.take());
}

TEST(NoncePool, IgnoresWhatIsNoNonce) {
    NoncePool pool;
    pool.add("");
    pool.add("not base64url!");
    pool.add(std::string(NoncePool::max_length + 1, 'a'));
    EXPECT_FALSE(pool.take());
    pool.add(std::string(NoncePool::max_length, 'a'));
    EXPECT_TRUE(pool.take());
}

TEST(NoncePool, ForgetsTheOldestWhenItIsFull) {
    NoncePool pool;
    for (std::size_t i = 0; i <= NoncePool::max_kept; ++i) pool.add("n" + std::to_string(i));
    std::set<std::string> taken;
    while (auto nonce = pool.take()) taken.insert(*nonce);
    EXPECT_EQ(taken.size(), NoncePool::max_kept);
    EXPECT_FALSE(taken.contains("n0"));
}

TEST(NoncePool, GivesNoNonceToTwoThreads) {
    NoncePool pool;
    for (std::size_t i = 0; i < NoncePool::max_kept; ++i) pool.add("n" + std::to_string(i));
    std::mutex mutex;
    std::multiset<std::string> taken;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&] {
                while (auto nonce = pool.take()) {
                    const std::scoped_lock lock(mutex);
                    taken.insert(*nonce);
                }
            });
    }
    EXPECT_EQ(taken.size(), NoncePool::max_kept);
    for (const auto& nonce : taken) EXPECT_EQ(taken.count(nonce), 1U) << nonce;
}

}  // namespace
}  // namespace cairn::client::nonce_pool_test
