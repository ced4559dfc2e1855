#include "ca/work/rate_limits.h"

#include <algorithm>

#include "ca/testing/bench.h"

namespace cairn::ca::testing::rate_limits_test {
namespace {

using enum LimitName;
using enum protocol::ProblemType;
using protocol::AuthorizationStatus;
using protocol::ChallengeType;
using protocol::OrderStatus;

/// The workflows with limits. A bucket that is named stays empty for long, so nothing is held.
class RateLimitsTest : public Bench {
  protected:
    RateLimitsTest() { limit_options.help = "https://ca.example/help"; }

    void limit(LimitName name, std::int64_t count, base::Seconds period = 240h) {
        limit_options.limits[name] = {{count, period}};
        restart();
    }
    base::Task<AccountStore::Creation> register_one(const std::string& address = "192.0.2.1",
                                                    protocol::Jwk key = fresh_key()) {
        protocol::NewAccountRequest request;
        auto context = just_now();
        context.client = base::IpAddress::from_text(address).value();
        return registration().register_account(request, std::move(key), {}, context);
    }
    base::Task<OrderView> place(const std::vector<std::string>& names = {"www.example.org"}) {
        return ordering().place(account, for_names(names), just_now());
    }
    /// An order for a name that no other order is for.
    base::Task<OrderView> place_another() {
        return place({"n" + std::to_string(++placed_others_) + ".example.org"});
    }
    Authorization respond(const Authorization& proof) {
        return await(validation().respond(proof, account, ChallengeType::http_01, just_now(), 10s));
    }
    /// One whose validation failed.
    Authorization failed(const std::string& name = "www.example.org") {
        validator.fail({connection, "connection refused"});
        return respond(await(place({name})).proofs.at(0));
    }
    OrderView finalize(const OrderView& view, const std::string& name) {
        return await(issuance().finalize(view, csr_for({name}), just_now(), 10s));
    }
    OrderView issue(const std::string& name) { return finalize(ready(account.id, {name}), name); }
    void expect_limited(const Refused& refused, LimitName name, int status = 429) {
        EXPECT_EQ(refused.type, rate_limited);
        EXPECT_EQ(refused.status, status);
        EXPECT_TRUE(refused.detail.contains("(limit " + std::string(to_string(name)) + ")"))
            << refused.detail;
    }

    const Account account = stored_account();

