// One key has one use: an account's, or certificates'; and none once it is blocked.
#include <algorithm>

#include "store/key_obstacle.h"
#include "store/testing/repository_contract.h"

namespace cairn::store::testing::key_contract_test {
namespace {

using Beginning = ca::OrderStore::IssuanceBeginning;
using Replaced = ca::AccountStore::KeyReplacement::Outcome;
using enum ca::AccountStore::KeyRefusal;

class KeyContract : public RepositoryContract {
  protected:
    ca::AccountStore::Creation create_account_with(const protocol::Jwk& key) {
        auto account = make.account();
        account.key = key;
        return await(store().create_account(account));
    }
    Replaced replace_by(const protocol::Jwk& key) {
        const auto account = stored_account();
        return await(store().replace_account_key(account.id, account.key.thumbprint(), key))
            .outcome;
    }
    Beginning begin_issuance_with(const ca::OrderId& id, const protocol::Jwk& key) {
        return await(store().begin_issuance(id, make.intent(), {key_id_of(key), key.thumbprint()}));
    }
    /// A certificate with this key.
    ca::IssuedCertificate issued(const protocol::Jwk& key, base::Time not_after = now + 90 * 24h) {
        auto certificate = make.own_certificate();
        certificate.key = key_id_of(key);
        certificate.not_after = not_after;
        await(store().add_certificate(certificate));
        return certificate;
    }
    std::optional<ca::Revocation> revocation_of(const ca::IssuedCertificate& certificate) {
        return await(store().find_certificate(certificate.serial)).value().revocation;
    }

