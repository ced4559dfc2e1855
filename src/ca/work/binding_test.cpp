// Accounts that are bound to external ones, and what they may order.

#include "base/base64url.h"
#include "ca/testing/bench.h"
#include "crypto/digest.h"
#include "protocol/external_account_binding.h"

namespace cairn::ca::testing::binding_test {
namespace {

using enum protocol::ProblemType;
using protocol::AuthorizationStatus;
using protocol::OrderStatus;

class BindingTest : public Bench {
  protected:
    BindingTest() {
        profile.operators_word = true;
        profiles = Profiles::of({{"default", profile}}, "default").value();
    }

    /// A key that the store has, for any number of accounts.
    ExternalKey stored(const std::string& kid, ExternalKeyScope scope = {}) {
        ExternalKey key{.kid = kid, .hmac_key = base::SecretBytes(32, 7), .created = clock.now()};
        key.scope = std::move(scope);
        EXPECT_TRUE(await(repository.create_external_key(key)));
        return key;
    }
    static ExternalKeyScope vouched(const std::string& name) {
        return {.names = {NamePattern::from_text(name).value()}, .names_are_vouched_for = true};
    }
    static protocol::NewAccountRequest bound_by(const ExternalKey& external_key,
                                                const protocol::Jwk& key,
                                                const std::string& url = new_account_url) {
        protocol::NewAccountRequest request;
        request.external_account_binding = protocol::make_external_account_binding(
            key.public_key(), external_key.kid, external_key.hmac_key, url);
        return request;
    }
    base::Task<AccountStore::Creation> registered(protocol::NewAccountRequest request,
                                                  protocol::Jwk key, RequestContext context) {
        return registration().register_account(std::move(request), std::move(key), new_account_url,
                                               std::move(context));
    }
    Account bound_account(const ExternalKey& external_key) {
        const auto key = fresh_key();
        return await(registered(bound_by(external_key, key), key, just_now())).account;
    }
    base::Task<OrderView> place(Account account, const std::vector<std::string>& names) {
        return ordering().place(std::move(account), for_names(names), just_now());
    }

