#include "api/account_api.h"

#include "api/testing/api_bench.h"
#include "protocol/account.h"
#include "protocol/external_account_binding.h"

namespace cairn::api::testing::account_api_test {
namespace {

using enum protocol::ProblemType;
using protocol::AccountObject;
using protocol::AccountStatus;
using ::testing::Contains;
using ::testing::Pair;

const std::string new_account = site + "/acme/new-account";
const std::string key_change = site + "/acme/key-change";

class AccountApiTest : public ApiBench {
  protected:
    /// A request to change the key of `sender`, with the inner JWS that is given.
    http::Response change_key(const Client& sender, const std::string& inner) {
        return post(sender, key_change, inner);
    }
    /// An inner JWS that is as it should be, but for what is given.
    static std::string inner_jws(const Client& sender, const crypto::PrivateKey& key,
                                 protocol::JwsHeader header = {
                                     .url = key_change, .nonce = {}, .kid = {}}) {
        return protocol::make_jws(key, header, change_by(sender));
    }
    static std::string change_by(const Client& sender) {
        return protocol::KeyChangeRequest{.account = sender.kid,
                                          .old_key = protocol::Jwk::of(sender.key.public_key())}
            .to_json();
    }
};

TEST_F(AccountApiTest, MakesAnAccountAndFindsItAgain) {
    const auto sender = stranger();
    const auto made = post(sender, new_account, R"({"contact":["mailto:a@example.org"]})");
    EXPECT_EQ(made.status, 201);
    const auto account = object<AccountObject>(made);
    EXPECT_EQ(account.status, AccountStatus::valid);
    EXPECT_EQ(account.contact, std::vector<std::string>{"mailto:a@example.org"});
    const auto location = field(made, "Location");
    EXPECT_EQ(account.orders, location + "/orders");

    const auto again = post(sender, new_account, R"({"onlyReturnExisting":true})");
    EXPECT_EQ(again.status, 200);
    EXPECT_EQ(field(again, "Location"), location);
    EXPECT_EQ(read({sender.key, location}, location).status, 200);
}

TEST_F(AccountApiTest, RefusesWhatMakesNoAccount) {
    EXPECT_EQ(refused(post(stranger(), new_account, R"({"onlyReturnExisting":true})")),
              (Refused{account_does_not_exist, 400, "no account has this key"}));
    EXPECT_EQ(refused(post(stranger(), new_account, "[]")).type, malformed);
    EXPECT_EQ(refused(post(stranger(), new_account, R"({"contact":["tel:+1"]})")).type,
              unsupported_contact);
    EXPECT_TRUE(facts->accounts.empty());
}

TEST_F(AccountApiTest, ShowsChangesAndEndsAnAccount) {
    const auto sender = client();
    EXPECT_TRUE(object<AccountObject>(read(sender, sender.kid)).contact.empty());
    const auto changed = post(sender, sender.kid, R"({"contact":["mailto:b@example.org"]})");
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(object<AccountObject>(changed).contact,
              std::vector<std::string>{"mailto:b@example.org"});
    EXPECT_EQ(object<AccountObject>(post(sender, sender.kid, R"({"status":"deactivated"})")).status,
              AccountStatus::deactivated);
    EXPECT_EQ(refused(read(sender, sender.kid)),
              (Refused{unauthorized, 401, "the account is deactivated"}));
}

TEST_F(AccountApiTest, ShowsTheBindingOfAnAccount) {
    const ca::ExternalKey external{
        .kid = "k1", .hmac_key = base::SecretBytes(32, 7), .created = start_time};
    ASSERT_TRUE(await(repository.create_external_key(external)));
    const auto sender = stranger();
    protocol::NewAccountRequest request;
    request.external_account_binding = protocol::make_external_account_binding(
        sender.key.public_key(), external.kid, external.hmac_key, new_account);
    const auto made = post(sender, new_account, request.to_json());
    EXPECT_EQ(made.status, 201);
    EXPECT_EQ(object<AccountObject>(made).external_account_binding,
              request.external_account_binding);
    const auto location = field(made, "Location");
    EXPECT_EQ(
        object<AccountObject>(read({sender.key, location}, location)).external_account_binding,
        request.external_account_binding);
}

TEST_F(AccountApiTest, ShowsWhetherTheTermsAreAgreedTo) {
    registration_options.terms.url = "https://ca.example/terms";
    const auto sender = stranger();
    EXPECT_EQ(refused(post(sender, new_account, "{}")).type, malformed);
    const auto made = post(sender, new_account, R"({"termsOfServiceAgreed":true})");
    EXPECT_TRUE(object<AccountObject>(made).terms_of_service_agreed);
    facts->accounts.begin()->second.terms_url = "https://ca.example/former";
    const Client client{sender.key, field(made, "Location")};
    EXPECT_FALSE(object<AccountObject>(read(client, client.kid)).terms_of_service_agreed);
    const auto refusal = post(client, site + "/acme/new-order",
                              R"({"identifiers":[{"type":"dns","value":"www.example.org"}]})");
    EXPECT_EQ(refused(refusal).type, user_action_required);
    EXPECT_EQ(protocol::Problem::from_json(base::bytes_of(refusal.body))->instance,
              "https://ca.example/terms");
    const auto agreed = post(client, client.kid, R"({"termsOfServiceAgreed":true})");
    EXPECT_TRUE(object<AccountObject>(agreed).terms_of_service_agreed);
}

TEST_F(AccountApiTest, RefusesABrokenUpdate) {
    const auto sender = client();
    EXPECT_EQ(refused(post(sender, sender.kid, R"({"status":1})")).type, malformed);
}

TEST_F(AccountApiTest, ShowsNobodyAnothersAccount) {
    const auto sender = client();
    const auto other = client();
    const Refused elsewhere{unauthorized, 403, "this is the resource of another account"};
    EXPECT_EQ(refused(read(sender, other.kid)), elsewhere);
    EXPECT_EQ(refused(post(sender, other.kid, R"({"status":"deactivated"})")), elsewhere);
    EXPECT_EQ(refused(read(sender, other.kid + "/orders")), elsewhere);
    EXPECT_EQ(read(other, other.kid).status, 200);
}

TEST_F(AccountApiTest, ListsOrdersPageByPage) {
    const auto sender = client();
    std::vector<std::string> urls;
    for (std::size_t i = 0; i < ca::Ordering::page_size + 1; ++i) {
        urls.push_back(links.order(
            placed(*sender.account, {"n" + std::to_string(i) + ".example.org"}).order.id));
        clock.advance(1s);
    }
    std::ranges::reverse(urls);
    const auto first = read(sender, sender.kid + "/orders");
    EXPECT_EQ(object<protocol::OrdersList>(first).orders,
              std::vector(urls.begin(), urls.end() - 1));
    const auto id = urls[ca::Ordering::page_size - 1].substr(urls.back().rfind('/') + 1);
    const auto next = sender.kid + "/orders?before=" + id;
    EXPECT_THAT(first.fields, Contains(Pair("Link", "<" + next + ">;rel=\"next\"")));
    const auto second = read(sender, next);
    EXPECT_EQ(object<protocol::OrdersList>(second).orders, std::vector{urls.back()});
    EXPECT_THAT(second.fields,
                ::testing::Not(Contains(Pair("Link", ::testing::HasSubstr("next")))));
}

TEST_F(AccountApiTest, RefusesForgedCursors) {
    const auto sender = client();
    for (const char* query : {"?", "?cursor=x", "?page=-1"})
        EXPECT_EQ(refused(read(sender, sender.kid + "/orders" + query)),
                  (Refused{malformed, 400, "the query of an orders URL is before=ORDER"}))
            << query;
    for (const char* query : {"?before=", "?before=../../etc"})
        EXPECT_EQ(refused(read(sender, sender.kid + "/orders" + query)),
                  (Refused{malformed, 400, "the cursor in the query is not ours"}))
            << query;
    EXPECT_EQ(
        refused(post(sender, sender.kid + "/orders", "{}")),
        (Refused{malformed, 400, "this resource is read by POST-as-GET, with an empty payload"}));
}

TEST_F(AccountApiTest, ChangesAKey) {
    const auto sender = client();
    const auto key = new_key();
    const auto changed = change_key(sender, inner_jws(sender, key));
    EXPECT_EQ(changed.status, 200);
    EXPECT_EQ(field(changed, "Location"), sender.kid);
    EXPECT_EQ(read({key, sender.kid}, sender.kid).status, 200);
    EXPECT_EQ(refused(read(sender, sender.kid)).type, malformed);
}

TEST_F(AccountApiTest, NamesTheAccountThatHasTheNewKey) {
    const auto sender = client();
    const auto other = client();
    const auto response = change_key(sender, inner_jws(sender, other.key));
    EXPECT_EQ(refused(response), (Refused{malformed, 409, "another account has the new key"}));
    EXPECT_EQ(field(response, "Location"), other.kid);
}

TEST_F(AccountApiTest, RefusesEachFaultOfTheInnerJws) {
    const auto sender = client();
    const auto other = client();
    const auto key = new_key();
    const auto detail = [](std::string text) {
        return Refused{malformed, 400, "inner JWS: " + std::move(text)};
    };
    EXPECT_EQ(refused(change_key(
                  sender, inner_jws(sender, key, {.url = new_account, .nonce = {}, .kid = {}}))),
              detail("its url is not that of the outer JWS"));
    EXPECT_EQ(
        refused(change_key(
            sender, inner_jws(sender, key, {.url = key_change, .nonce = {}, .kid = sender.kid}))),
        detail("it must carry the new key as jwk"));
    EXPECT_EQ(refused(change_key(
                  sender,
                  inner_jws(sender, key, {.url = key_change, .nonce = nonces.issue(), .kid = {}}))),
              detail("protected header: there must be no nonce"));
    EXPECT_EQ(refused(change_key(sender, inner_jws({sender.key, other.kid}, key))),
              detail("account is not the account that signed"));
    EXPECT_EQ(refused(change_key(sender, inner_jws({other.key, sender.kid}, key))),
              detail("oldKey is not the key of the account"));
    auto forged = inner_jws(sender, key);
    const auto payload = base::base64url(base::bytes_of(change_by(sender)));
    forged.replace(forged.find(payload), payload.size(), "e30");
    EXPECT_EQ(refused(change_key(sender, forged)),
              detail("its signature does not verify under the new key"));
    EXPECT_EQ(
        refused(change_key(sender, protocol::make_jws(
                                       key, {.url = key_change, .nonce = {}, .kid = {}}, "{}")))
            .type,
        malformed);
    EXPECT_EQ(refused(change_key(sender, inner_jws(sender, sender.key))),
              (Refused{malformed, 400, "the new key is the account's present key"}));
    EXPECT_EQ(read(sender, sender.kid).status, 200) << "it has its key";
}

}  // namespace
}  // namespace cairn::api::testing::account_api_test