    // Parts of a race: whether the key was given this use.
    base::Task<bool> creates_account(ca::Account account) {
        const auto creation = co_await store().create_account(std::move(account));
        co_return creation.created;
    }
    base::Task<bool> changes_key(ca::Account account, protocol::Jwk key) {
        const auto replacement =
            co_await store().replace_account_key(account.id, account.key.thumbprint(), key);
        co_return replacement.outcome == Replaced::replaced;
    }
    base::Task<bool> begins_issuance(ca::OrderId id, ca::IssuanceIntent intent, protocol::Jwk key) {
        const ca::OrderStore::RequestedKey requested{key_id_of(key), key.thumbprint()};
        const auto beginning = co_await store().begin_issuance(id, std::move(intent), requested);
        co_return beginning == Beginning::begun;
    }
};
INSTANTIATE_TEST_SUITE_P(, KeyContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(KeyContract, GivesNoAccountTheKeyOfACertificate) {
    const auto key = make.key();
    issued(key);
    const auto creation = create_account_with(key);
    EXPECT_FALSE(creation.created);
    EXPECT_EQ(creation.refusal, certified);
    EXPECT_FALSE(await(store().find_account_by_key(key.thumbprint())));
    EXPECT_EQ(replace_by(key), Replaced::key_is_certified);
    EXPECT_FALSE(await(store().find_account_by_key(key.thumbprint())));
    EXPECT_TRUE(create_account_with(make.key()).created);
}

TEST_P(KeyContract, GivesNoAccountTheKeyOfACertificateThatIsBeingIssued) {
    const auto key = make.key();
    const auto [order, proofs] = stored_order(stored_account().id);
    ASSERT_EQ(begin_issuance_with(order.id, key), Beginning::begun);
    EXPECT_EQ(create_account_with(key).refusal, certified);
    EXPECT_EQ(replace_by(key), Replaced::key_is_certified);
    reopen();
    EXPECT_EQ(create_account_with(key).refusal, certified);
    // Once that has failed, the key is free.
    await(store().fail_issuance(order.id,
                                protocol::Problem(protocol::ProblemType::server_internal, "no")));
    EXPECT_TRUE(create_account_with(key).created);
}

TEST_P(KeyContract, FindsTheKeyInTheCertificateOnceItIsIssued) {
    const auto key = make.key();
    const auto [order, proofs] = stored_order(stored_account().id);
    const auto intent = make.intent();
    await(store().begin_issuance(order.id, intent, {key_id_of(key), key.thumbprint()}));
    auto certificate = make.certificate(order, intent);
    certificate.key = key_id_of(key);
    EXPECT_TRUE(await(store().complete_issuance(order.id, certificate)));
    EXPECT_EQ(create_account_with(key).refusal, certified);
}

TEST_P(KeyContract, BeginsNoIssuanceWithAnAccountsKey) {
    const auto account = stored_account();
    const auto [order, proofs] = stored_order(account.id);
    EXPECT_EQ(begin_issuance_with(order.id, account.key), Beginning::key_is_an_accounts);
    await(store().deactivate_account(account.id, now));
    const auto [second, more] = stored_order(stored_account().id);
    EXPECT_EQ(begin_issuance_with(second.id, account.key), Beginning::key_is_an_accounts);
    EXPECT_EQ(begin_issuance_with(second.id, make.key()), Beginning::begun);
}

TEST_P(KeyContract, GivesABlockedKeyNoUse) {
    const auto key = make.key();
    EXPECT_TRUE(await(store().record_key_compromise(key_id_of(key), now)));
    EXPECT_TRUE(await(store().is_key_blocked(key_id_of(key))));
    const auto [order, proofs] = stored_order(stored_account().id);
    for (const bool is_reopened : {false, true}) {
        if (is_reopened) reopen();
        EXPECT_EQ(create_account_with(key).refusal, blocked);
        EXPECT_EQ(replace_by(key), Replaced::key_is_blocked);
        EXPECT_EQ(begin_issuance_with(order.id, key), Beginning::key_is_blocked);
    }
}

TEST_P(KeyContract, TellsWhoHasLostAnAccountNothingOfOtherKeys) {
    const auto account = stored_account();
    const auto key = make.key();
    issued(key);
    EXPECT_EQ(await(store().replace_account_key(account.id, digest("a former key"), key)).outcome,
              Replaced::stale);
}

TEST_P(KeyContract, GivesAKeyOneUseOfThreeAtOnce) {
    const auto account = stored_account();
    for (int round = 0; round < 40; ++round) {
        const auto key = make.key();
        auto newcomer = make.account();
        newcomer.key = key;
        const auto other = stored_account();
        const auto [order, proofs] = stored_order(account.id);
        std::vector<base::Task<bool>> uses;
        uses.push_back(begins_issuance(order.id, make.intent(), key));
        uses.push_back(creates_account(newcomer));
        uses.push_back(changes_key(other, key));
        // Each comes first now and then.
        std::ranges::rotate(uses, uses.begin() + round % 3);
        EXPECT_EQ(std::ranges::count(await_all(std::move(uses)), true), 1);
    }
}

TEST_P(KeyContract, RevokesEveryLiveCertificateOfACompromisedKey) {
    using enum protocol::RevocationReason;
    const auto key = make.key();
    const auto live = issued(key), twin = issued(key), ended = issued(key, now - 1s);
    const auto superseded_before = issued(key), stranger = issued(make.key());
    await(store().revoke_certificate(superseded_before.serial, {now - 5s, superseded}));
    // Read, so that it may be in memory.
    EXPECT_FALSE(revocation_of(live));
    const auto [order, proofs] = stored_order(stored_account().id);
    const auto intent = make.intent();
    await(store().begin_issuance(order.id, intent, {key_id_of(key), key.thumbprint()}));

    EXPECT_TRUE(await(store().record_key_compromise(key_id_of(key), now)));
    // What was begun ends, in a certificate that is revoked.
    auto late = make.certificate(order, intent);
    late.key = key_id_of(key);
    EXPECT_TRUE(await(store().complete_issuance(order.id, late)));

    const ca::Revocation compromise{now, key_compromise};
    for (const bool is_reopened : {false, true}) {
        if (is_reopened) reopen();
        for (const auto& certificate : {live, twin, late}) {
            EXPECT_EQ(revocation_of(certificate), compromise);
            EXPECT_EQ(await(store().find_download(certificate.serial))->certificate.revocation,
                      compromise);
        }
        EXPECT_EQ(revocation_of(superseded_before), (ca::Revocation{now - 5s, key_compromise}));
        EXPECT_FALSE(revocation_of(ended));
        EXPECT_FALSE(revocation_of(stranger));
    }
    using Outcome = ca::CertificateStore::RevocationOutcome;
    for (const auto reason : {superseded, key_compromise}) {
        EXPECT_EQ(await(store().revoke_certificate(twin.serial, {now, reason})),
                  Outcome::already_revoked);
        EXPECT_EQ(await(store().revoke_certificate(superseded_before.serial, {now, reason})),
                  Outcome::already_revoked);
    }
    EXPECT_FALSE(await(store().record_key_compromise(key_id_of(key), now + 1s)));
    EXPECT_EQ(revocation_of(live), compromise);
}

TEST_P(KeyContract, RevokesOneCertificateAndBlocksNothingOnAnAccountsWord) {
    const auto key = make.key();
    const auto named = issued(key), twin = issued(key);
    const ca::Revocation compromise{now, protocol::RevocationReason::key_compromise};
    await(store().revoke_certificate(named.serial, compromise));
    EXPECT_EQ(revocation_of(named), compromise);
    EXPECT_FALSE(revocation_of(twin));
    EXPECT_FALSE(await(store().is_key_blocked(key_id_of(key))));
    const auto [order, proofs] = stored_order(stored_account().id);
    EXPECT_EQ(begin_issuance_with(order.id, key), Beginning::begun);
    // Whoever has the key itself may still say so.
    EXPECT_TRUE(await(store().record_key_compromise(key_id_of(key), now + 1s)));
    EXPECT_TRUE(revocation_of(twin));
}

}  // namespace
}  // namespace cairn::store::testing::key_contract_test
