#include "store/object_cache.h"

#include <gtest/gtest.h>

#include "store/testing/expect_same.h"
#include "store/testing/specimens.h"

namespace cairn::store {
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

}  // namespace
}  // namespace cairn::store
