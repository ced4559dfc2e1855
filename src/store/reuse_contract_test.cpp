#include "store/testing/authorization_contract.h"

namespace cairn::store::testing::reuse_contract_test {
namespace {

using protocol::ChallengeType;

// Of an order that is placed with these names and may stand on what is valid beyond
// `lapsing_after`.
class ReuseContract : public AuthorizationContract {
  protected:
    struct Placed {
        ca::Order order;
        std::vector<ca::Authorization> fresh;
        std::vector<std::optional<ca::Authorization>> reused;
    };
    Placed place(const std::vector<std::string>& names, base::Time lapsing_after = now,
                 base::Time finished_after = now - 24h) {
        std::vector<ca::Authorization> fresh;
        for (const auto& name : names) fresh.push_back(make.authorization(account.id, name));
        auto order = make.order(account.id, fresh);
        const ca::OrderStore::Reuse reuse{finished_after, now, lapsing_after};
        auto reused = await(store().create_order(order, fresh, reuse)).reused;
        return {std::move(order), std::move(fresh), std::move(reused)};
    }
    /// Whether an order for `name` is placed on another authorization than the one it came with.
    bool is_reused(const std::string& name, base::Time lapsing_after = now,
                   base::Time finished_after = now - 24h) {
        const auto placed = place({name}, lapsing_after, finished_after);
        const bool was_added = await(store().find_authorization(placed.fresh.at(0).id)).has_value();
        EXPECT_NE(placed.reused.at(0).has_value(), was_added);
        return placed.reused.at(0).has_value();
    }
};
INSTANTIATE_TEST_SUITE_P(, ReuseContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(ReuseContract, PutsTheValidOneThatLapsesLastInTheFreshOnesPlace) {
    stored_valid(account.id, "b.example.org", now + 10h);
    const auto last = stored_valid(account.id, "b.example.org", now + 30h);
    const auto wildcard = stored_valid(account.id, "*.c.example.org");
    const auto placed =
        place({"a.example.org", "b.example.org", "c.example.org", "*.c.example.org"});
    ASSERT_EQ(placed.reused.size(), 4U);
    EXPECT_FALSE(placed.reused[0]);
    expect_found(placed.reused[1], last);
    EXPECT_FALSE(placed.reused[2]);
    expect_found(placed.reused[3], wildcard);

    const std::vector<ca::AuthorizationId> expected{placed.fresh[0].id, last.id, placed.fresh[2].id,
                                                    wildcard.id};
    EXPECT_EQ(await(store().find_order(placed.order.id))->authorizations, expected);
    reopen();
    EXPECT_EQ(await(store().find_order(placed.order.id))->authorizations, expected);
    expect_found(await(store().find_authorization(placed.fresh[0].id)), placed.fresh[0]);
    for (const std::size_t i : {1U, 3U})
        EXPECT_FALSE(await(store().find_authorization(placed.fresh[i].id)));
}

TEST_P(ReuseContract, StandsOnNoneThatAWrongClockMade) {
    const auto name = std::string("example.org");
    stored_valid(account.id, name, now + 1000h, now + 1s);
    EXPECT_FALSE(is_reused(name));
    EXPECT_FALSE(
        await(store().find_valid_authorizations(account.id, {identifier(name)}, now)).at(0));
    EXPECT_TRUE(
        await(store().find_valid_authorizations(account.id, {identifier(name)}, now + 1s)).at(0));
    // Nor does it stand in the way of a good one.
    const auto good = stored_valid(account.id, name, now + 10h, now);
    EXPECT_TRUE(is_reused(name));
    expect_found(
        await(store().find_valid_authorizations(account.id, {identifier(name)}, now)).at(0), good);
}

TEST_P(ReuseContract, StandsOnNoneThatIsNotValid) {
    const auto name = std::string("example.org");
    stored(account.id, name);
    EXPECT_FALSE(is_reused(name)) << "pending";

    const auto processing = stored(account.id, name);
    await(store().begin_validation(processing.id, {ChallengeType::http_01, now}));
    EXPECT_FALSE(is_reused(name)) << "being validated";
    await(finish(processing.id, now, failure, now + 24h));
    EXPECT_FALSE(is_reused(name)) << "failed";

    const auto valid = stored_valid(account.id, name, now + 24h);
    EXPECT_TRUE(is_reused(name, now + 24h - 1s));
    EXPECT_FALSE(is_reused(name, now + 24h)) << "lapses";
    const auto finished = *found(valid.id).attempt->finished;
    EXPECT_TRUE(is_reused(name, now, finished - 1s));
    EXPECT_FALSE(is_reused(name, now, finished)) << "too old";

    await(store().deactivate_authorization(valid.id, now));
    EXPECT_FALSE(is_reused(name)) << "deactivated";

    stored_valid(stored_account().id, name);
    EXPECT_FALSE(is_reused(name)) << "another account's";
}

TEST_P(ReuseContract, LeavesAllFreshWhereNothingMayBeReused) {
    stored_valid(account.id, "example.org", now + 24h);
    const auto fresh = make.authorization(account.id, "example.org");
    const auto order = make.order(account.id, {fresh});
    const auto reused = await(store().create_order(order, {fresh}, std::nullopt)).reused;
    ASSERT_EQ(reused.size(), 1U);
    EXPECT_FALSE(reused[0]);
    EXPECT_EQ(await(store().find_order(order.id))->authorizations, order.authorizations);
}

// --- names above (RFC 9444)

class BroadReuseContract : public ReuseContract {
  protected:
    /// A valid authorization for `name` and its subdomains.
    ca::Authorization stored_broad(const std::string& name, base::Time expires = now + 24h,
                                   base::Time finished = now) {
        auto fresh = make.authorization(account.id, name);
        fresh.for_subdomains = true;
        fresh.offered = {ChallengeType::dns_01};
        EXPECT_FALSE(
            await(store().create_order(make.order(account.id, {fresh}), {fresh}, std::nullopt))
                .reused.at(0));
        EXPECT_TRUE(
            await(finish(fresh.id, finished, std::nullopt, expires, ChallengeType::dns_01)));
        return found(fresh.id);
    }
    /// Which authorization an order for `name` is placed on, if one of `above` would do.
    std::optional<ca::Authorization> standing(const std::string& name,
                                              const std::vector<std::string>& above,
                                              ca::Charges charges = {}) {
        const auto fresh = make.authorization(account.id, name);
        const auto order = make.order(account.id, {fresh});
        ca::OrderStore::Reuse reuse{now - 24h, now, now};
        reuse.above.emplace_back();
        for (const auto& each : above) reuse.above[0].push_back(identifier(each));
        auto placement = await(store().create_order(order, {fresh}, reuse, std::move(charges)));
        EXPECT_TRUE(placement.decision.accepted);
        auto& reused = placement.reused.at(0);
        EXPECT_NE(reused.has_value(), await(store().find_authorization(fresh.id)).has_value());
        EXPECT_EQ(await(store().find_order(order.id))->authorizations.at(0),
                  reused ? reused->id : fresh.id);
        return reused;
    }
};
INSTANTIATE_TEST_SUITE_P(, BroadReuseContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(BroadReuseContract, KeepsWhatAnAuthorizationIsGoodFor) {
    const auto broad = stored_broad("example.org");
    EXPECT_TRUE(broad.for_subdomains);
    reopen();
    expect_same(found(broad.id), broad);
    EXPECT_TRUE(found(broad.id).for_subdomains);
    EXPECT_FALSE(stored_valid(account.id, "example.net").for_subdomains);
}

// Check 79.
TEST_P(BroadReuseContract, StandsOnANameAboveThatIsForSubdomains) {
    const auto broad = stored_broad("example.org");
    for (const auto& charges : {ca::Charges{}, ca::Charges{{"orders", 10, 1h, 1}}}) {
        expect_found(standing("a.b.example.org", {"b.example.org", "example.org"}, charges), broad);
        expect_found(standing("*.example.org", {"example.org"}, charges), broad);
        expect_found(standing("example.org", {}, charges), broad);
        EXPECT_FALSE(standing("a.example.org", {}, charges)) << "nobody asked for names above";
        EXPECT_FALSE(standing("a.example.org", {"b.example.org"}, charges));
    }
}

TEST_P(BroadReuseContract, StandsOnNoNameAboveThatIsForItselfAlone) {
    stored_valid(account.id, "example.org", now + 48h);
    EXPECT_FALSE(standing("a.example.org", {"example.org"}));
    // Nor does it stand in the way of one that is.
    const auto broad = stored_broad("example.org", now + 24h);
    expect_found(standing("a.example.org", {"example.org"}), broad);
}

TEST_P(BroadReuseContract, StandsOnTheOneThatLapsesLast) {
    const auto exact = stored_valid(account.id, "a.example.org", now + 20h);
    stored_broad("example.org", now + 10h);
    expect_found(standing("a.example.org", {"example.org"}), exact);
    const auto last = stored_broad("example.org", now + 30h);
    expect_found(standing("a.example.org", {"example.org"}), last);
    await(store().deactivate_authorization(last.id, now));
    expect_found(standing("a.example.org", {"example.org"}), exact);
}

TEST_P(BroadReuseContract, AddsAFreshOneAtSeveralPlacesOnce) {
    const auto exact = stored_valid(account.id, "b.example.org");
    auto shared = make.authorization(account.id, "example.org");
    shared.for_subdomains = true;
    const auto other = make.authorization(account.id, "example.net");
    const std::vector fresh{shared, shared, other, shared};
    auto order = make.order(account.id, fresh);
    order.identifiers = {identifier("a.example.org"), identifier("b.example.org"),
                         identifier("example.net"), identifier("c.example.org")};
    const ca::OrderStore::Reuse reuse{now - 24h, now, now};
    const auto reused = await(store().create_order(order, fresh, reuse)).reused;
    EXPECT_FALSE(reused.at(0));
    expect_found(reused.at(1), exact);
    const std::vector expected{shared.id, exact.id, other.id, shared.id};
    EXPECT_EQ(await(store().find_order(order.id))->authorizations, expected);
    const auto stands = await(store().find_order_and_proofs(order.id));
    ASSERT_EQ(stands->proofs.size(), 4U);
    expect_same(stands->proofs[0], shared);
    expect_same(stands->proofs[3], shared);
    // Without reuse as well.
    auto again = make.authorization(account.id, "example.org");
    again.for_subdomains = true;
    const auto second = make.order(account.id, {again, again});
    await(store().create_order(second, {again, again}, std::nullopt));
    EXPECT_EQ(await(store().find_order_and_proofs(second.id))->proofs.size(), 2U);
    expect_found(await(store().find_authorization(again.id)), again);
}

}  // namespace
}  // namespace cairn::store::testing::reuse_contract_test
