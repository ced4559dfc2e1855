#include <algorithm>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing::order_contract_test {
namespace {

using protocol::Problem;
using protocol::ProblemType;

class OrderContract : public RepositoryContract {
  protected:
    ca::Order found(const ca::OrderId& id) { return await(store().find_order(id)).value(); }
    bool has_certificate(const pki::SerialNumber& serial) {
        return await(store().find_certificate(serial)).has_value();
    }
    /// An order that the store has, with an intent to issue.
    ca::Order stored_begun(base::Time begun = now) {
        auto order = stored_order(account.id).order;
        order.intent = make.intent();
        order.intent->begun = begun;
        EXPECT_TRUE(await(begin_issuance(order.id, *order.intent)));
        return order;
    }

    ca::Account account = stored_account();
    Problem failure{ProblemType::server_internal, "the signer refused", 500};
};
INSTANTIATE_TEST_SUITE_P(, OrderContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(OrderContract, KeepsEveryFact) {
    std::vector<ca::Authorization> proofs;
    for (const auto* name : {"example.org", "*.example.org", "192.0.2.1", "2001:db8::1"})
        proofs.push_back(make.authorization(account.id, name));
    auto order = make.order(account.id, proofs);
    order.not_before = now + 1h;
    order.not_after = now + 48h;
    order.profile = "short-lived";
    for (auto& proof : proofs) proof.profile = order.profile;
    await(store().create_order(order, proofs, std::nullopt));

    expect_same(found(order.id), order);
    const auto kept = await(store().find_authorizations(order.authorizations));
    for (std::size_t i = 0; i < proofs.size(); ++i) expect_same(kept[i], proofs[i]);

    auto plain = stored_order(account.id).order;
    plain.profile.clear();
    plain.id = make.order_id();
    await(store().create_order(plain, {}, std::nullopt));
    reopen();
    expect_same(found(order.id), order);
    expect_same(found(plain.id), plain);
}

TEST_P(OrderContract, KeepsAsManyIdentifiersAsAnOrderMayHave) {
    std::vector<std::string> names;
    for (int i = 0; i < 1000; ++i)
        names.push_back("name-" + std::to_string(i) + "." + std::string(60, 'x') + ".example.org");
    const auto placed = stored_order(account.id, names);
    expect_same(found(placed.order.id), placed.order);
    EXPECT_EQ(await(store().find_authorizations(placed.order.authorizations)).size(), 1000U);
}

TEST_P(OrderContract, FindsAnOrderWithItsProofsUntilItHasAnIntent) {
    auto placed = stored_order(account.id, {"c.example.org", "a.example.org", "b.example.org"});
    // In the order's own order, which is not that of the ids.
    auto order = make.order(account.id, {placed.proofs[2], placed.proofs[0], placed.proofs[1]});
    await(store().create_order(order, {}, std::nullopt));
    const auto before = await(store().find_order_and_proofs(order.id)).value();
    expect_same(before.order, order);
    ASSERT_EQ(before.proofs.size(), 3U);
    expect_same(before.proofs[0], placed.proofs[2]);
    expect_same(before.proofs[1], placed.proofs[0]);
    expect_same(before.proofs[2], placed.proofs[1]);

    order.intent = make.intent();
    ASSERT_TRUE(await(begin_issuance(order.id, *order.intent)));
    const auto begun = await(store().find_order_and_proofs(order.id)).value();
    expect_same(begun.order, order);
    EXPECT_TRUE(begun.proofs.empty());
}

TEST_P(OrderContract, FindsNothingWhereNothingIs) {
    EXPECT_FALSE(await(store().find_order(make.order_id())));
    EXPECT_FALSE(await(store().find_order_and_proofs(make.order_id())));
    EXPECT_TRUE(await(store().orders_of(make.account_id(), std::nullopt, 10)).empty());
    EXPECT_TRUE(await(store().claim_unfinished_issuances(10)).empty());
}

TEST_P(OrderContract, SharesAnAuthorizationBetweenOrders) {
    const auto first = stored_order(account.id);
    const auto second = make.order(account.id, first.proofs);
    await(store().create_order(second, {}, std::nullopt));
    expect_same(found(second.id), second);
}

TEST_P(OrderContract, AddsNothingWhereOneAuthorizationIsThereAlready) {
    const auto first = stored_order(account.id);
    auto fresh = make.authorization(account.id, "fresh.example.org");
    const auto order = make.order(account.id, {fresh, first.proofs[0]});
    EXPECT_THROW(await(store().create_order(order, {fresh, first.proofs[0]}, std::nullopt)),
                 std::runtime_error);
    EXPECT_FALSE(await(store().find_order(order.id)));
    EXPECT_FALSE(await(store().find_authorization(fresh.id)));
}

// What fails must leave alone what is on its way to the disk together with it.
TEST_P(OrderContract, KeepsTheOthersWhereOneOfManyAtOnceFails) {
    const auto first = stored_order(account.id);
    std::vector<ca::Order> orders;
    std::vector<base::Task<ca::OrderStore::Placement>> creations;
    for (std::size_t i = 0; i < 50; ++i) {
        std::vector proofs{make.authorization(account.id, "fresh.example.org")};
        if (i % 5 == 0) proofs.push_back(first.proofs[0]);
        orders.push_back(make.order(account.id, proofs));
        creations.push_back(store().create_order(orders.back(), proofs, std::nullopt));
    }
    const auto results = await_each(std::move(creations));
    for (std::size_t i = 0; i < orders.size(); ++i) {
        EXPECT_EQ(results[i].error != nullptr, i % 5 == 0);
        EXPECT_EQ(await(store().find_order(orders[i].id)).has_value(), i % 5 != 0);
        EXPECT_EQ(await(store().find_authorization(orders[i].authorizations[0])).has_value(),
                  i % 5 != 0);
    }
}

TEST_P(OrderContract, RefusesASecondOrderWithAnId) {
    const auto first = stored_order(account.id).order;
    auto second = make.order(account.id, {});
    second.id = first.id;
    EXPECT_THROW(await(store().create_order(second, {}, std::nullopt)), std::runtime_error);
    expect_same(found(first.id), first);
}

TEST_P(OrderContract, ListsTheOrdersOfAnAccountNewestFirst) {
    const auto other = stored_account();
    std::vector<ca::OrderId> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(stored_order(account.id).order.id);
        stored_order(other.id);
    }
    std::ranges::reverse(ids);
    const auto part = [&](std::size_t first, std::size_t count) {
        return std::vector(ids.begin() + static_cast<std::ptrdiff_t>(first),
                           ids.begin() + static_cast<std::ptrdiff_t>(first + count));
    };
    EXPECT_EQ(await(store().orders_of(account.id, std::nullopt, 10)), ids);
    EXPECT_EQ(await(store().orders_of(account.id, std::nullopt, 2)), part(0, 2));
    EXPECT_EQ(await(store().orders_of(account.id, ids[1], 2)), part(2, 2));
    EXPECT_EQ(await(store().orders_of(account.id, ids[3], 2)), part(4, 1));
    EXPECT_TRUE(await(store().orders_of(account.id, ids[4], 2)).empty());
}

TEST_P(OrderContract, BeginsOneIssuance) {
    auto order = stored_order(account.id).order;
    order.intent = make.intent();
    EXPECT_TRUE(await(begin_issuance(order.id, *order.intent)));
    expect_same(found(order.id), order);
    EXPECT_FALSE(await(begin_issuance(order.id, make.intent())));
    reopen();
    expect_same(found(order.id), order);
}

TEST_P(OrderContract, BeginsOneIssuanceOfFiftyAtOnce) {
    const auto order = stored_order(account.id).order;
    std::vector<ca::IssuanceIntent> intents;
    std::vector<base::Task<bool>> attempts;
    for (int i = 0; i < 50; ++i) {
        intents.push_back(make.intent());
        attempts.push_back(begin_issuance(order.id, intents.back()));
    }
    const auto results = await_all(std::move(attempts));
    ASSERT_EQ(std::ranges::count(results, true), 1);
    const auto winner = std::ranges::find(results, true) - results.begin();
    EXPECT_EQ(found(order.id).intent.value().serial,
              intents[static_cast<std::size_t>(winner)].serial);
}

TEST_P(OrderContract, BeginsNoIssuanceOfAnExpiredOrder) {
    const auto order = stored_order(account.id).order;
    auto intent = make.intent();
    intent.begun = order.expires;
    EXPECT_FALSE(await(begin_issuance(order.id, intent)));
    EXPECT_FALSE(await(begin_issuance(make.order_id(), intent)));
    expect_same(found(order.id), order);
    intent.begun = order.expires - 1s;
    EXPECT_TRUE(await(begin_issuance(order.id, intent)));
}

TEST_P(OrderContract, BeginsNoIssuanceOfAnOrderThatLostAnAuthorization) {
    const auto placed = stored_order(account.id, {"a.example.org", "b.example.org"});
    ASSERT_TRUE(await(store().deactivate_authorization(placed.proofs[1].id, now)));
    EXPECT_FALSE(await(begin_issuance(placed.order.id, make.intent())));
    expect_same(found(placed.order.id), placed.order);
}

// RFC 8555 section 7.3.6: what is pending is cancelled.
TEST_P(OrderContract, BeginsNoIssuanceForADeactivatedAccount) {
    const auto order = stored_order(account.id).order;
    const auto others = stored_order(stored_account().id).order;
    await(store().deactivate_account(account.id, now));
    EXPECT_FALSE(await(begin_issuance(order.id, make.intent())));
    expect_same(found(order.id), order);
    EXPECT_TRUE(await(begin_issuance(others.id, make.intent())));
}

TEST_P(OrderContract, BeginsNoIssuanceForAKeyThatIsBlockedOrAnAccounts) {
    using enum ca::OrderStore::IssuanceBeginning;
    const auto compromised = digest("a compromised key");
    EXPECT_TRUE(await(store().record_key_compromise(compromised, now)));
    const auto order = stored_order(account.id).order;
    const auto intent = make.intent();
    EXPECT_EQ(await(store().begin_issuance(order.id, intent, {compromised, digest("free")})),
              key_is_blocked);
    const auto holder = stored_account();
    const auto thumbprint = holder.key.thumbprint();
    EXPECT_EQ(await(store().begin_issuance(order.id, intent, {digest("free"), thumbprint})),
              key_is_an_accounts);
    await(store().deactivate_account(holder.id, now));
    EXPECT_EQ(await(store().begin_issuance(order.id, intent, {digest("free"), thumbprint})),
              key_is_an_accounts);
    expect_same(found(order.id), order);
    EXPECT_EQ(await(store().begin_issuance(order.id, intent, {digest("free"), digest("free")})),
              begun);
}

TEST_P(OrderContract, CompletesAnIssuanceOnce) {
    auto order = stored_begun();
    const auto certificate = make.certificate(order, *order.intent);
    EXPECT_TRUE(await(store().complete_issuance(order.id, certificate)));
    order.completed = certificate.issued;
    expect_same(found(order.id), order);
    expect_found(await(store().find_certificate(certificate.serial)), certificate);

    auto again = certificate;
    again.issued = now + 5s;
    EXPECT_FALSE(await(store().complete_issuance(order.id, again)));
    EXPECT_FALSE(await(store().fail_issuance(order.id, failure)));
    EXPECT_FALSE(await(begin_issuance(order.id, make.intent())));
    reopen();
    expect_same(found(order.id), order);
    expect_found(await(store().find_certificate(certificate.serial)), certificate);
}

// Check 127.
TEST_P(OrderContract, CompletesOneIssuanceOfFiftyAtOnce) {
    const auto order = stored_begun();
    std::vector<base::Task<bool>> attempts;
    for (int i = 0; i < 50; ++i) {
        auto certificate = make.certificate(order, *order.intent);
        certificate.issued = now + base::Seconds(i);
        attempts.push_back(store().complete_issuance(order.id, certificate));
    }
    const auto results = await_all(std::move(attempts));
    ASSERT_EQ(std::ranges::count(results, true), 1);
    const auto winner = std::ranges::find(results, true) - results.begin();
    EXPECT_EQ(found(order.id).completed, now + base::Seconds(winner));
    EXPECT_EQ(await(store().find_certificate(order.intent->serial)).value().issued,
              now + base::Seconds(winner));
}

TEST_P(OrderContract, PinsAnIssuanceOnce) {
    auto order = stored_begun();
    const ca::IssuancePin first{digest("issuer"), base::Bytes(700, 1)};
    const ca::IssuancePin second{digest("another issuer"), base::Bytes(600, 2)};
    EXPECT_EQ(await(store().pin_issuance(order.id, first)), first);
    EXPECT_EQ(await(store().pin_issuance(order.id, second)), first) << "what stands";
    order.intent->pin = first;
    expect_same(found(order.id), order);
    reopen();
    expect_same(found(order.id), order);
    EXPECT_EQ(await(store().pin_issuance(order.id, second)), first);
}

TEST_P(OrderContract, PinsOneOfFiftyAtOnce) {
    const auto order = stored_begun();
    std::vector<base::Task<std::optional<ca::IssuancePin>>> attempts;
    for (std::uint8_t i = 0; i < 50; ++i)
        attempts.push_back(store().pin_issuance(
            order.id, {digest("issuer " + std::to_string(i)), base::Bytes(100, i)}));
    const auto standing = await_all(std::move(attempts));
    ASSERT_EQ(standing.size(), 50U);
    const auto first = standing.front().value();
    for (const auto& pin : standing) EXPECT_EQ(pin, first);
    EXPECT_EQ(found(order.id).intent->pin, first);
    EXPECT_EQ(first.issuer, digest("issuer " + std::to_string(first.to_be_signed.front())));
}

TEST_P(OrderContract, PinsNothingThatIsNotUnderWay) {
    const ca::IssuancePin pin{digest("issuer"), base::Bytes(700, 1)};
    const auto plain = stored_order(account.id).order;
    EXPECT_EQ(await(store().pin_issuance(plain.id, pin)), std::nullopt);
    EXPECT_EQ(await(store().pin_issuance(make.order_id(), pin)), std::nullopt);
    auto completed = stored_begun();
    const auto certificate = make.certificate(completed, *completed.intent);
    await(store().complete_issuance(completed.id, certificate));
    EXPECT_EQ(await(store().pin_issuance(completed.id, pin)), std::nullopt);
    auto failed = stored_begun();
    await(store().fail_issuance(failed.id, failure));
    EXPECT_EQ(await(store().pin_issuance(failed.id, pin)), std::nullopt);
    expect_same(found(plain.id), plain);
    EXPECT_FALSE(found(completed.id).intent->pin || found(failed.id).intent->pin);
}

// One job may still run at a node whose lease has lapsed, with another issuer.
TEST_P(OrderContract, CompletesAPinnedIssuanceByItsIssuerAlone) {
    const auto order = stored_begun();
    auto certificate = make.certificate(order, *order.intent);
    const auto issuer = certificate.issuer;
    await(store().pin_issuance(order.id, {issuer, base::Bytes(700, 1)}));
    certificate.issuer = digest("another issuer");
    EXPECT_FALSE(await(store().complete_issuance(order.id, certificate)));
    EXPECT_FALSE(has_certificate(certificate.serial));
    certificate.issuer = issuer;
    EXPECT_TRUE(await(store().complete_issuance(order.id, certificate)));
    EXPECT_TRUE(has_certificate(certificate.serial));
}

TEST_P(OrderContract, CompletesNoOrderWithoutItsIntent) {
    const auto plain = stored_order(account.id).order;
    const auto stray = make.certificate(plain, make.intent());
    EXPECT_FALSE(await(store().complete_issuance(plain.id, stray)));
    EXPECT_FALSE(await(store().complete_issuance(make.order_id(), stray)));
    const auto begun = stored_begun();
    EXPECT_FALSE(await(store().complete_issuance(begun.id, stray)));
    EXPECT_FALSE(has_certificate(stray.serial));
    expect_same(found(begun.id), begun);
}

TEST_P(OrderContract, CompletesNoOrderWhoseCertificateCannotBeAdded) {
    const auto order = stored_begun();
    const auto certificate = make.certificate(order, *order.intent);
    await(store().add_certificate(certificate));
    EXPECT_THROW(await(store().complete_issuance(order.id, certificate)), std::runtime_error);
    expect_same(found(order.id), order);
}

TEST_P(OrderContract, FailsAnIssuanceOnce) {
    auto order = stored_begun();
    failure.subproblems = {{ProblemType::caa, "forbidden", std::pair("dns", "www.example.org")}};
    EXPECT_TRUE(await(store().fail_issuance(order.id, failure)));
    order.problem = failure;
    expect_same(found(order.id), order);

    EXPECT_FALSE(await(store().fail_issuance(order.id, Problem(ProblemType::dns, "other"))));
    const auto certificate = make.certificate(order, *order.intent);
    EXPECT_FALSE(await(store().complete_issuance(order.id, certificate)));
    EXPECT_FALSE(has_certificate(certificate.serial));
    EXPECT_FALSE(await(begin_issuance(order.id, make.intent())));
    expect_same(found(order.id), order);
}

TEST_P(OrderContract, FailsNoIssuanceThatWasNotBegun) {
    const auto order = stored_order(account.id).order;
    EXPECT_FALSE(await(store().fail_issuance(order.id, failure)));
    EXPECT_FALSE(await(store().fail_issuance(make.order_id(), failure)));
    expect_same(found(order.id), order);
}

TEST_P(OrderContract, EitherCompletesOrFails) {
    const auto order = stored_begun();
    const auto certificate = make.certificate(order, *order.intent);
    std::vector<base::Task<bool>> ends;
    for (int i = 0; i < 25; ++i) {
        ends.push_back(store().complete_issuance(order.id, certificate));
        ends.push_back(store().fail_issuance(order.id, failure));
    }
    EXPECT_EQ(std::ranges::count(await_all(std::move(ends)), true), 1);
    const auto kept = found(order.id);
    EXPECT_NE(kept.completed.has_value(), kept.problem.has_value());
    EXPECT_EQ(has_certificate(certificate.serial), kept.completed.has_value());
}

TEST_P(OrderContract, ListsUnfinishedIssuancesOldestFirst) {
    std::vector<ca::Order> begun;
    for (int i = 0; i < 4; ++i) begun.push_back(stored_begun(now + base::Seconds(10 - i)));
    stored_order(account.id);
    std::ranges::reverse(begun);

    const auto unfinished = [&](std::size_t limit) {
        std::vector<ca::OrderId> ids;
        for (const auto& job : await(store().claim_unfinished_issuances(limit)))
            ids.push_back(job.id);
        return ids;
    };
    EXPECT_EQ(unfinished(10), (std::vector{begun[0].id, begun[1].id, begun[2].id, begun[3].id}));
    EXPECT_EQ(unfinished(2), (std::vector{begun[0].id, begun[1].id}));
    EXPECT_EQ(await(store().claim_unfinished_issuances(1)).at(0).account, account.id);

    await(store().complete_issuance(begun[0].id, make.certificate(begun[0], *begun[0].intent)));
    await(store().fail_issuance(begun[2].id, failure));
    reopen();
    EXPECT_EQ(unfinished(10), (std::vector{begun[1].id, begun[3].id}));
}

}  // namespace
}  // namespace cairn::store::testing::order_contract_test
