// Nonces and the accounts of requests, which two nodes check together.

#include "store/postgres/nonces.h"

#include <future>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/postgres/testing/nodes_fixture.h"

namespace cairn::store::testing::nonces_test {
namespace {

class PostgresNonceTest : public PostgresNodes {};

TEST_F(PostgresNonceTest, RedeemsANonceOnceWhicheverNodeMadeIt) {
    open_both();
    const auto nonce = here->nonces().issue();
    EXPECT_TRUE(redeem(*there, nonce));
    EXPECT_FALSE(redeem(*there, nonce));
    EXPECT_FALSE(redeem(*here, nonce));
    EXPECT_TRUE(redeem(*here, here->nonces().issue()));
    EXPECT_TRUE(redeem(*here, there->nonces().issue()));
    for (const auto& foreign : {std::string(), std::string("AAAA"), std::string(22, 'A')})
        EXPECT_FALSE(redeem(*here, foreign));
}

TEST_F(PostgresNonceTest, OneOfManyConcurrentRedeemersOfANonceWins) {
    open_both();
    for (int round = 0; round < 20; ++round) {
        const auto nonce = here->nonces().issue();
        std::vector<std::future<ca::RequestCheck>> redemptions;
        for (std::size_t i = 0; i < 20; ++i)
            redemptions.push_back(
                begin_check(i % 4 < 2 ? *here : *there, nonce, std::nullopt, i % 2));
        int winners = 0;
        for (auto& redemption : redemptions) winners += redemption.get().nonce_is_good ? 1 : 0;
        ASSERT_EQ(winners, 1);
    }
}

TEST_F(PostgresNonceTest, AdmitsWithTheAccountAsItIsWhicheverNodeChangedIt) {
    open_both();
    await(here->create_account(account));
    for (int i = 0; i < 3; ++i) {
        expect_found(check_request(*there, there->nonces().issue(), account.id).account, account);
        expect_found(check_request(*there, there->nonces().issue(), account.id).account, account);
        const auto old_key = account.key.thumbprint();
        account.key = make.key();
        await(here->replace_account_key(account.id, old_key, account.key));
    }
    account.deactivated = now;
    await(here->deactivate_account(account.id, now));
    expect_found(check_request(*there, there->nonces().issue(), account.id).account, account);

    const auto stranger = check_request(*there, there->nonces().issue(), make.account_id());
    EXPECT_TRUE(stranger.nonce_is_good);
    EXPECT_FALSE(stranger.account);
}

TEST_F(PostgresNonceTest, AdmitsManyAtOnceEachWithItsOwnAccount) {
    here = open("here");
    std::vector<ca::Account> accounts;
    for (int i = 0; i < 5; ++i) {
        accounts.push_back(make.account());
        await(here->create_account(accounts.back()));
        (void)check_request(*here, here->nonces().issue(),
                            accounts.back().id);  // known from now on
    }
    const auto used = here->nonces().issue();
    EXPECT_TRUE(redeem(*here, used));
    std::vector<std::future<ca::RequestCheck>> checks;
    for (std::size_t i = 0; i < 100; ++i) {
        const auto nonce = i % 10 == 9 ? used : here->nonces().issue();
        checks.push_back(begin_check(*here, nonce, accounts[i % 5].id, i % 2));
    }
    for (std::size_t i = 0; i < checks.size(); ++i) {
        const auto check = checks[i].get();
        EXPECT_EQ(check.nonce_is_good, i % 10 != 9);
        if (check.nonce_is_good) expect_found(check.account, accounts[i % 5]);
    }
}

TEST_F(PostgresNonceTest, NeverRepeatsANonce) {
    open_both();
    std::set<std::string> seen;
    for (int i = 0; i < 20'000; ++i) {
        ASSERT_TRUE(seen.insert(here->nonces().issue()).second);
        ASSERT_TRUE(seen.insert(there->nonces().issue()).second);
    }
}

TEST_F(PostgresNonceTest, TakesNoNonceOfBeforeACrashOfTheDatabase) {
    open_both();
    const auto used = here->nonces().issue();
    const auto unused = here->nonces().issue();
    EXPECT_TRUE(redeem(*here, used));
    cluster.stop(SIGQUIT);
    cluster.start();
    EXPECT_FALSE(redeem(*here, used));
    EXPECT_FALSE(redeem(*here, unused));
    const auto fresh = here->nonces().issue();
    EXPECT_TRUE(redeem(*here, fresh));
    // The other node takes up the new key when it meets a nonce that its own does not open.
    EXPECT_TRUE(eventually([&] { return redeem(*there, here->nonces().issue()); }));
    EXPECT_FALSE(redeem(*there, fresh));
    EXPECT_TRUE(redeem(*here, there->nonces().issue()));
}

}  // namespace
}  // namespace cairn::store::testing::nonces_test
