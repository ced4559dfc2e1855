// What an order has that no other order may have at the same time: the request that it serves, and
// the certificate that it replaces.
#include <algorithm>

#include "pki/renewal_identifier.h"
#include "store/testing/repository_contract.h"

namespace cairn::store::testing::order_claims_contract_test {
namespace {

using Claims = ca::OrderStore::Claims;
using Placement = ca::OrderStore::Placement;

class OrderClaimsContract : public RepositoryContract {
  protected:
    struct Made {
        ca::Order order;
        Placement placement;
    };
    /// Places an order with these claims.
    Made place(const Claims& claims, std::optional<pki::RenewalIdentifier> replaces = std::nullopt,
               const ca::Charges& charges = {}) {
        std::vector proofs{make.authorization(account.id, "www.example.org")};
        auto order = make.order(account.id, proofs);
        order.replaces = std::move(replaces);
        auto placement = await(store().create_order(order, proofs, std::nullopt, charges, claims));
        const bool is_there = await(store().find_order(order.id)).has_value();
        EXPECT_EQ(await(store().find_authorization(proofs[0].id)).has_value(), is_there);
        EXPECT_EQ(is_there,
                  placement.decision.accepted && !placement.twin && !placement.replacement);
        if (is_there) expect_found(await(store().find_order(order.id)), order);
        return {std::move(order), std::move(placement)};
    }
    pki::RenewalIdentifier identifier_of(const pki::SerialNumber& serial) {
        return {.issuer_key_id = {0xab, 0xcd}, .serial = serial};
    }
    /// Gives an order an intent; its serial number.
    ca::IssuanceIntent begun(const ca::Order& order) {
        auto intent = make.intent();
        EXPECT_TRUE(await(begin_issuance(order.id, intent)));
        return intent;
    }

    ca::Account account = stored_account();
    const crypto::Sha256Digest likeness = digest("www.example.org for the account");
    const Claims alike{.likeness = likeness};
};
INSTANTIATE_TEST_SUITE_P(, OrderClaimsContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(OrderClaimsContract, LeavesOneOpenOrderOfALikeness) {
    const auto first = place(alike).order;
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(place(alike).placement.twin, first.id);
        reopen();
    }
    EXPECT_FALSE(place({}).placement.twin);
    EXPECT_FALSE(place({.likeness = digest("another")}).placement.twin);
}

TEST_P(OrderClaimsContract, LetsAnOrderGoThatIsBeingFinalized) {
    const auto first = place(alike).order;
    (void)begun(first);
    const auto second = place(alike);
    EXPECT_FALSE(second.placement.twin);
    EXPECT_EQ(place(alike).placement.twin, second.order.id);
}

TEST_P(OrderClaimsContract, PutsAnOrderInThePlaceOfOneThatHasEnded) {
    const auto first = place(alike).order;
    const auto second = place({.likeness = likeness, .former_twin = first.id});
    EXPECT_FALSE(second.placement.twin);
    EXPECT_EQ(place(alike).placement.twin, second.order.id);
    EXPECT_EQ(place({.likeness = likeness, .former_twin = first.id}).placement.twin,
              second.order.id)
        << "who came late is told of the one that came first";
}

TEST_P(OrderClaimsContract, PlacesOneOrderOfTwentyAtOnce) {
    std::vector<ca::Order> orders;
    std::vector<base::Task<Placement>> placing;
    for (int i = 0; i < 20; ++i) {
        const std::vector proofs{make.authorization(account.id, "www.example.org")};
        orders.push_back(make.order(account.id, proofs));
        placing.push_back(store().create_order(orders.back(), proofs, std::nullopt, {}, alike));
    }
    const auto placements = await_all(std::move(placing));
    const auto placed =
        std::ranges::find(placements, std::optional<ca::OrderId>(), &Placement::twin);
    ASSERT_NE(placed, placements.end());
    const auto winner = orders.at(static_cast<std::size_t>(placed - placements.begin())).id;
    EXPECT_EQ(std::ranges::count(placements, std::optional(winner), &Placement::twin), 19);
}

TEST_P(OrderClaimsContract, LeavesOneOrderThatReplacesACertificate) {
    const auto replaced = identifier_of(make.serial());
    EXPECT_FALSE(await(store().find_replacement(replaced.serial)));
    const auto first = place({}, replaced).order;
    const ca::Replacement standing{.order = first.id};
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(place({}, replaced).placement.replacement, standing);
        EXPECT_EQ(await(store().find_replacement(replaced.serial)), standing);
        reopen();
    }
    EXPECT_FALSE(place({}, identifier_of(make.serial())).placement.replacement);
    EXPECT_FALSE(place({}).placement.replacement);

