#include "client/account.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/bench.h"

namespace cairn::client::account_test {
namespace {

using crypto::KeyType;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class AccountTest : public ::testing::Test {
  protected:
    [[nodiscard]] std::optional<StoredAccount> kept() const {
        return AccountStore(bench_.state).find(ca().directory_url());
    }
    [[nodiscard]] testing::FakeCa& ca() { return bench_.ca; }
    [[nodiscard]] const testing::FakeCa& ca() const { return bench_.ca; }

    testing::Bench bench_;
    Session session_ = bench_.session();
    Account account_{session_, bench_.state, bench_.timer};
    AccountOptions options_{
        .terms = Terms::agreed, .contact = {"mailto:a@example.com"}, .external = {}};
};

TEST_F(AccountTest, IsRegisteredOnceAndKept) {
    ca().terms_of_service = "https://ca.example/terms";
    account_.open(options_, bench_.heard);
    ASSERT_TRUE(ca().account_request);
    EXPECT_TRUE(ca().account_request->terms_of_service_agreed);
    EXPECT_THAT(ca().account_request->contact, ElementsAre("mailto:a@example.com"));
    EXPECT_EQ(session_.account_url(), ca().server.url("/account/1"));
    EXPECT_EQ(kept()->url, ca().server.url("/account/1"));

    auto next_session = bench_.session();
    Account(next_session, bench_.state, bench_.timer).open({}, bench_.heard);
    EXPECT_EQ(ca().accounts_made, 1);
}

TEST_F(AccountTest, TellsOfOptionsWithoutEffect) {
    account_.open(options_, bench_.heard);
    EXPECT_FALSE(bench_.heard.has(ProgressKind::remark));
    account_.open(options_, bench_.heard);
    EXPECT_FALSE(bench_.heard.has(ProgressKind::remark)) << "they are as they stand";
    options_.contact = {"mailto:b@example.com"};
    options_.external = ExternalAccount{"kid-1", {1, 2, 3}};
    account_.open(options_, bench_.heard);
    const auto told = bench_.heard.events(ProgressKind::remark);
    ASSERT_EQ(told.size(), 2U);
    EXPECT_THAT(told[0].text, HasSubstr("--eab-kid"));
    EXPECT_THAT(told[1].text, HasSubstr("--email has no effect"));
    EXPECT_EQ(ca().accounts_made, 1);
}

TEST_F(AccountTest, IsReplacedOnDemandAndOnceInARun) {
    const auto before = account_.open(options_, bench_.heard);
    options_.replacement = AccountOptions::Replacement::asked_for;
    auto next_session = bench_.session();
    Account next(next_session, bench_.state, bench_.timer);
    const auto after = next.open(options_, bench_.heard);
    EXPECT_NE(after.key.public_key(), before.key.public_key());
    EXPECT_EQ(ca().accounts_made, 2);
    EXPECT_THAT(bench_.heard.events(ProgressKind::remark).back().text, HasSubstr("former-1-"));
    EXPECT_EQ(next.open(options_, bench_.heard).key.public_key(), after.key.public_key());
    EXPECT_EQ(ca().accounts_made, 2);
}

TEST_F(AccountTest, StaysIfNoOtherCanBeHad) {
    const auto before = account_.open(options_, bench_.heard);
    ca().terms_of_service = "https://ca.example/terms";
    auto next_session = bench_.session();
    options_.terms = Terms::not_agreed;
    options_.replacement = AccountOptions::Replacement::asked_for;
    EXPECT_THAT(failure_of([&] {
                    Account(next_session, bench_.state, bench_.timer).open(options_, bench_.heard);
                }),
                HasSubstr("--agree-tos"));
    EXPECT_EQ(kept()->key.public_key(), before.key.public_key());
}

TEST_F(AccountTest, IsOneOfSeveralByName) {
    account_.open(options_, bench_.heard);
    auto next_session = bench_.session();
    Account named(next_session, bench_.state, bench_.timer, "second");
    EXPECT_THAT(failure_of([&] { named.use(); }), HasSubstr("of the name second"));
    const auto second = named.open(options_, bench_.heard);
    EXPECT_NE(second.key.public_key(), kept()->key.public_key());
    EXPECT_EQ(ca().accounts_made, 2);
}

TEST_F(AccountTest, NeedsAgreementToTheTerms) {
    ca().terms_of_service = "https://ca.example/terms";
    const auto text = failure_of([&] { account_.open({}, bench_.heard); });
    EXPECT_THAT(text, HasSubstr("https://ca.example/terms"));
    EXPECT_THAT(text, HasSubstr("--agree-tos"));
    EXPECT_EQ(ca().accounts_made, 0);
}

TEST_F(AccountTest, NeedsNoAgreementWhereThereAreNoTerms) {
    account_.open({}, bench_.heard);
    EXPECT_FALSE(ca().account_request->terms_of_service_agreed);
}

TEST_F(AccountTest, BindsToAnExternalAccount) {
    ca().wants_external_account = true;
    EXPECT_THAT(failure_of([&] { account_.open(options_, bench_.heard); }),
                HasSubstr("--eab-hmac-key-file"));
    const auto file = bench_.folder / "hmac";
    write_durably(file, "c2VjcmV0LWtleS1vZi10aGUtY2E\n", FileAccess::owner);
    options_.external = ExternalAccount::read("kid-1", file).value();
    account_.open(options_, bench_.heard);
    EXPECT_THAT(ca().account_request->external_account_binding, HasSubstr("\"signature\""));
}

TEST_F(AccountTest, IsLookedForWithTheBindingAndMadeWhereTheCaDoesNotLook) {
    ca().wants_external_account = true;
    const auto file = bench_.folder / "hmac";
    write_durably(file, "c2VjcmV0LWtleS1vZi10aGUtY2E", FileAccess::owner);
    options_.external = ExternalAccount::read("kid-1", file).value();
    int looks = 0;
    ca().intercept = [&](const http::Request& request) -> std::optional<http::Response> {
        const auto jws =
            protocol::Jws::from_json(base::bytes_of(request.body), protocol::Jws::Nonce::required);
        if (request.path() != "/account" || !jws) return std::nullopt;
        const auto account = protocol::NewAccountRequest::from_json(jws->payload()).value();
        EXPECT_THAT(account.external_account_binding, HasSubstr("\"signature\""));
        if (!account.only_return_existing) return std::nullopt;
        ++looks;
        return ca().problem(protocol::ProblemType::external_account_required, "no look-ups");
    };
    account_.open(options_, bench_.heard);
    EXPECT_EQ(looks, 1);
    EXPECT_EQ(ca().accounts_made, 1);
}

TEST_F(AccountTest, IsFoundAgainByItsKeyAfterACrash) {
    account_.open(options_, bench_.heard);
    const auto folder = AccountStore(bench_.state).find(ca().directory_url());
    // A run that died between the CA's answer and writing it down has kept only the key.
    for (const auto& entry : std::filesystem::recursive_directory_iterator(bench_.state.accounts()))
        if (entry.path().filename() == "account.json") std::filesystem::remove(entry.path());
    account_.open({}, bench_.heard);
    EXPECT_EQ(ca().accounts_made, 1);
    EXPECT_EQ(kept()->url, ca().server.url("/account/1"));
}

TEST_F(AccountTest, IsOnlyUsedWhereThereIsOne) {
    EXPECT_THAT(failure_of([&] { account_.use(); }), HasSubstr("there is none"));
    account_.open(options_, bench_.heard);
    EXPECT_EQ(account_.use().url, ca().server.url("/account/1"));
}

TEST_F(AccountTest, ChangesItsContacts) {
    const auto stored = account_.open(options_, bench_.heard);
    account_.update_contact(stored, {"mailto:b@example.com"});
    EXPECT_THAT(ca().contact, ElementsAre("mailto:b@example.com"));
    EXPECT_THAT(kept()->contact, ElementsAre("mailto:b@example.com"));
    EXPECT_THAT(account_.fetch().contact, ElementsAre("mailto:b@example.com"));
}

TEST_F(AccountTest, RollsItsKeyOver) {
    const auto stored = account_.open(options_, bench_.heard);
    const auto rolled = account_.roll_over(stored, KeyType::ec_p384);
    EXPECT_NE(rolled.key.public_key(), stored.key.public_key());
    EXPECT_EQ(ca().account_jwk->public_key(), rolled.key.public_key());
    EXPECT_EQ(kept()->key.public_key(), rolled.key.public_key());
    EXPECT_EQ(account_.fetch().status, protocol::AccountStatus::valid);
}

TEST_F(AccountTest, KeepsItsKeyIfTheCaRefusesTheNewOne) {
    const auto stored = account_.open(options_, bench_.heard);
    ca().intercept = [&](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/key-change") return std::nullopt;
        return ca().problem(protocol::ProblemType::malformed, "no");
    };
    EXPECT_THAT(failure_of([&] { account_.roll_over(stored, KeyType::ec_p384); }),
                StartsWith("Could not replace the key"));
    EXPECT_EQ(kept()->key.public_key(), stored.key.public_key());
    EXPECT_FALSE(AccountStore(bench_.state).staged_key(ca().directory_url()));
}

TEST_F(AccountTest, KnowsTheNewKeyIfOnlyTheReplyWasLost) {
    const auto stored = account_.open(options_, bench_.heard);
    // The CA takes the key, its reply is a fault of a proxy, and the repetition, signed by the old
    // key, is refused.
    bool is_lost = false;
    ca().intercept = [&](const http::Request& request) -> std::optional<http::Response> {
        if (request.path() != "/key-change" || is_lost) return std::nullopt;
        is_lost = true;
        ca().intercept = nullptr;
        static_cast<void>(ca().answer(request));
        return testing::response(502);
    };
    const auto rolled = account_.roll_over(stored, KeyType::ec_p384);
    EXPECT_EQ(ca().account_jwk->public_key(), rolled.key.public_key());
    EXPECT_EQ(kept()->key.public_key(), rolled.key.public_key());
    EXPECT_EQ(account_.fetch().status, protocol::AccountStatus::valid);
}

TEST_F(AccountTest, LeavesAKeyAloneThatAnotherRunIsAboutToTake) {
    account_.open(options_, bench_.heard);
    static_cast<void>(AccountStore(bench_.state).stage_key(ca().directory_url(), KeyType::ec_p384));
    const auto lock = bench_.state.lock_accounts(bench_.timer, std::chrono::seconds(1));
    EXPECT_NE(failure_of([&] { account_.use(); }), "");
    EXPECT_TRUE(AccountStore(bench_.state).staged_key(ca().directory_url()));
}

TEST_F(AccountTest, SettlesARolloverThatDiedAfterTheCaTookIt) {
    account_.open(options_, bench_.heard);
    const auto staged =
        AccountStore(bench_.state).stage_key(ca().directory_url(), KeyType::ec_p384);
    ca().account_jwk = protocol::Jwk::of(staged.public_key());
    EXPECT_EQ(account_.use().key.public_key(), staged.public_key());
    EXPECT_EQ(account_.fetch().status, protocol::AccountStatus::valid);
}

TEST_F(AccountTest, SettlesARolloverThatDiedBeforeTheCaHeardOfIt) {
    const auto stored = account_.open(options_, bench_.heard);
    static_cast<void>(AccountStore(bench_.state).stage_key(ca().directory_url(), KeyType::ec_p384));
    EXPECT_EQ(account_.use().key.public_key(), stored.key.public_key());
    EXPECT_FALSE(AccountStore(bench_.state).staged_key(ca().directory_url()));
}

TEST_F(AccountTest, IsDeactivatedForEver) {
    const auto stored = account_.open(options_, bench_.heard);
    account_.deactivate(stored);
    EXPECT_FALSE(ca().account_is_known);
    EXPECT_FALSE(kept());
}

TEST(ExternalAccount, ReadsKeysAsCasPrintThem) {
    const testing::TemporaryFolder folder;
    const auto read = [&](const char* text) {
        write_durably(folder / "key", text, FileAccess::owner);
        return ExternalAccount::read("kid", folder / "key");
    };
    const base::SecretBytes expected{0xfb, 0xef, 0xff, 0x01};
    for (const auto* text : {"--__AQ", "--__AQ==\n", "++//AQ==", " --__AQ\r\n"}) {
        const auto account = read(text);
        ASSERT_TRUE(account) << text << account.error().message;
        EXPECT_EQ(account->hmac_key, expected) << text;
    }
    for (const auto* text : {"", "\n", "not base64!", "--__A"}) EXPECT_FALSE(read(text)) << text;
    EXPECT_FALSE(ExternalAccount::read("kid", folder / "none"));
}

}  // namespace
}  // namespace cairn::client::account_test