    Profile profile{.name = "default", .description = {}};
};

// Check 59.
TEST_F(BindingTest, BindsAnAccount) {
    const auto external_key = stored("k1");
    const auto key = fresh_key();
    const auto request = bound_by(external_key, key);
    const auto creation = await(registered(request, key, just_now()));
    EXPECT_TRUE(creation.created);
    ASSERT_TRUE(creation.account.binding);
    EXPECT_EQ(creation.account.binding->kid, "k1");
    EXPECT_EQ(creation.account.binding->object, request.external_account_binding);
    EXPECT_EQ(await(repository.find_external_key("k1"))->uses, 1);
    // Asked again, it is found and takes nothing, whatever the request is bound by.
    const auto again = await(registered(request, key, just_now()));
    EXPECT_FALSE(again.created);
    EXPECT_EQ(await(repository.find_external_key("k1"))->uses, 1);
}

// Check 58.
TEST_F(BindingTest, IsAskedForWhereItIsRequired) {
    registration_options.external_account_required = true;
    const auto key = fresh_key();
    const auto refused = refusal(registered({}, key, just_now()));
    EXPECT_EQ(refused.type, external_account_required);
    EXPECT_EQ(refused.status, 403);
    EXPECT_TRUE(facts->accounts.empty());
    EXPECT_TRUE(await(registered(bound_by(stored("k1"), key), key, just_now())).created);
    EXPECT_FALSE(await(registered({}, key, just_now())).created) << "it is there";
}

// Check 61.
TEST_F(BindingTest, SaysTheSameOfAnUnknownKidAndOfAWrongMac) {
    const auto external_key = stored("k1");
    auto unknown = external_key, wrong = external_key, no_kid = external_key;
    unknown.kid = "k2";
    wrong.hmac_key[31] ^= 1U;
    no_kid.kid = std::string("k1\0", 3);
    std::vector<Refused> refusals;
    for (const auto& forged : {unknown, wrong, no_kid}) {
        const auto key = fresh_key();
        refusals.push_back(refusal(registered(bound_by(forged, key), key, just_now())));
    }
    EXPECT_EQ(refusals[0].type, unauthorized);
    EXPECT_EQ(refusals[0].status, 403);
    EXPECT_EQ(refusals[1], refusals[0]);
    EXPECT_EQ(script->count(StoreCall::find_external_key), 2) << "the same work for both";
    EXPECT_EQ(refusals[2], refusals[0]);
    EXPECT_TRUE(facts->accounts.empty());
    EXPECT_EQ(await(repository.find_external_key("k1"))->uses, 0);
}

// Check 60.
TEST_F(BindingTest, IsForThisRequestAndThisKey) {
    const auto external_key = stored("k1");
    const auto key = fresh_key();
    const auto elsewhere = refusal(registered(
        bound_by(external_key, key, "https://other.example/acme/new-account"), key, just_now()));
    EXPECT_EQ(elsewhere.type, malformed);
    EXPECT_NE(elsewhere.detail.find("its url"), std::string::npos) << elsewhere.detail;
    const auto of_another =
        refusal(registered(bound_by(external_key, fresh_key()), key, just_now()));
    EXPECT_EQ(of_another.type, malformed);
    EXPECT_NE(of_another.detail.find("its payload"), std::string::npos) << of_another.detail;
    auto broken = bound_by(external_key, key);
    broken.external_account_binding = "{}";
    EXPECT_EQ(refusal(registered(broken, key, just_now())).type, malformed);
    EXPECT_TRUE(facts->accounts.empty());
}

// Check 62.
TEST_F(BindingTest, RefusesAKeyThatEndsWhileTheAccountIsMade) {
    const auto external_key = stored("k1");
    const auto key = fresh_key();
    auto& gate = script->gate(StoreCall::create_account);
    gate.close();
    auto started = loop.start(registered(bound_by(external_key, key), key, just_now()));
    ASSERT_TRUE(eventually([&] { return script->count(StoreCall::create_account) == 1; }));
    await(repository.revoke_external_key("k1", clock.now()));
    gate.open();
    EXPECT_EQ(refusal(std::move(started)).type, unauthorized);
    EXPECT_TRUE(facts->accounts.empty());
}

TEST_F(BindingTest, HoldsOrdersToTheScope) {
    ExternalKeyScope scope;
    scope.names = {NamePattern::from_text(".corp.example").value()};
    const auto account = bound_account(stored("k1", scope));
    EXPECT_EQ(await(place(account, {"a.corp.example"})).status(), OrderStatus::pending);
    const auto refused = refusal(place(account, {"a.corp.example", "www.example.org"}));
    EXPECT_EQ(refused.type, rejected_identifier);
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(facts->orders.size(), 1U);
}

TEST_F(BindingTest, TakesTheOperatorsWordForItsNamesAlone) {
    const auto account = bound_account(stored("k1", vouched(".corp.example")));
    const auto view = await(place(account, {"a.corp.example"}));
    EXPECT_EQ(view.status(), OrderStatus::ready);
    const auto kept = found(view.order.id);
    ASSERT_EQ(kept.proofs.size(), 1U);
    EXPECT_EQ(kept.proofs[0].vouched_by, "k1");
    EXPECT_EQ(kept.proofs[0].status(clock.now()), AuthorizationStatus::valid);
    EXPECT_TRUE(kept.proofs[0].offered.empty());
    const auto issued = await(issuance().finalize(kept, csr_for({"a.corp.example"}), just_now(),
                                                  std::chrono::seconds(10)));
    EXPECT_EQ(issued.status(), OrderStatus::valid);

    // Another's account has none of it.
    EXPECT_EQ(await(place(stored_account(), {"a.corp.example"})).status(), OrderStatus::pending);
}

TEST_F(BindingTest, TakesNoWordInAPublicCa) {
    profile.operators_word = false;
    profiles = Profiles::of({{"default", profile}}, "default").value();
    const auto account = bound_account(stored("k1", vouched(".corp.example")));
    const auto view = await(place(account, {"a.corp.example"}));
    EXPECT_EQ(view.status(), OrderStatus::pending);
    EXPECT_FALSE(view.proofs.at(0).offered.empty());
}

TEST_F(BindingTest, IssuesNothingOnAWordThatIsNotAllowedAnyMore) {
    const auto account = bound_account(stored("k1", vouched(".corp.example")));
    const auto view = await(place(account, {"a.corp.example"}));
    profile.operators_word = false;
    profiles = Profiles::of({{"default", profile}}, "default").value();
    restart();
    const auto ended = await(issuance().finalize(view, csr_for({"a.corp.example"}), just_now(),
                                                 std::chrono::seconds(10)));
    EXPECT_EQ(ended.status(), OrderStatus::invalid);
    EXPECT_TRUE(facts->certificates.empty());
}

TEST_F(BindingTest, IssuesNothingOnTheWordOfARevokedKey) {
    const auto account = bound_account(stored("k1", vouched(".corp.example")));
    const auto view = await(place(account, {"a.corp.example"}));
    await(repository.revoke_external_key("k1", clock.now()));
    const auto refused = refusal(issuance().finalize(view, csr_for({"a.corp.example"}), just_now(),
                                                     std::chrono::seconds(10)));
    EXPECT_EQ(refused.type, order_not_ready);
    EXPECT_TRUE(facts->certificates.empty());
    // What is ordered from now on is to be proved.
    EXPECT_EQ(await(place(account, {"a.corp.example"})).status(), OrderStatus::pending);
}

// Check 54.
TEST_F(BindingTest, AsksForAgreementToOtherTerms) {
    registration_options.terms.url = "https://ca.example/terms";
    const auto account = stored_account();
    EXPECT_EQ(account.terms_url, "https://ca.example/terms");
    EXPECT_EQ(await(place(account, {"www.example.org"})).status(), OrderStatus::pending);

    registration_options.terms.url = "https://ca.example/terms-2";
    restart();
    const auto refused = refusal(place(account, {"www.example.org"}));
    EXPECT_EQ(refused.type, user_action_required);
    EXPECT_EQ(refused.status, 403);
    protocol::AccountUpdate agreement;
    agreement.terms_of_service_agreed = true;
    clock.set(start_time + 1h);
    const auto agreed = await(registration().update(account, agreement, just_now()));
    EXPECT_EQ(agreed.terms_url, "https://ca.example/terms-2");
    EXPECT_EQ(agreed.terms_agreed, start_time + 1h);
    EXPECT_EQ(await(place(agreed, {"www.example.org"})).status(), OrderStatus::pending);
    // Said again, it stays as it was.
    clock.set(start_time + 2h);
    EXPECT_EQ(await(registration().update(agreed, agreement, just_now())).terms_agreed,
              start_time + 1h);
}

}  // namespace
}  // namespace cairn::ca::testing::binding_test