  private:
    int placed_others_ = 0;
};

TEST_F(RateLimitsTest, AnAddressGetsSoManyAccounts) {
    limit(new_accounts_per_ip, 2);
    const auto key = fresh_key();
    await(register_one("192.0.2.1", key));
    await(register_one());
    expect_limited(refusal(register_one()), new_accounts_per_ip);
    EXPECT_FALSE(await(register_one("192.0.2.1", key)).created) << "who is there is found";
    EXPECT_TRUE(await(register_one("192.0.2.2")).created);
}

TEST_F(RateLimitsTest, AllTogetherGetSoManyAccounts) {
    limit(new_accounts, 1);
    await(register_one("192.0.2.1"));
    expect_limited(refusal(register_one("192.0.2.2")), new_accounts);
}

TEST_F(RateLimitsTest, AnAccountGetsSoManyOrders) {
    limit(new_orders_per_account, 2);
    await(place_another());
    EXPECT_EQ(refusal(place({"example.onion"})).type, rejected_identifier)
        << "what is refused for itself costs nothing";
    await(place_another());
    expect_limited(refusal(place_another()), new_orders_per_account);
    const auto other = stored_account();
    EXPECT_EQ(placed(other.id).status(), OrderStatus::pending);
    EXPECT_EQ(await(repository.orders_of(account.id, std::nullopt, 10)).size(), 2U);
}

TEST_F(RateLimitsTest, AShortWaitIsHeld) {
    limit(new_orders_per_account, 1, 1s);
    const auto first = await(place_another());
    const auto second = await(place_another());
    EXPECT_EQ(second.order.created, first.order.created + 1s);
    EXPECT_EQ(second.order.expires, first.order.expires + 1s);
    EXPECT_EQ(second.now, second.order.created);
    EXPECT_EQ(tally.limits_held, 1);
    EXPECT_EQ(tally.limits_refused, 0);
}

TEST_F(RateLimitsTest, OnlySoManyOfAClientAreHeld) {
    limit_options.most_held_of_one = 0;
    limit(new_orders_per_account, 1, 1s);
    await(place_another());
    expect_limited(refusal(place_another()), new_orders_per_account, 503);
}

TEST_F(RateLimitsTest, ADomainGetsSoManyCertificates) {
    limit(certificates_per_domain, 2);
    EXPECT_EQ(issue("a.example.org").status(), OrderStatus::valid);
    const auto late = ready(account.id, {"c.example.org"});
    EXPECT_EQ(issue("b.example.org").status(), OrderStatus::valid);
    // At the order, and at the end where the order was there before.
    expect_limited(refusal(place({"d.example.org"})), certificates_per_domain);
    expect_limited(refusal(issuance().finalize(late, csr_for({"c.example.org"}), just_now(), 10s)),
                   certificates_per_domain);
    EXPECT_EQ(found(late.order.id).status(), OrderStatus::ready) << "it can be finalized later";
    EXPECT_EQ(issue("a.example.net").status(), OrderStatus::valid);
}

TEST_F(RateLimitsTest, ASetIsRenewedWithinItsOwnLimit) {
    limit_options.limits[certificates_per_exact_set] = {{3, 240h}};
    limit_options.limits[new_orders_per_account] = {{1, 240h}};
    limit(certificates_per_domain, 1);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(issue("www.example.org").status(), OrderStatus::valid);
    expect_limited(refusal(place()), certificates_per_exact_set);
    expect_limited(refusal(place({"other.example.org"})), new_orders_per_account);
}

// Check 169.
TEST_F(RateLimitsTest, AFailedIssuanceGivesBackWhatItTook) {
    limit(certificates_per_domain, 1);
    signer->fail(std::runtime_error("no such key"));
    const auto broken = issue("a.example.org").order.id;
    EXPECT_TRUE(eventually([&] { return found(broken).status() == OrderStatus::invalid; }));
    EXPECT_EQ(issue("b.example.org").status(), OrderStatus::valid);
    expect_limited(refusal(place({"c.example.org"})), certificates_per_domain);
}

TEST_F(RateLimitsTest, FailuresOfANameStopFurtherOnes) {
    limit(failed_validations_per_account_and_name, 2);
    const auto waiting = await(place({"www.example.org", "second.example.org"})).proofs.at(0);
    const auto other = await(place({"other.example.org"})).proofs.at(0);
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(failed().status(clock.now()), AuthorizationStatus::invalid);
    expect_limited(refusal(place()), failed_validations_per_account_and_name);
    expect_limited(
        refusal(validation().respond(waiting, account, ChallengeType::http_01, just_now(), 10s)),
        failed_validations_per_account_and_name);
    EXPECT_EQ(found(waiting.id).status(clock.now()), AuthorizationStatus::pending);
    validator.succeed();
    EXPECT_EQ(respond(other).status(clock.now()), AuthorizationStatus::valid);
}

TEST_F(RateLimitsTest, AFailureOfTheCaIsNobodysFault) {
    limit(failed_validations_per_account_and_name, 1);
    validator.fail({server_internal, "no resolver"});
    EXPECT_EQ(respond(await(place()).proofs.at(0)).status(clock.now()),
              AuthorizationStatus::invalid);
    EXPECT_EQ(await(place()).status(), OrderStatus::pending);
}

TEST_F(RateLimitsTest, ANameThatNeverValidatesIsPausedUntilTheOperatorSaysSo) {
    limit(consecutive_failures_per_account_and_name, 3);
    for (int i = 0; i < 3; ++i) failed();
    const auto refused = refusal(place());
    expect_limited(refused, consecutive_failures_per_account_and_name);
    EXPECT_TRUE(refused.detail.starts_with("www.example.org is paused")) << refused.detail;
    clock.advance(100h);
    EXPECT_EQ(refusal(place()).type, rate_limited) << "failures fade, the pause does not";
    EXPECT_EQ(await(place({"other.example.org"})).status(), OrderStatus::pending);

    const auto name = protocol::Identifier::dns("www.example.org").value();
    for (const auto& charge :
         buckets_of(limit_options.limits, {.account = account.id, .names = {name}, .address = {}}))
        await(repository.reset_bucket(charge.bucket));
    EXPECT_EQ(await(place()).status(), OrderStatus::pending);
}

TEST_F(RateLimitsTest, ASuccessEndsTheRowOfFailures) {
    limit(consecutive_failures_per_account_and_name, 3);
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 2; ++j) failed();
        validator.succeed();
        const auto proof = await(place()).proofs.at(0);
        EXPECT_EQ(respond(proof).status(clock.now()), AuthorizationStatus::valid);
        await(ordering().deactivate(found(proof.id)));
    }
}

// Check 167.
TEST_F(RateLimitsTest, AStoreThatIsAwayLetsNobodyPast) {
    limit(failed_validations_per_account_and_name, 5);
    const auto proof = await(place()).proofs.at(0);
    script->fail(StoreCall::look, StoreScript::Moment::before, StoreUnavailable("gone"));
    EXPECT_THROW(respond(proof), StoreUnavailable);
    EXPECT_TRUE(validator.questions().empty());
}

TEST_F(RateLimitsTest, WithoutLimitsNothingIsAsked) {
    const auto proof = await(place()).proofs.at(0);
    respond(proof);
    EXPECT_EQ(script->count(StoreCall::look), 0);
    EXPECT_EQ(script->count(StoreCall::charge), 0);
}

TEST_F(RateLimitsTest, TheObserverLearnsWhichLimit) {
    limit(new_orders_per_account, 1);
    await(place_another());
    (void)refusal(place_another());
    EXPECT_EQ(tally.limits_refused, 1);
}

}  // namespace
}  // namespace cairn::ca::testing::rate_limits_test
