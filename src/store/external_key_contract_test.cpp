#include <algorithm>
#include <optional>

#include "ca/facts/external_key.h"
#include "store/testing/repository_contract.h"

namespace cairn::store::testing::external_key_contract_test {
namespace {

using State = ca::ExternalKey::State;

void expect_same(const ca::ExternalKey& left, const ca::ExternalKey& right) {
    EXPECT_EQ(left.kid, right.kid);
    EXPECT_EQ(left.hmac_key, right.hmac_key);
    EXPECT_EQ(left.created, right.created);
    EXPECT_EQ(left.not_after, right.not_after);
    EXPECT_EQ(left.most_uses, right.most_uses);
    EXPECT_EQ(left.uses, right.uses);
    const auto texts = [](const auto& values) {
        std::vector<std::string> result;
        for (const auto& value : values) result.push_back(value.to_string());
        return result;
    };
    EXPECT_EQ(texts(left.scope.names), texts(right.scope.names));
    EXPECT_EQ(texts(left.scope.networks), texts(right.scope.networks));
    EXPECT_EQ(left.scope.profiles, right.scope.profiles);
    EXPECT_EQ(left.scope.uris, right.scope.uris);
    EXPECT_EQ(left.scope.names_are_vouched_for, right.scope.names_are_vouched_for);
    EXPECT_EQ(left.note, right.note);
    EXPECT_EQ(left.revoked, right.revoked);
}

/// Keys for external account binding, and the accounts that are bound to them.
class ExternalKeyContract : public RepositoryContract {
  protected:
    ca::ExternalKey key(const std::string& kid, std::optional<std::int64_t> most_uses = 1) {
        ca::ExternalKey made{.kid = kid, .hmac_key = {1, 2, 0, 0xff}, .created = now};
        made.most_uses = most_uses;
        return made;
    }
    ca::ExternalKey stored(const ca::ExternalKey& key) {
        EXPECT_TRUE(await(store().create_external_key(key)));
        return key;
    }
    ca::ExternalKey found(const std::string& kid) {
        return await(store().find_external_key(kid)).value();
    }
    ca::Account account_for(const std::string& kid) {
        auto account = make.account();
        account.binding = {kid, R"({"protected":"e30"})"};
        return account;
    }
    ca::AccountStore::Creation bound(const std::string& kid, ca::Charges charges = {}) {
        return await(store().create_account(account_for(kid), std::move(charges)));
    }
    std::vector<std::string> listed(std::optional<std::string> after, std::size_t limit) {
        std::vector<std::string> kids;
        for (const auto& each : await(store().list_external_keys(after, limit)))
            kids.push_back(each.kid);
        return kids;
    }
};
INSTANTIATE_TEST_SUITE_P(, ExternalKeyContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(ExternalKeyContract, KeepsEveryFact) {
    auto full = key("full", 5);
    full.not_after = now + 24h;
    full.uses = 3;
    full.scope.names = {ca::NamePattern::from_text(".example.org").value(),
                        ca::NamePattern::from_text("10.0.0.0/8").value()};
    full.scope.networks = {base::IpNetwork::from_text("192.0.2.0/24").value()};
    full.scope.profiles = {"default", "short"};
    full.scope.uris = {ca::UriPattern::from_text("spiffe://example.org/ns/{ns}/web").value()};
    full.scope.names_are_vouched_for = true;
    full.note = "for the web team, Zürich";
    full.revoked = now + 1h;
    stored(full);
    const auto plain = stored(key("plain", std::nullopt));
    for (int i = 0; i < 2; ++i) {
        expect_same(found("full"), full);
        expect_same(found("plain"), plain);
        reopen();
    }
    EXPECT_FALSE(await(store().find_external_key("FULL")));
}

TEST_P(ExternalKeyContract, AddsNoSecondKeyWithAKid) {
    const auto first = stored(key("one"));
    auto second = key("one", 7);
    second.hmac_key = {9};
    EXPECT_FALSE(await(store().create_external_key(second)));
    expect_same(found("one"), first);
}

TEST_P(ExternalKeyContract, ListsInPagesInTheOrderOfCreation) {
    for (const auto* kid : {"c", "a", "b"}) stored(key(kid));
    auto later = key("0");
    later.created = now + 1s;
    stored(later);
    EXPECT_EQ(listed(std::nullopt, 10), (std::vector<std::string>{"a", "b", "c", "0"}));
    EXPECT_EQ(listed(std::nullopt, 2), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(listed("b", 10), (std::vector<std::string>{"c", "0"}));
    EXPECT_TRUE(listed("0", 10).empty());
    EXPECT_TRUE(listed("unknown", 10).empty());
}

TEST_P(ExternalKeyContract, BindsAnAccountAndCountsIt) {
    stored(key("many", std::nullopt));
    const auto account = account_for("many");
    const auto creation = await(store().create_account(account));
    EXPECT_TRUE(creation.created);
    EXPECT_FALSE(creation.is_binding_refused);
    testing::expect_same(creation.account, account);
    EXPECT_TRUE(bound("many").created);
    EXPECT_EQ(found("many").uses, 2);
    // Whose key has an account already takes nothing.
    EXPECT_FALSE(await(store().create_account(account)).created);
    EXPECT_EQ(found("many").uses, 2);
    reopen();
    expect_found(await(store().find_account(account.id)), account);
    expect_found(await(store().find_account_by_key(account.key.thumbprint())), account);
}

// Check 62.
TEST_P(ExternalKeyContract, RefusesAnAccountWhoseKeyCannotBeUsed) {
    auto ended = key("ended");
    ended.not_after = now;
    auto not_yet_ended = key("not yet ended");
    not_yet_ended.not_after = now + 1s;
    auto used_up = key("used up", 2);
    used_up.uses = 2;
    auto revoked = key("revoked");
    revoked.revoked = now + 24h;
    for (const auto& each : {ended, not_yet_ended, used_up, revoked}) stored(each);
    for (const auto* kid : {"ended", "used up", "revoked", "unknown"}) {
        const auto account = account_for(kid);
        const auto creation = await(store().create_account(account));
        EXPECT_FALSE(creation.created) << kid;
        EXPECT_TRUE(creation.is_binding_refused) << kid;
        EXPECT_FALSE(await(store().find_account(account.id))) << kid;
    }
    EXPECT_EQ(found("used up").uses, 2);
    EXPECT_TRUE(bound("not yet ended").created);
}

// Check 62.
TEST_P(ExternalKeyContract, BindsOneOfManyAccountsAtOnceWhereItHasOneUse) {
    stored(key("one"));
    stored(key("three", 3));
    for (const auto& [kid, most] : {std::pair("one", 1), std::pair("three", 3)}) {
        std::vector<base::Task<ca::AccountStore::Creation>> creations;
        for (int i = 0; i < 50; ++i) creations.push_back(store().create_account(account_for(kid)));
        const auto results = await_all(std::move(creations));
        EXPECT_EQ(std::ranges::count(results, true, &ca::AccountStore::Creation::created), most);
        EXPECT_EQ(
            std::ranges::count(results, true, &ca::AccountStore::Creation::is_binding_refused),
            50 - most);
        EXPECT_EQ(found(kid).uses, most);
        EXPECT_EQ(await(store().accounts_bound_to(kid, std::nullopt, 100)).size(),
                  static_cast<std::size_t>(most));
    }
}

TEST_P(ExternalKeyContract, TakesNoUseWhereTheBucketsRefuseAndNoChargeWhereTheKeyDoes) {
    stored(key("two", 2));
    const ca::Charges charges{{"accounts", 1, 1h}};
    EXPECT_TRUE(bound("two", charges).created);
    const auto refused = bound("two", charges);
    EXPECT_FALSE(refused.created);
    EXPECT_FALSE(refused.decision.accepted);
    EXPECT_FALSE(refused.is_binding_refused);
    EXPECT_EQ(found("two").uses, 1);

    EXPECT_TRUE(bound("unknown", {{"others", 1, 1h}}).is_binding_refused);
    EXPECT_TRUE(await(store().charge({{"others", 1, 1h}}, now)).accepted) << "nothing was taken";
}

TEST_P(ExternalKeyContract, RevokesAKey) {
    stored(key("one"));
    const auto revoked = await(store().revoke_external_key("one", now)).value();
    EXPECT_EQ(revoked.revoked, now);
    EXPECT_EQ(revoked.state(now), State::revoked);
    EXPECT_EQ(await(store().revoke_external_key("one", now + 1h))->revoked, now)
        << "the first time stays";
    EXPECT_FALSE(await(store().revoke_external_key("unknown", now)));
    EXPECT_TRUE(bound("one").is_binding_refused);
}

TEST_P(ExternalKeyContract, TellsWhoIsBound) {
    stored(key("many", std::nullopt));
    stored(key("other", std::nullopt));
    std::vector<ca::AccountId> ids;
    for (int i = 0; i < 3; ++i) {
        ids.push_back(bound("many").account.id);
        bound("other");
        stored_account();
    }
    const auto page = [&](std::optional<ca::AccountId> after, std::size_t limit) {
        std::vector<ca::AccountId> found;
        for (const auto& account : await(store().accounts_bound_to("many", after, limit)))
            found.push_back(account.id);
        return found;
    };
    EXPECT_EQ(page(std::nullopt, 10), ids);
    for (const auto& account : await(store().accounts_bound_to("many", std::nullopt, 10)))
        testing::expect_same(account, await(store().find_account(account.id)).value());
    EXPECT_EQ(page(std::nullopt, 2), std::vector(ids.begin(), ids.begin() + 2));
    EXPECT_EQ(page(ids[1], 10), std::vector(ids.begin() + 2, ids.end()));
}

TEST_P(ExternalKeyContract, IssuesNothingOnTheWordOfARevokedKey) {
    stored(key("word", std::nullopt));
    const auto account = bound("word").account;
    const auto placed = [&] {
        auto proof = make.authorization(account.id, "inside.example.org");
        proof.offered.clear();
        proof.vouched_by = "word";
        const auto order = make.order(account.id, {proof});
        await(store().create_order(order, {proof}, std::nullopt));
        testing::expect_same(await(store().find_authorization(proof.id)).value(), proof);
        EXPECT_EQ(await(store().find_order_and_proofs(order.id))->proofs.at(0).vouched_by, "word");
        return order.id;
    };
    const auto before = placed();
    const auto after = placed();
    EXPECT_TRUE(await(begin_issuance(before, make.intent())));
    EXPECT_TRUE(await(store().revoke_external_key("word", now)));
    for (int i = 0; i < 2; ++i) {
        const auto found = await(store().find_order_and_proofs(after)).value();
        EXPECT_EQ(found.proofs.at(0).deactivated, now);
        EXPECT_EQ(found.order.status(found.proofs, now), protocol::OrderStatus::invalid);
        EXPECT_FALSE(await(begin_issuance(after, make.intent())));
        reopen();
    }
    // Also where a node had read the key before, and wrote after.
    EXPECT_FALSE(await(begin_issuance(placed(), make.intent())));
}

TEST_P(ExternalKeyContract, StandsOnNoEarlierWord) {
    stored(key("word", std::nullopt));
    const auto account = bound("word").account;
    auto vouched = make.authorization(account.id, "inside.example.org");
    vouched.vouched_by = "word";
    await(store().create_order(make.order(account.id, {vouched}), {vouched}, std::nullopt));
    const auto fresh = make.authorization(account.id, "inside.example.org");
    const auto placement = await(store().create_order(
        make.order(account.id, {fresh}), {fresh},
        ca::OrderStore::Reuse{
            .finished_after = now - 24h, .finished_by = now + 24h, .lapsing_after = now}));
    EXPECT_FALSE(placement.reused.at(0));
    EXPECT_FALSE(
        await(store().find_valid_authorizations(account.id, {fresh.identifier}, now)).at(0));
}

TEST_P(ExternalKeyContract, KeepsTheBindingThroughAChangeOfKey) {
    stored(key("one"));
    auto account = bound("one").account;
    const auto fresh = make.key();
    ASSERT_EQ(
        await(store().replace_account_key(account.id, account.key.thumbprint(), fresh)).outcome,
        ca::AccountStore::KeyReplacement::Outcome::replaced);
    account.key = fresh;
    expect_found(await(store().find_account(account.id)), account);
    reopen();
    expect_found(await(store().find_account(account.id)), account);
}

TEST_P(ExternalKeyContract, KeepsToWhichTermsAnAccountAgrees) {
    auto account = make.account();
    account.terms_url = "https://ca.example/terms";
    await(store().create_account(account));
    expect_found(await(store().find_account(account.id)), account);
    const ca::AccountChange::Agreement agreement{now + 1h, "https://ca.example/terms-2"};
    account.terms_agreed = agreement.at;
    account.terms_url = agreement.url;
    expect_found(await(store().update_account(account.id, {.terms = agreement})), account);
    account.contacts = {};
    expect_found(
        await(store().update_account(account.id, {.contacts = std::vector<std::string>()})),
        account);
    for (int i = 0; i < 2; ++i) {
        expect_found(await(store().find_account(account.id)), account);
        reopen();
    }
    account.deactivated = now;
    await(store().deactivate_account(account.id, now));
    expect_found(await(store().update_account(account.id, {.terms = {{now, "other"}}})), account);
}

}  // namespace
}  // namespace cairn::store::testing::external_key_contract_test