    const auto second = place({.former_replacement = first.id}, replaced);
    EXPECT_FALSE(second.placement.replacement);
    EXPECT_EQ(place({.former_replacement = first.id}, replaced).placement.replacement,
              ca::Replacement{.order = second.order.id});
}

TEST_P(OrderClaimsContract, PlacesOneReplacementOfTwentyAtOnce) {
    const auto replaced = identifier_of(make.serial());
    const auto former = place({}, replaced).order;
    std::vector<base::Task<Placement>> placing;
    for (int i = 0; i < 20; ++i) {
        const std::vector proofs{make.authorization(account.id, "www.example.org")};
        auto order = make.order(account.id, proofs);
        order.replaces = replaced;
        placing.push_back(store().create_order(
            order, proofs, std::nullopt, {},
            {.likeness = digest(std::to_string(i)), .former_replacement = former.id}));
    }
    const auto placements = await_all(std::move(placing));
    EXPECT_EQ(
        std::ranges::count(placements, std::optional<ca::Replacement>(), &Placement::replacement),
        1);
}

TEST_P(OrderClaimsContract, ReplacesForGoodWhatHasACertificate) {
    const auto replaced = identifier_of(make.serial());
    const auto order = place({}, replaced).order;
    const auto intent = begun(order);
    EXPECT_EQ(await(store().find_replacement(replaced.serial)),
              (ca::Replacement{.order = order.id}));
    const auto certificate = make.certificate(order, intent);
    EXPECT_TRUE(await(store().complete_issuance(order.id, certificate)));
    const ca::Replacement standing{.order = order.id, .is_issued = true};
    EXPECT_EQ(await(store().find_replacement(replaced.serial)), standing);
    EXPECT_EQ(place({.former_replacement = order.id}, replaced).placement.replacement, standing);
    reopen();
    EXPECT_EQ(await(store().find_replacement(replaced.serial)), standing);
    expect_found(await(store().find_certificate(certificate.serial)), certificate);
}

// A former holder that ends late has nothing to say any more.
TEST_P(OrderClaimsContract, LeavesAReplacementToItsPresentHolder) {
    const auto replaced = identifier_of(make.serial());
    const auto former = place({}, replaced).order;
    const auto intent = begun(former);
    const auto present = place({.former_replacement = former.id}, replaced).order;
    EXPECT_TRUE(await(store().complete_issuance(former.id, make.certificate(former, intent))));
    EXPECT_EQ(await(store().find_replacement(replaced.serial)),
              (ca::Replacement{.order = present.id}));
}

TEST_P(OrderClaimsContract, AsksClaimsBeforeCharges) {
    const ca::Charges one{{"orders", 2, 1h, 1}};
    const auto replaced = identifier_of(make.serial());
    EXPECT_TRUE(place(alike, replaced, one).placement.decision.accepted);
    EXPECT_TRUE(place(alike, std::nullopt, one).placement.twin);
    EXPECT_TRUE(place({}, replaced, one).placement.replacement);
    EXPECT_TRUE(place({}, std::nullopt, one).placement.decision.accepted)
        << "what was refused for another reason took nothing";
    const auto poor = place({.likeness = digest("another")}, identifier_of(make.serial()), one);
    EXPECT_FALSE(poor.placement.decision.accepted);
    EXPECT_FALSE(place({.likeness = digest("another")}).placement.twin);
    EXPECT_FALSE(await(store().find_replacement(poor.order.replaces->serial)))
        << "what could not be paid for claims nothing";
}

TEST_P(OrderClaimsContract, ForgetsAReplacementWithItsCertificate) {
    const auto certificate = make.own_certificate();
    await(store().add_certificate(certificate));
    const auto replaced = identifier_of(certificate.serial);
    (void)place({}, replaced);
    const auto later = certificate.not_after + 1s;
    for (bool is_over = false; !is_over;)
        is_over = await(store().remove_expired({.certificates = later}, 100)).is_round_over;
    EXPECT_FALSE(await(store().find_certificate(certificate.serial)));
    EXPECT_FALSE(await(store().find_replacement(certificate.serial)));
}

}  // namespace
}  // namespace cairn::store::testing::order_claims_contract_test
