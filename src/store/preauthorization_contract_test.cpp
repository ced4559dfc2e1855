#include "store/testing/authorization_contract.h"

namespace cairn::store::testing::preauthorization_contract_test {
namespace {

using protocol::ChallengeType;

class PreauthorizationContract : public AuthorizationContract {
  protected:
    static constexpr std::size_t most = 3;
    ca::Authorization made(const std::string& name) { return make.authorization(account.id, name); }
    ca::OrderStore::Preauthorization create(const ca::Authorization& fresh,
                                            ca::Charges charges = {}) {
        return await(
            store().create_authorization(fresh, {now - 24h, now, now}, most, std::move(charges)));
    }
    /// That it was added as it is.
    void expect_created(const ca::Authorization& fresh) {
        const auto result = create(fresh);
        EXPECT_FALSE(result.reused);
        EXPECT_FALSE(result.is_full);
        EXPECT_TRUE(result.decision.accepted);
        expect_found(await(store().find_authorization(fresh.id)), fresh);
    }
    void expect_full() {
        const auto late = made("late.example.org");
        EXPECT_TRUE(create(late).is_full);
        EXPECT_FALSE(await(store().find_authorization(late.id)));
    }
};
INSTANTIATE_TEST_SUITE_P(, PreauthorizationContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(PreauthorizationContract, KeepsAnAuthorizationWithoutOrder) {
    auto fresh = made("example.org");
    fresh.for_subdomains = true;
    expect_created(fresh);
    reopen();
    expect_found(await(store().find_authorization(fresh.id)), fresh);
    EXPECT_TRUE(await(store().orders_of(account.id, std::nullopt, 10)).empty());
    // It is validated as any other.
    EXPECT_TRUE(await(finish(fresh.id, now, std::nullopt, now + 24h, ChallengeType::dns_01)));
    EXPECT_TRUE(await(store().find_valid_authorizations(account.id, {fresh.identifier}, now))[0]);
}

TEST_P(PreauthorizationContract, TellsTheValidOneThatThereIs) {
    const auto valid = stored_valid(account.id, "example.org");
    const auto fresh = made("example.org");
    expect_found(create(fresh).reused, valid);
    EXPECT_FALSE(await(store().find_authorization(fresh.id)));

    auto broad = made("example.org");
    broad.for_subdomains = true;
    expect_created(broad);
    await(finish(broad.id, now, std::nullopt, now + 30h, ChallengeType::dns_01));
    auto another = made("example.org");
    another.for_subdomains = true;
    EXPECT_EQ(create(another).reused->id, broad.id);

    const auto stranger = make.authorization(stored_account().id, "example.org");
    EXPECT_FALSE(create(stranger).reused);
}

TEST_P(PreauthorizationContract, BoundsHowManyOfAnAccountArePending) {
    std::vector<ca::Authorization> pending;
    for (std::size_t i = 0; i < most; ++i) {
        pending.push_back(made("n" + std::to_string(i) + ".example.org"));
        expect_created(pending.back());
    }
    stored(account.id, "ordered.example.org");  // does not count
    expect_full();
    expect_created(make.authorization(stored_account().id, "others.example.org"));

    // One that has ended, in whatever way, makes room.
    await(finish(pending[0].id, now, std::nullopt, now + 24h));
    expect_created(made("a.example.org"));
    expect_full();
    await(finish(pending[1].id, now, failure, now + 24h));
    expect_created(made("b.example.org"));
    expect_full();
    await(store().deactivate_authorization(pending[2].id, now));
    expect_created(made("c.example.org"));
    expect_full();
    auto later = made("d.example.org");
    later.created = pending[0].expires;
    later.expires = later.created + 1h;
    expect_created(later);
    // What stands already is told all the same.
    EXPECT_TRUE(create(made(pending[0].identifier.value())).reused);
}

TEST_P(PreauthorizationContract, TakesForItOrDoesNeither) {
    const ca::Charges one{{"authorizations", 1, 1h, 1}};
    const auto first = made("a.example.org");
    const auto taken = create(first, one);
    EXPECT_TRUE(taken.decision.accepted);
    EXPECT_EQ(taken.decision.remaining, std::vector<std::int64_t>{0});
    expect_found(await(store().find_authorization(first.id)), first);

    const auto second = made("b.example.org");
    const auto refused = create(second, one);
    EXPECT_FALSE(refused.decision.accepted);
    EXPECT_EQ(refused.decision.retry_at, now + 1h);
    EXPECT_FALSE(await(store().find_authorization(second.id)));

    // Nothing is taken where nothing is added.
    const ca::Charges other{{"others", 1, 1h, 1}};
    stored_valid(account.id, "c.example.org");
    EXPECT_TRUE(create(made("c.example.org"), other).reused);
    EXPECT_TRUE(await(store().charge(other, now)).accepted);
}

TEST_P(PreauthorizationContract, IsForgottenAfterItHasExpired) {
    const auto fresh = made("example.org");
    expect_created(fresh);
    const auto sweep = [&](base::Time cutoff) {
        const ca::RetentionCutoffs cutoffs{.orders = cutoff, .authorizations = cutoff};
        for (int i = 0; i < 100 && !await(store().remove_expired(cutoffs, 100)).is_round_over;
             ++i) {
        }
        return !await(store().find_authorization(fresh.id));
    };
    EXPECT_FALSE(sweep(fresh.expires));
    EXPECT_TRUE(sweep(fresh.expires + 1s));
}

}  // namespace
}  // namespace cairn::store::testing::preauthorization_contract_test
