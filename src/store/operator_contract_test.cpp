#include "store/key_obstacle.h"
#include "store/testing/repository_contract.h"

namespace cairn::store::testing::operator_contract_test {
namespace {

/// What an operator writes holds for whatever is read next, remembered or not. Nodes beside each
/// other are in postgres/operator_store_test.
class OperatorContract : public RepositoryContract {
  protected:
    ca::AccountStore::Creation create_account_with(const protocol::Jwk& key) {
        auto newcomer = make.account();
        newcomer.key = key;
        return await(store().create_account(newcomer));
    }
    bool takes_all(const std::string& bucket) {
        return await(store().charge({{bucket, 20, 1h, 20}}, now)).accepted;
    }
};
INSTANTIATE_TEST_SUITE_P(, OperatorContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(OperatorContract, EndsAnAccountThatWasJustServed) {
    auto account = stored_account();
    expect_found(await(store().find_account(account.id)), account);
    account.deactivated = now;
    expect_found(await(store().deactivate_account(account.id, now)), account);
    expect_found(await(store().find_account(account.id)), account);
    expect_found(await(store().find_account_by_key(account.key.thumbprint())), account);
    EXPECT_FALSE(await(store().deactivate_account(make.account_id(), now)));
}

TEST_P(OperatorContract, SetsWhatAnAccountMayHave) {
    auto account = stored_account();
    expect_found(await(store().find_account(account.id)), account);
    account.scope = ca::AccountScope::of({".example.com", "10.0.0.0/8"}, {"secret.example.com"},
                                         {"spiffe://example.org/{name}"})
                        .value();
    expect_found(await(store().set_account_scope(account.id, account.scope)), account);
    for (int i = 0; i < 2; ++i) {
        expect_found(await(store().find_account(account.id)), account);
        expect_found(await(store().find_account_by_key(account.key.thumbprint())), account);
        EXPECT_EQ(await(store().list_accounts(std::nullopt, 10)).back().scope, account.scope);
        reopen();
    }
    account.scope = {};
    expect_found(await(store().set_account_scope(account.id, account.scope)), account);
    expect_found(await(store().find_account(account.id)), account);
    EXPECT_FALSE(await(store().set_account_scope(make.account_id(), {})));
}

TEST_P(OperatorContract, BlocksAKeyForWhateverComesNext) {
    const auto key = make.key();
    const auto id = key_id_of(key);
    EXPECT_FALSE(await(store().is_key_blocked(id)));
    EXPECT_TRUE(await(store().block_key(id)));
    EXPECT_TRUE(await(store().is_key_blocked(id)));
    EXPECT_FALSE(await(store().block_key(id))) << "it is blocked already";

    const auto account = stored_account();
    using Beginning = ca::OrderStore::IssuanceBeginning;
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(create_account_with(key).refusal, ca::AccountStore::KeyRefusal::blocked);
        EXPECT_EQ(
            await(store().replace_account_key(account.id, account.key.thumbprint(), key)).outcome,
            ca::AccountStore::KeyReplacement::Outcome::key_is_blocked);
        const auto order = stored_order(account.id).order;
        EXPECT_EQ(await(store().begin_issuance(order.id, make.intent(), {id, key.thumbprint()})),
                  Beginning::key_is_blocked);
        reopen();
    }
    EXPECT_TRUE(await(store().is_key_blocked(id)));
}

TEST_P(OperatorContract, RevokesNothingByBlockingAKey) {
    const auto certificate = make.own_certificate();
    await(store().add_certificate(certificate));
    EXPECT_TRUE(await(store().block_key(certificate.key)));
    expect_found(await(store().find_certificate(certificate.serial)), certificate);

    // That others have it is another thing to say.
    EXPECT_TRUE(await(store().record_key_compromise(certificate.key, now)));
    EXPECT_EQ(await(store().find_certificate(certificate.serial))->revocation,
              (ca::Revocation{now, protocol::RevocationReason::key_compromise}));
    EXPECT_FALSE(await(store().block_key(certificate.key)));
}

TEST_P(OperatorContract, RetiresAnIssuerThatItKnows) {
    const auto one = digest("one"), other = digest("other");
    EXPECT_FALSE(await(store().retire_issuer(one, now)));
    await(store().save_issuer(one, {.usual = "one"}));
    await(store().save_issuer(other, {.usual = "other"}));
    EXPECT_TRUE(await(store().retired_issuers()).empty());
    EXPECT_TRUE(await(store().retire_issuer(one, now)));
    EXPECT_TRUE(await(store().retire_issuer(one, now + 1h))) << "the first time stays";
    const std::vector<ca::OperatorStore::RetiredIssuer> retired{{one, now}};
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(await(store().retired_issuers()), retired);
        // A start saves them again.
        await(store().save_issuer(one, {.usual = "one, renewed"}));
        reopen();
    }
    EXPECT_TRUE(await(store().retire_issuer(one, std::nullopt)));
    EXPECT_TRUE(await(store().retired_issuers()).empty());
    EXPECT_TRUE(await(store().retire_issuer(other, std::nullopt)));
}

TEST_P(OperatorContract, FillsABucket) {
    EXPECT_FALSE(await(store().reset_bucket("orders"))) << "nobody has taken from it";
    EXPECT_TRUE(takes_all("orders"));
    EXPECT_TRUE(takes_all("others"));
    EXPECT_FALSE(takes_all("orders"));
    EXPECT_TRUE(await(store().reset_bucket("orders")));
    EXPECT_TRUE(takes_all("orders"));
    EXPECT_FALSE(takes_all("others"));
}

}  // namespace
}  // namespace cairn::store::testing::operator_contract_test
