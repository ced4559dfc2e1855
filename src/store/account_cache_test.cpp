#include "store/account_cache.h"

#include <gtest/gtest.h>

#include "store/testing/expect_same.h"
#include "store/testing/specimens.h"

namespace cairn::store {
namespace {

using testing::expect_found;

TEST(AccountCache, GivesBackWhatItKeeps) {
    testing::Specimens make;
    AccountCache cache(10);
    const auto account = make.account();
    EXPECT_FALSE(cache.find(account.id));
    cache.keep(account, cache.moment());
    expect_found(cache.find(account.id), account);
    EXPECT_FALSE(cache.find(make.account_id()));
}

TEST(AccountCache, ForgetsWhatWasChanged) {
    testing::Specimens make;
    AccountCache cache(10);
    const auto account = make.account();
    const auto other = make.account();
    cache.keep(account, cache.moment());
    cache.keep(other, cache.moment());
    cache.forget(account.id);
    EXPECT_FALSE(cache.find(account.id));
    expect_found(cache.find(other.id), other);
}

TEST(AccountCache, KeepsNothingThatWasReadBeforeAChange) {
    testing::Specimens make;
    AccountCache cache(10);
    const auto account = make.account();
    const auto before = cache.moment();
    cache.forget(account.id);
    cache.keep(account, before);
    EXPECT_FALSE(cache.find(account.id));
    cache.keep(account, cache.moment());
    EXPECT_TRUE(cache.find(account.id));
}

TEST(AccountCache, DropsTheOneAskedForLongestAgo) {
    testing::Specimens make;
    AccountCache cache(2);
    const auto first = make.account();
    const auto second = make.account();
    const auto third = make.account();
    cache.keep(first, cache.moment());
    cache.keep(second, cache.moment());
    EXPECT_TRUE(cache.find(first.id));
    cache.keep(third, cache.moment());
    EXPECT_TRUE(cache.find(first.id));
    EXPECT_FALSE(cache.find(second.id));
    EXPECT_TRUE(cache.find(third.id));
}

}  // namespace
}  // namespace cairn::store
