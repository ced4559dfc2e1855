#include "ca/work/registration.h"

#include "ca/testing/bench.h"

namespace cairn::ca::testing::registration_test {
namespace {

using enum protocol::ProblemType;
using Change = Observer::AccountChange;
using Moment = StoreScript::Moment;

class RegistrationTest : public Bench {
  protected:
    base::Task<AccountStore::Creation> registered(protocol::Jwk key,
                                                  protocol::NewAccountRequest request = {}) {
        return registration().register_account(std::move(request), std::move(key), new_account_url,
                                               just_now());
    }
    base::Task<Account> updated(Account account, protocol::AccountUpdate update) {
        return registration().update(std::move(account), std::move(update), just_now());
    }
    base::Task<void> changed(Account account, protocol::Jwk key) {
        return registration().change_key(std::move(account), std::move(key), just_now());
    }
    std::optional<Account> holder_of(const protocol::Jwk& key) {
        return await(repository.find_account_by_key(key.thumbprint()));
    }
    /// A key that is in a certificate.
    protocol::Jwk certified_key() {
        const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        (void)issued(stored_account().id, {"www.example.org"}, key);
        return protocol::Jwk::of(key.public_key());
    }
    /// A key that is known to others.
    protocol::Jwk compromised_key() {
        const auto key = fresh_key();
        EXPECT_TRUE(await(repository.record_key_compromise(crypto::sha256(key.public_key().spki()),
                                                           clock.now())));
        return key;
    }
    static protocol::Jwk weak_key() {
        base::Bytes modulus(128, 0xff);
        return protocol::Jwk::of(
            crypto::PublicKey::from_rsa(modulus, base::Bytes{1, 0, 1}).value());
    }
};

TEST_F(RegistrationTest, MakesAnAccount) {
    const auto key = fresh_key();
    protocol::NewAccountRequest request;
    request.contact = {"mailto:a@example.org"};
    const auto creation = await(registered(key, request));
    EXPECT_TRUE(creation.created);
    const auto kept = holder_of(key).value();
    EXPECT_EQ(kept.id, creation.account.id);
    EXPECT_EQ(kept.contacts, request.contact);
    EXPECT_EQ(kept.created, start_time);
    EXPECT_FALSE(kept.terms_agreed) << "there are none";
    EXPECT_EQ(tally.count(Change::created), 1);
}

TEST_F(RegistrationTest, FindsTheAccountThatHasTheKey) {
    const auto key = fresh_key();
    const auto first = await(registered(key)).account;
    for (const bool only_existing : {false, true}) {
        protocol::NewAccountRequest again;
        again.contact = {"mailto:other@example.org"};
        again.only_return_existing = only_existing;
        const auto creation = await(registered(key, again));
        EXPECT_FALSE(creation.created);
        EXPECT_EQ(creation.account.id, first.id);
        EXPECT_TRUE(creation.account.contacts.empty()) << "as it was";
    }
    EXPECT_EQ(tally.count(Change::created), 1);
}

TEST_F(RegistrationTest, MakesNoneWhereOnlyAnExistingOneIsAskedFor) {
    const auto key = fresh_key();
    protocol::NewAccountRequest request;
    request.only_return_existing = true;
    EXPECT_EQ(refusal(registered(key, request)),
              (Refused{account_does_not_exist, 400, "no account has this key"}));
    EXPECT_FALSE(holder_of(key));
}

// Check 50.
TEST_F(RegistrationTest, WantsTheTermsAgreedTo) {
    registration_options.terms.url = "https://ca.example/terms";
    const auto key = fresh_key();
    EXPECT_EQ(refusal(registered(key)),
              (Refused{malformed, 400,
                       "the terms of service at https://ca.example/terms must be agreed to "
                       "(termsOfServiceAgreed: true)"}));
    protocol::NewAccountRequest request;
    request.terms_of_service_agreed = true;
    EXPECT_EQ(await(registered(key, request)).account.terms_agreed, start_time);
    EXPECT_FALSE(await(registered(key)).created) << "who has agreed is not asked again";
}

TEST_F(RegistrationTest, RefusesTheKeyOfADeactivatedAccount) {
    const Refused refused{unauthorized, 401, "the account with this key is deactivated"};
    const auto key = fresh_key();
    const auto account = await(registered(key)).account;
    (void)await(updated(account, {.contact = {}, .deactivate = true}));
    EXPECT_EQ(refusal(registered(key)), refused);
}

// Checks 56, 66.
TEST_F(RegistrationTest, RefusesKeysThatNoAccountMayHave) {
    const auto own = fresh_key();
    registration_options.own_keys = {own.public_key()};
    const std::vector<std::pair<protocol::Jwk, std::string>> cases{
        {weak_key(), "the key is refused: RSA modulus has fewer than 2048 bits"},
        {own, "the key belongs to this CA"},
        {compromised_key(), "the key is known to be compromised"},
        {certified_key(), "the key stands in a certificate of this CA"}};
    const auto account = stored_account();
    for (const auto& [key, detail] : cases) {
        const Refused refused{bad_public_key, 400, detail};
        EXPECT_EQ(refusal(registered(key)), refused);
        EXPECT_EQ(refusal(changed(account, key)), refused);
        EXPECT_FALSE(holder_of(key));
    }
    EXPECT_EQ(tally.count(Change::key_changed), 0);
}

// Both have found that nobody has the key.
TEST_F(RegistrationTest, MakesOneAccountForTwoRequestsAtOnce) {
    const auto key = fresh_key();
    auto& gate = script->gate(StoreCall::create_account);
    gate.close();
    auto first = loop.start(registered(key));
    auto second = loop.start(registered(key));
    ASSERT_TRUE(eventually([&] { return gate.waiting() == 2; }));
    gate.open();
    const auto one = EventLoop::result(std::move(first));
    const auto other = EventLoop::result(std::move(second));
    EXPECT_EQ(one.account.id, other.account.id);
    EXPECT_NE(one.created, other.created);
    EXPECT_EQ(tally.count(Change::created), 1);
}

TEST_F(RegistrationTest, RefusesAnAccountThatWasMadeAndDeactivatedMeanwhile) {
    const auto key = fresh_key();
    auto& gate = script->gate(StoreCall::create_account);
    gate.close();
    auto late = loop.start(registered(key));
    ASSERT_TRUE(gate.is_reached());
    auto account = Account{.id = AccountId::fresh(start_time, random),
                           .key = key,
                           .contacts = {},
                           .created = start_time,
                           .terms_agreed = std::nullopt,
                           .deactivated = start_time};
    facts->accounts.emplace(account.id, account);
    gate.open();
    EXPECT_EQ(refusal(std::move(late)),
              (Refused{unauthorized, 401, "the account with this key is deactivated"}));
}

TEST_F(RegistrationTest, TellsOfNothingThatTheStoreDidNotKeep) {
    script->fail(StoreCall::create_account, Moment::before, StoreUnavailable("the disk is full"));
    EXPECT_THROW(await(registered(fresh_key())), StoreUnavailable);
    EXPECT_EQ(tally.count(Change::created), 0);
}

TEST_F(RegistrationTest, ReplacesContacts) {
    const auto account = stored_account();
    const std::vector<std::string> contacts{"mailto:new@example.org"};
    EXPECT_EQ(await(updated(account, {.contact = contacts})).contacts, contacts);
    EXPECT_EQ(tally.count(Change::updated), 1);
    EXPECT_EQ(await(updated(account, {})).contacts, account.contacts) << "nothing was asked for";
    EXPECT_EQ(tally.count(Change::updated), 1);
}

TEST_F(RegistrationTest, DeactivatesAnAccount) {
    const auto account = stored_account();
    EXPECT_EQ(await(updated(account, {.contact = {}, .deactivate = true})).deactivated, start_time);
    EXPECT_EQ(tally.count(Change::deactivated), 1);
}

TEST_F(RegistrationTest, UpdatesNoAccountThatWasDeactivatedMeanwhile) {
    const Refused refused{unauthorized, 401, "the account was deactivated meanwhile"};
    const auto account = stored_account();
    (void)await(repository.deactivate_account(account.id, clock.now()));
    const protocol::AccountUpdate update{.contact = std::vector<std::string>{"mailto:a@b.example"}};
    EXPECT_EQ(refusal(updated(account, update)), refused);
    facts->accounts.clear();
    EXPECT_EQ(refusal(updated(account, update)), refused);
    EXPECT_EQ(tally.count(Change::updated), 0);
}

TEST_F(RegistrationTest, GivesAnAccountAnotherKey) {
    const auto account = stored_account();
    const auto key = fresh_key();
    await(changed(account, key));
    EXPECT_EQ(holder_of(key).value().id, account.id);
    EXPECT_FALSE(holder_of(account.key));
    EXPECT_EQ(tally.count(Change::key_changed), 1);
}

TEST_F(RegistrationTest, RefusesTheKeyThatTheAccountHas) {
    const auto account = stored_account();
    EXPECT_EQ(refusal(changed(account, account.key)),
              (Refused{malformed, 400, "the new key is the account's present key"}));
}

TEST_F(RegistrationTest, NamesTheAccountThatHasTheNewKey) {
    const auto account = stored_account();
    const auto other = stored_account();
    try {
        await(changed(account, other.key));
        FAIL() << "it was changed";
    } catch (const Registration::KeyTaken& taken) {
        EXPECT_EQ(taken.holder, other.id);
    }
}

TEST_F(RegistrationTest, ChangesAKeyOnceForTwoRequestsAtOnce) {
    const auto account = stored_account();
    const auto key = fresh_key();
    auto& gate = script->gate(StoreCall::replace_account_key);
    gate.close();
    auto first = loop.start(changed(account, key));
    auto second = loop.start(changed(account, fresh_key()));
    ASSERT_TRUE(eventually([&] { return gate.waiting() == 2; }));
    gate.open();
    EventLoop::result(std::move(first));
    EXPECT_EQ(refusal(std::move(second)),
              (Refused{malformed, 400,
                       "oldKey is not the account's key any more; it was changed meanwhile"}));
    EXPECT_EQ(holder_of(key).value().id, account.id);
}

}  // namespace
}  // namespace cairn::ca::testing::registration_test
