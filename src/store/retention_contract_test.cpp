#include "store/testing/repository_contract.h"

namespace cairn::store::testing::retention_contract_test {
namespace {

/// Long after everything of these tests has expired.
constexpr base::Time later = now + 1000h;

class RetentionContract : public RepositoryContract {
  protected:
    /// Removes what ended before `cutoffs`, looking at `at_most` objects a step; how many went.
    std::size_t remove(ca::RetentionCutoffs cutoffs, std::size_t at_most = 100) {
        std::size_t removed = 0;
        for (int step = 0; step < 1000; ++step) {
            const auto removal = await(store().remove_expired(cutoffs, at_most));
            EXPECT_LE(removal.removed, at_most);
            removed += removal.removed;
            if (removal.is_round_over) return removed;
        }
        ADD_FAILURE() << "the round does not end";
        return removed;
    }
    std::size_t remove_all_before(base::Time time, std::size_t at_most = 100) {
        return remove({.orders = time, .authorizations = time, .certificates = time}, at_most);
    }
    bool has(const ca::Order& order) { return await(store().find_order(order.id)).has_value(); }
    bool has(const ca::Authorization& proof) {
        return await(store().find_authorization(proof.id)).has_value();
    }
    bool has(const ca::IssuedCertificate& certificate) {
        return await(store().find_certificate(certificate.serial)).has_value();
    }
    /// An order that the store has, with an intent to issue.
    ca::Order stored_begun() {
        auto order = stored_order(account.id).order;
        order.intent = make.intent();
        EXPECT_TRUE(await(begin_issuance(order.id, *order.intent)));
        return order;
    }
    ca::IssuedCertificate stored_certificate(base::Time not_after) {
        auto certificate = make.own_certificate();
        certificate.not_after = not_after;
        await(store().add_certificate(certificate));
        return certificate;
    }

