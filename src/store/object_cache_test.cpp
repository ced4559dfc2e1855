#include "store/object_cache.h"

#include <array>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "store/testing/expect_same.h"
#include "store/testing/specimens.h"

namespace cairn::store::object_cache_test {
namespace {

using testing::expect_found;

class AccountCache : public ::testing::Test {
  protected:
    testing::Specimens make;
    ObjectCache<ca::Account> cache{2};
    const ca::Account account = make.account();
    const ca::Account other = make.account();
};

TEST_F(AccountCache, GivesBackWhatItWasTold) {
    EXPECT_FALSE(cache.find(account.id));
    cache.put(account);
    cache.keep(other, cache.moment());
    expect_found(cache.find(account.id), account);
    expect_found(cache.find(other.id), other);
    EXPECT_FALSE(cache.find(make.account_id()));
}

TEST_F(AccountCache, FollowsChanges) {
    cache.put(account);
    auto changed = account;
    changed.contacts.clear();
    cache.put(changed);
    expect_found(cache.find(account.id), changed);
    changed.deactivated = testing::now;
    cache.change(account.id, [](ca::Account& present) { present.deactivated = testing::now; });
    expect_found(cache.find(account.id), changed);
}

TEST_F(AccountCache, MakesNothingOfAChangeToWhatItHasNot) {
    cache.change(account.id, [](ca::Account&) { FAIL(); });
    EXPECT_FALSE(cache.find(account.id));
}

TEST_F(AccountCache, KeepsNothingThatWasReadBeforeAChange) {
    const auto before = cache.moment();
    cache.change(account.id, [](ca::Account&) {});
    cache.keep(account, before);
    EXPECT_FALSE(cache.find(account.id));

    const auto before_other = cache.moment();
    cache.put(other);
    cache.keep(account, before_other);
    EXPECT_FALSE(cache.find(account.id));
    cache.keep(account, cache.moment());
    EXPECT_TRUE(cache.find(account.id));
}

TEST_F(AccountCache, ForgetsWhatIsGone) {
    cache.put(account);
    cache.put(other);
    const auto before = cache.moment();
    cache.remove(account.id);
    EXPECT_FALSE(cache.find(account.id));
    EXPECT_TRUE(cache.find(other.id));
    cache.keep(account, before);
    EXPECT_FALSE(cache.find(account.id)) << "it was read before it went";
    cache.remove(account.id);
}

TEST_F(AccountCache, DropsTheOneUsedLongestAgo) {
    const auto third = make.account();
    cache.put(account);
    cache.put(other);
    EXPECT_TRUE(cache.find(account.id));
    cache.put(third);
    EXPECT_TRUE(cache.find(account.id));
    EXPECT_FALSE(cache.find(other.id));
    EXPECT_TRUE(cache.find(third.id));
}

TEST_F(AccountCache, FindsAllOrNothing) {
    cache.put(account);
    cache.put(other);
    const auto all = cache.find_all(std::vector{other.id, account.id, other.id});
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 3U);
    testing::expect_same(all->at(0), other);
    testing::expect_same(all->at(1), account);
    EXPECT_FALSE(cache.find_all(std::vector{account.id, make.account_id()}));
}

// The database of this test is one number for each account. A reader that has learnt of a change
// never finds the account as it was before, whatever others read, keep and push out meanwhile.
TEST(ObjectCache, NeverGivesWhatAReturnedChangeHasReplaced) {
    constexpr std::size_t account_count = 3;
    constexpr std::int64_t changes = 3000;
    testing::Specimens make;
    std::vector<ca::Account> accounts;
    for (std::size_t i = 0; i < account_count; ++i) accounts.push_back(make.account());
    const auto version = [](std::int64_t number) { return base::Time{base::Seconds{number}}; };
    ObjectCache<ca::Account> cache{2};
    std::array<std::atomic<std::int64_t>, account_count> database{}, returned{};
    std::atomic<bool> is_over = false;
    std::atomic<long> stale = 0, found_in_memory = 0;

    const auto read = [&](std::size_t which) {
        const auto expected = returned[which].load();
        std::optional<ca::Account> account = cache.find(accounts[which].id);
        if (account) {
            ++found_in_memory;
        } else {
            const auto moment = cache.moment();
            account = accounts[which];
            account->created = version(database[which].load());
            std::this_thread::yield();
            cache.keep(*account, moment);
        }
        if (account->created < version(expected)) ++stale;
    };
    struct Ending {
        std::atomic<bool>& is_over;
        ~Ending() { is_over = true; }
    };
    std::vector<std::jthread> readers;
    const Ending ending{is_over};
    for (std::size_t i = 0; i < 4; ++i) {
        readers.emplace_back([&, i] {
            for (auto which = i; !is_over; ++which) read(which % account_count);
        });
    }
    // Until enough was changed, and the readers were there to see it.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (std::int64_t number = 1; number <= changes || found_in_memory < changes; ++number) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        const auto which = static_cast<std::size_t>(number) % account_count;
        database[which] = number;
        std::this_thread::yield();
        cache.change(accounts[which].id,
                     [&](ca::Account& account) { account.created = version(number); });
        returned[which] = number;
    }
    is_over = true;
    readers.clear();
    EXPECT_EQ(stale, 0);
}

}  // namespace
}  // namespace cairn::store::object_cache_test
