#include <algorithm>
#include <atomic>
#include <thread>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing::account_contract_test {
namespace {

using Replaced = ca::AccountStore::KeyReplacement::Outcome;

class AccountContract : public RepositoryContract {};
INSTANTIATE_TEST_SUITE_P(, AccountContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(AccountContract, KeepsEveryFact) {
    std::vector<ca::Account> accounts;
    for (int contacts = 0; contacts < 3; ++contacts) {
        accounts.push_back(make.account());
        accounts.back().contacts.resize(static_cast<std::size_t>(contacts), "mailto:c@example.com");
    }
    accounts.back().terms_agreed.reset();
    for (const auto& account : accounts) {
        const auto creation = await(store().create_account(account));
        EXPECT_TRUE(creation.created);
        expect_same(creation.account, account);
        expect_found(await(store().find_account(account.id)), account);
        expect_found(await(store().find_account_by_key(account.key.thumbprint())), account);
    }
    reopen();
    for (const auto& account : accounts)
        expect_found(await(store().find_account(account.id)), account);
}

TEST_P(AccountContract, FindsNothingWhereNothingIs) {
    EXPECT_FALSE(await(store().find_account(make.account_id())));
    EXPECT_FALSE(await(store().find_account_by_key(digest("no key"))));
    EXPECT_FALSE(await(store().update_account(make.account_id(), {})));
    EXPECT_FALSE(await(store().deactivate_account(make.account_id(), now)));
}

TEST_P(AccountContract, ListsInPagesInTheOrderOfCreation) {
    std::vector<ca::AccountId> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(stored_account().id);
    const auto page = [&](std::optional<ca::AccountId> after, std::size_t limit) {
        std::vector<ca::AccountId> found;
        for (const auto& account : await(store().list_accounts(after, limit)))
            found.push_back(account.id);
        return found;
    };
    using Ids = std::vector<ca::AccountId>;
    EXPECT_EQ(page(std::nullopt, 100), ids);
    EXPECT_EQ(page(std::nullopt, 2), (Ids{ids[0], ids[1]}));
    EXPECT_EQ(page(ids[1], 2), (Ids{ids[2], ids[3]}));
    EXPECT_EQ(page(ids[3], 2), (Ids{ids[4]}));
    EXPECT_EQ(page(ids[4], 2), Ids{});

    await(store().deactivate_account(ids[2], now));
    EXPECT_EQ(await(store().list_accounts(ids[1], 1)).at(0).deactivated, now);
}

TEST_P(AccountContract, CreatesNoSecondAccountForAKey) {
    const auto first = stored_account();
    auto second = make.account();
    second.key = first.key;
    second.contacts = {"mailto:other@example.com"};

    auto creation = await(store().create_account(second));
    EXPECT_FALSE(creation.created);
    expect_same(creation.account, first);
    EXPECT_FALSE(await(store().find_account(second.id)));

    await(store().deactivate_account(first.id, now));
    creation = await(store().create_account(second));
    EXPECT_FALSE(creation.created);
    EXPECT_EQ(creation.account.id, first.id);
    EXPECT_EQ(creation.account.deactivated, now);
}

// Check 48.
TEST_P(AccountContract, CreatesOneAccountOfFiftyAtOnce) {
    const auto key = make.key();
    std::vector<base::Task<ca::AccountStore::Creation>> creations;
    for (int i = 0; i < 50; ++i) {
        auto account = make.account();
        account.key = key;
        creations.push_back(store().create_account(account));
    }
    const auto results = await_all(std::move(creations));
    EXPECT_EQ(std::ranges::count(results, true, &ca::AccountStore::Creation::created), 1);
    const auto kept = await(store().find_account_by_key(key.thumbprint()));
    ASSERT_TRUE(kept);
    for (const auto& result : results) expect_same(result.account, *kept);
}

TEST_P(AccountContract, RefusesASecondAccountWithAnId) {
    const auto first = stored_account();
    auto second = make.account();
    second.id = first.id;
    EXPECT_THROW(await(store().create_account(second)), std::runtime_error);
    expect_found(await(store().find_account(first.id)), first);
    EXPECT_FALSE(await(store().find_account_by_key(second.key.thumbprint())));
}

TEST_P(AccountContract, ReplacesContacts) {
    auto account = stored_account();
    expect_found(await(store().find_account(account.id)), account);

    account.contacts = {"mailto:new@example.com"};
    expect_found(await(store().update_account(account.id, {.contacts = account.contacts})),
                 account);
    expect_found(await(store().find_account(account.id)), account);

    account.contacts.clear();
    expect_found(
        await(store().update_account(account.id, {.contacts = std::vector<std::string>()})),
        account);
    reopen();
    expect_found(await(store().find_account(account.id)), account);
}

TEST_P(AccountContract, KeepsTheContactsOfADeactivatedAccount) {
    auto account = stored_account();
    account.deactivated = now;
    await(store().deactivate_account(account.id, now));
    expect_found(
        await(store().update_account(account.id, {.contacts = std::vector<std::string>()})),
        account);
    expect_found(await(store().find_account(account.id)), account);
}

TEST_P(AccountContract, DeactivatesOnce) {
    auto account = stored_account();
    expect_found(await(store().find_account(account.id)), account);

    account.deactivated = now;
    expect_found(await(store().deactivate_account(account.id, now)), account);
    expect_found(await(store().deactivate_account(account.id, now + 1s)), account);
    expect_found(await(store().find_account(account.id)), account);
    expect_found(await(store().find_account_by_key(account.key.thumbprint())), account);
    reopen();
    expect_found(await(store().find_account(account.id)), account);
}

TEST_P(AccountContract, ReplacesAKey) {
    auto account = stored_account();
    expect_found(await(store().find_account(account.id)), account);
    const auto old_key = account.key;
    account.key = make.key();

    const auto replacement =
        await(store().replace_account_key(account.id, old_key.thumbprint(), account.key));
    EXPECT_EQ(replacement.outcome, Replaced::replaced);
    expect_found(await(store().find_account(account.id)), account);
    expect_found(await(store().find_account_by_key(account.key.thumbprint())), account);
    EXPECT_FALSE(await(store().find_account_by_key(old_key.thumbprint())));

    auto heir = make.account();
    heir.key = old_key;
    EXPECT_TRUE(await(store().create_account(heir)).created);
}

TEST_P(AccountContract, GivesNoAccountTheKeyOfAnother) {
    const auto account = stored_account();
    const auto other = stored_account();
    await(store().deactivate_account(other.id, now));

    const auto replacement =
        await(store().replace_account_key(account.id, account.key.thumbprint(), other.key));
    EXPECT_EQ(replacement.outcome, Replaced::taken);
    EXPECT_EQ(replacement.holder, other.id);
    expect_found(await(store().find_account(account.id)), account);
}

TEST_P(AccountContract, ReplacesNoKeyOfAnAccountThatHasAnotherByNow) {
    const auto account = stored_account();
    const auto deactivated = stored_account();
    await(store().deactivate_account(deactivated.id, now));
    const auto other = stored_account();

    const auto outcome_of = [&](const ca::AccountId& id, const crypto::Sha256Digest& old_key,
                                const protocol::Jwk& new_key) {
        const auto replacement = await(store().replace_account_key(id, old_key, new_key));
        EXPECT_FALSE(replacement.holder);
        return replacement.outcome;
    };
    EXPECT_EQ(outcome_of(account.id, digest("another key"), make.key()), Replaced::stale);
    EXPECT_EQ(outcome_of(account.id, digest("another key"), other.key), Replaced::stale);
    EXPECT_EQ(outcome_of(deactivated.id, deactivated.key.thumbprint(), make.key()),
              Replaced::stale);
    EXPECT_EQ(outcome_of(make.account_id(), digest("no key"), make.key()), Replaced::stale);
    expect_found(await(store().find_account(account.id)), account);
}

// Check 66.
TEST_P(AccountContract, ReplacesAKeyByOneOfTwentyAtOnce) {
    const auto account = stored_account();
    std::vector<protocol::Jwk> keys;
    std::vector<base::Task<ca::AccountStore::KeyReplacement>> replacements;
    for (int i = 0; i < 20; ++i) {
        keys.push_back(make.key());
        replacements.push_back(
            store().replace_account_key(account.id, account.key.thumbprint(), keys.back()));
    }
    const auto results = await_all(std::move(replacements));

    const auto kept = await(store().find_account(account.id)).value();
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const bool is_kept = keys[i].thumbprint() == kept.key.thumbprint();
        EXPECT_EQ(results[i].outcome, is_kept ? Replaced::replaced : Replaced::stale);
    }
    EXPECT_EQ(
        std::ranges::count(results, Replaced::replaced, &ca::AccountStore::KeyReplacement::outcome),
        1);
}

TEST_P(AccountContract, GivesAKeyToOneOfTwentyAtOnce) {
    const auto key = make.key();
    std::vector<base::Task<ca::AccountStore::KeyReplacement>> replacements;
    for (int i = 0; i < 20; ++i) {
        const auto account = stored_account();
        replacements.push_back(
            store().replace_account_key(account.id, account.key.thumbprint(), key));
    }
    const auto results = await_all(std::move(replacements));

    const auto holder = await(store().find_account_by_key(key.thumbprint())).value().id;
    EXPECT_EQ(
        std::ranges::count(results, Replaced::replaced, &ca::AccountStore::KeyReplacement::outcome),
        1);
    for (const auto& result : results) {
        if (result.outcome == Replaced::replaced) continue;
        EXPECT_EQ(result.outcome, Replaced::taken);
        EXPECT_EQ(result.holder, holder);
    }
}

// Readers that race with a change must not bring back what was before it.
TEST_P(AccountContract, NeverFindsAnAccountAsItWasBeforeAChangeThatHasReturned) {
    std::atomic<bool> is_over = false;
    std::atomic<std::size_t> current = 0;
    std::vector<ca::Account> accounts;
    for (int i = 0; i < 40; ++i) accounts.push_back(stored_account());
    // So that each is read from the database while it changes.
    reopen();

    std::vector<std::jthread> readers;
    for (int i = 0; i < 2; ++i) {
        readers.emplace_back([&] {
            while (!is_over) EXPECT_TRUE(await(store().find_account(accounts[current].id)));
        });
    }
    for (; current < accounts.size() - 1; ++current) {
        const auto& account = accounts[current];
        const auto key = make.key();
        await(store().replace_account_key(account.id, account.key.thumbprint(), key));
        EXPECT_EQ(await(store().find_account(account.id)).value().key.thumbprint(),
                  key.thumbprint());
        await(store().deactivate_account(account.id, now));
        EXPECT_EQ(await(store().find_account(account.id)).value().deactivated, now);
    }
    is_over = true;
}

}  // namespace
}  // namespace cairn::store::testing::account_contract_test