    crypto::SystemRandom random;
    ca::Account account = stored_account();
};
INSTANTIATE_TEST_SUITE_P(, RetentionContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(RetentionContract, FindsNothingInAnEmptyStore) {
    EXPECT_EQ(remove_all_before(later), 0U);
}

TEST_P(RetentionContract, RemovesWhatEndedBeforeTheCutoff) {
    const auto placed = stored_order(account.id, {"a.example.org", "b.example.org"});
    EXPECT_EQ(remove_all_before(placed.order.expires), 0U) << "ended at the cut-off, not before";
    EXPECT_TRUE(has(placed.order));

    EXPECT_EQ(remove_all_before(placed.order.expires + 1s), 3U);
    EXPECT_FALSE(has(placed.order));
    for (const auto& proof : placed.proofs) EXPECT_FALSE(has(proof));
    EXPECT_TRUE(await(store().orders_of(account.id, std::nullopt, 10)).empty());
    reopen();
    EXPECT_FALSE(has(placed.order));
    EXPECT_TRUE(await(store().find_account(account.id)));
}

TEST_P(RetentionContract, HasACutoffForEachKind) {
    const auto placed = stored_order(account.id);
    const auto certificate = stored_certificate(now + 1h);
    EXPECT_EQ(remove({.authorizations = later}), 0U) << "an order refers to it";
    EXPECT_EQ(remove({.orders = later}), 1U);
    EXPECT_FALSE(has(placed.order));
    EXPECT_TRUE(has(placed.proofs[0]));
    EXPECT_EQ(remove({.authorizations = later}), 1U);
    EXPECT_FALSE(has(placed.proofs[0]));
    EXPECT_TRUE(has(certificate));
    EXPECT_EQ(remove({.certificates = later}), 1U);
    EXPECT_FALSE(has(certificate));
}

TEST_P(RetentionContract, KeepsAnOrderWhoseIssuanceIsUnfinished) {
    const auto order = stored_begun();
    EXPECT_EQ(remove_all_before(later), 0U);
    EXPECT_TRUE(has(order));
    EXPECT_EQ(await(store().find_authorizations(order.authorizations)).size(), 1U);

    EXPECT_TRUE(await(store().fail_issuance(
        order.id, protocol::Problem(protocol::ProblemType::server_internal, "refused"))));
    EXPECT_EQ(remove_all_before(later), 2U);
    EXPECT_FALSE(has(order));
}

TEST_P(RetentionContract, IsNotHeldUpByWhatBearsATimeOfTheFuture) {
    // First of all, and of the same account, so that no order of reading helps.
    const auto future = now + 600h;
    auto proof = make.authorization(account.id, "example.org");
    proof.id = ca::AuthorizationId::fresh(future, random);
    proof.created = future;
    proof.expires = future + 1h;
    auto ahead = make.order(account.id, {proof});
    ahead.id = ca::OrderId::fresh(future, random);
    ahead.created = future;
    ahead.expires = future + 1h;
    await(store().create_order(ahead, {proof}, std::nullopt));
    const auto placed = stored_order(account.id);
    auto present = make.order(account.id, placed.proofs);
    present.expires = now + 400h;
    await(store().create_order(present, {}, std::nullopt));

    EXPECT_EQ(remove_all_before(now + 10h), 1U);
    EXPECT_FALSE(has(placed.order));
    EXPECT_TRUE(has(placed.proofs[0])) << "an order stands on it that is younger and came first";
    EXPECT_EQ(remove_all_before(now + 500h), 2U);
    EXPECT_FALSE(has(placed.proofs[0]));
    EXPECT_TRUE(has(ahead));
    EXPECT_TRUE(has(proof));
    EXPECT_EQ(await(store().orders_of(account.id, std::nullopt, 10)), std::vector{ahead.id});
    EXPECT_EQ(remove_all_before(future + 2h), 2U);
}

TEST_P(RetentionContract, KeepsTheTimeThatWasBelievedLast) {
    EXPECT_FALSE(await(store().believed_time()));
    await(store().keep_believed_time(now));
    EXPECT_EQ(await(store().believed_time()), now);
    await(store().keep_believed_time(now - 1h));
    reopen();
    EXPECT_EQ(await(store().believed_time()), now - 1h);
}

TEST_P(RetentionContract, KeepsTheCertificateOfAnOrderThatIsGone) {
    const auto order = stored_begun();
    const auto certificate = make.certificate(order, *order.intent);
    EXPECT_TRUE(await(store().complete_issuance(order.id, certificate)));
    EXPECT_EQ(remove_all_before(certificate.not_after), 2U);
    EXPECT_FALSE(has(order));
    expect_found(await(store().find_certificate(certificate.serial)), certificate);
}

TEST_P(RetentionContract, KeepsAnAuthorizationThatIsBeingValidated) {
    const auto placed = stored_order(account.id);
    const auto& proof = placed.proofs[0];
    EXPECT_TRUE(await(store().begin_validation(proof.id, {protocol::ChallengeType::http_01, now})));
    EXPECT_EQ(remove_all_before(later), 1U);
    EXPECT_TRUE(has(proof));
    EXPECT_EQ(await(store().claim_unfinished_validations(10)).at(0).id, proof.id);

    const ca::ValidationAttempt attempt{protocol::ChallengeType::http_01, now, now, std::nullopt};
    EXPECT_TRUE(await(store().finish_validation(proof.id, attempt, now + 1h)).is_recorded);
    EXPECT_EQ(remove_all_before(later), 1U);
    EXPECT_FALSE(has(proof));
}

TEST_P(RetentionContract, KeepsAnAuthorizationThatALaterOrderUses) {
    const auto first = stored_order(account.id);
    auto second = make.order(account.id, first.proofs);
    second.created = now + 30min;
    second.expires = now + 500h;
    await(store().create_order(second, {}, std::nullopt));
    EXPECT_EQ(remove_all_before(now + 400h), 1U);
    EXPECT_FALSE(has(first.order));
    EXPECT_TRUE(has(second));
    EXPECT_TRUE(has(first.proofs[0]));

    // An order that came long after the authorization had expired cannot use it.
    auto third = make.order(account.id, {});
    third.created = now + 400h;
    third.expires = now + 2000h;
    await(store().create_order(third, {}, std::nullopt));
    EXPECT_EQ(remove_all_before(later), 2U);
    EXPECT_FALSE(has(second));
    EXPECT_FALSE(has(first.proofs[0]));
    EXPECT_TRUE(has(third));
}

TEST_P(RetentionContract, IsNotHeldUpByTheOrdersOfOthers) {
    const auto placed = stored_order(account.id);
    auto theirs = make.order(stored_account().id, {});
    theirs.expires = now + 2000h;
    await(store().create_order(theirs, {}, std::nullopt));
    EXPECT_EQ(remove_all_before(later), 2U);
    EXPECT_FALSE(has(placed.proofs[0]));
    EXPECT_TRUE(has(theirs));
}

TEST_P(RetentionContract, NeverRemovesACertificateThatIsStillValid) {
    const auto expired = stored_certificate(now - 1h);
    const auto valid = stored_certificate(now + 1h);
    const auto revoked = stored_certificate(now + 1h);
    const auto long_gone = stored_certificate(now - 2h);
    const ca::Revocation compromise{now, protocol::RevocationReason::key_compromise};
    await(store().revoke_certificate(revoked.serial, compromise));
    await(store().revoke_certificate(long_gone.serial, compromise));
    EXPECT_TRUE(await(store().record_key_compromise(long_gone.key, compromise.at)));

    EXPECT_EQ(remove_all_before(now), 2U);
    EXPECT_FALSE(has(expired));
    EXPECT_FALSE(has(long_gone));
    EXPECT_TRUE(has(valid));
    EXPECT_EQ(await(store().find_certificate(revoked.serial))->revocation, compromise);
    EXPECT_TRUE(await(store().is_key_blocked(long_gone.key))) << "for ever";

    // Whoever comes to the place of a revoked one is not revoked.
    const auto fresh = stored_certificate(now + 1h);
    EXPECT_FALSE(await(store().find_certificate(fresh.serial))->revocation);
}

TEST_P(RetentionContract, GoesRoundInSmallSteps) {
    std::vector<ca::Order> kept, removed;
    for (int i = 0; i < 20; ++i) {
        auto proof = make.authorization(account.id, "example.org");
        auto order = make.order(account.id, {proof});
        const bool lives_long = i % 3 == 0;
        if (lives_long) order.expires = proof.expires = now + 2000h;
        (lives_long ? kept : removed).push_back(order);
        await(store().create_order(order, {proof}, std::nullopt));
        stored_certificate(lives_long ? later + 1h : now);
    }
    // The account's oldest order stays, and so do its authorizations.
    EXPECT_EQ(remove_all_before(later, 1), 2 * removed.size());
    for (const auto& order : kept) EXPECT_TRUE(has(order));
    for (const auto& order : removed) EXPECT_FALSE(has(order));
    EXPECT_EQ(remove_all_before(later, 7), 0U);
    EXPECT_EQ(remove_all_before(now + 3000h, 7), 20U + 2 * kept.size());
}

TEST_P(RetentionContract, PassesByWhatIsYoung) {
    const auto old = stored_order(account.id);
    auto young = make.order(account.id, {});
    young.created = later;
    young.expires = later + 1h;
    await(store().create_order(young, {}, std::nullopt));
    EXPECT_EQ(remove_all_before(later), 2U);
    EXPECT_FALSE(has(old.order));
    EXPECT_TRUE(has(young));
}

}  // namespace
}  // namespace cairn::store::testing::retention_contract_test
