#include "admin/eab_operations.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/operations.h"
#include "base/base64url.h"
#include "ca/testing/memory_repository.h"

namespace cairn::admin::eab_operations_test {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr base::Time now{base::Seconds{1'800'000'000}};

class EabTest : public ::testing::Test {
  protected:
    json::object run(std::string_view verb, const std::string& arguments = "{}") {
        const Context context{.repository = repository_,
                              .clock = clock_,
                              .random = random_,
                              .log = *log_,
                              .operator_name = "user 7",
                              .profiles = profiles_};
        boost::asio::io_context loop(1);
        const auto object = json::parse(arguments).as_object();
        auto answer = boost::asio::co_spawn(
            loop, perform(context, *find_operation("eab", verb), object), boost::asio::use_future);
        loop.run();
        return answer.get();
    }
    std::string kid_of(const json::object& answer) {
        return std::string(answer.at("kid").as_string());
    }
    std::string refused(std::string_view verb, const std::string& arguments) {
        const auto answer = run(verb, arguments);
        EXPECT_FALSE(answer.at("ok").as_bool()) << json::serialize(answer);
        return json::serialize(answer.if_contains("error") ? answer.at("error") : json::value());
    }
    ca::ExternalKey kept(const std::string& kid) { return facts_->external_keys.at(kid); }

    std::shared_ptr<ca::testing::MemoryFacts> facts_ = std::make_shared<ca::testing::MemoryFacts>();
    ca::testing::MemoryRepository repository_{facts_};
    base::ManualClock clock_{now};
    crypto::SystemRandom random_;
    std::unique_ptr<base::Log> log_ = base::silent_log();
    std::map<std::string, ca::Profile> profiles_{
        {"short", ca::Profile{.name = "short", .description = {}, .operators_word = true}}};
};

TEST_F(EabTest, MakesAKeyForOneAccount) {
    const auto answer = run("create");
    ASSERT_TRUE(answer.at("ok").as_bool()) << json::serialize(answer);
    const auto key = kept(kid_of(answer));
    EXPECT_TRUE(ca::is_kid(key.kid));
    const auto secret = base::from_base64url(answer.at("hmac_key").as_string());
    ASSERT_TRUE(secret);
    EXPECT_EQ(secret->size(), 32U);
    EXPECT_TRUE(std::ranges::equal(*secret, key.hmac_key));
    EXPECT_EQ(key.most_uses, 1);
    EXPECT_EQ(key.created, now);
    EXPECT_FALSE(key.not_after);
    EXPECT_EQ(answer.at("state").as_string(), "usable");
    EXPECT_NE(kid_of(run("create")), key.kid);
}

TEST_F(EabTest, MakesNoSecretThatLooksLikeAnOption) {
    for (int i = 0; i < 300; ++i)
        EXPECT_FALSE(run("create").at("hmac_key").as_string().starts_with('-'));
}

TEST_F(EabTest, KeepsWhatWasSaid) {
    const auto answer = run("create", R"({"name": [".corp.example", "10.0.0.0/8"],
        "network": ["192.0.2.0/24"], "profile": ["short"], "without_validation": true,
        "max_uses": 7, "valid_for": "2d", "note": "web team"})");
    ASSERT_TRUE(answer.at("ok").as_bool()) << json::serialize(answer);
    const auto key = kept(kid_of(answer));
    ASSERT_EQ(key.scope.names.size(), 2U);
    EXPECT_EQ(key.scope.names[0].to_string(), ".corp.example");
    ASSERT_EQ(key.scope.networks.size(), 1U);
    EXPECT_EQ(key.scope.profiles, std::vector<std::string>{"short"});
    EXPECT_TRUE(key.scope.names_are_vouched_for);
    EXPECT_EQ(key.most_uses, 7);
    EXPECT_EQ(key.not_after, now + std::chrono::hours(48));
    EXPECT_EQ(key.note, "web team");
    EXPECT_FALSE(kept(kid_of(run("create", R"({"reusable": true})"))).most_uses);
    EXPECT_EQ(kept(kid_of(run("create", R"({"not_after": "2027-02-01T00:00:00Z"})"))).not_after,
              base::from_rfc3339("2027-02-01T00:00:00Z").value());
}

TEST_F(EabTest, RefusesWhatMakesNoSense) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {R"({"name": ["a b"]})", "name"},
        {R"({"name": ["*"]})", "name"},
        {R"({"network": ["10.0.0.1/8"]})", "network"},
        {R"({"profile": [""]})", "profile"},
        {R"({"profile": ["shrt"]})", "no such profile"},
        {R"({"without_validation": true})", "without_validation needs"},
        {R"({"max_uses": 0})", "max_uses"},
        {R"({"max_uses": 1000000001})", "max_uses"},
        {R"({"max_uses": 2, "reusable": true})", "contradict"},
        {R"({"valid_for": "2"})", "valid_for"},
        {R"({"valid_for": "0d"})", "valid_for"},
        {R"({"valid_for": "1y"})", "valid_for"},
        {R"({"valid_for": "1d", "not_after": "2027-02-01T00:00:00Z"})", "contradict"},
        {R"({"not_after": "tomorrow"})", "not_after"},
        {R"({"not_after": "2027-01-15T08:00:00Z"})", "in the past"},
        {R"({"note": "two\nlines"})", "note"},
        {R"({"note": ")" + std::string(501, 'x') + R"("})", "note"},
    };
    for (const auto& [arguments, reason] : cases) {
        const auto error = refused("create", arguments);
        EXPECT_THAT(error, HasSubstr(R"("code":"usage")")) << arguments;
        EXPECT_THAT(error, HasSubstr(reason)) << arguments;
    }
    EXPECT_TRUE(facts_->external_keys.empty());
}

TEST_F(EabTest, HasNoWordForTheOperatorOfAPublicCa) {
    profiles_.at("short").operators_word = false;
    const auto error =
        refused("create", R"({"name": [".corp.example"], "without_validation": true})");
    EXPECT_THAT(error, HasSubstr(R"("code":"conflict")"));
    EXPECT_THAT(error, HasSubstr("public CA"));
    EXPECT_TRUE(facts_->external_keys.empty());
}

TEST_F(EabTest, TellsTheSecretOnceOnly) {
    const auto kid = kid_of(run("create", R"({"note": "for a"})"));
    clock_.advance(base::Seconds(1));
    const auto second = kid_of(run("create"));
    const auto listed = run("list");
    ASSERT_EQ(listed.at("keys").as_array().size(), 2U);
    EXPECT_EQ(listed.at("keys").at(0).at("kid").as_string(), kid);
    EXPECT_EQ(listed.at("keys").at(1).at("kid").as_string(), second);
    const auto page = run("list", R"({"limit": 1})");
    EXPECT_EQ(page.at("next").as_string(), kid);
    const auto rest = run("list", R"({"limit": 1, "after": ")" + kid + R"("})");
    EXPECT_EQ(rest.at("keys").at(0).at("kid").as_string(), second);
    const auto shown = run("show", R"({"kid": ")" + kid + R"("})");
    EXPECT_EQ(shown.at("note").as_string(), "for a");
    EXPECT_TRUE(shown.at("accounts").as_array().empty());
    for (const auto& answer : {listed, shown, page}) {
        EXPECT_THAT(json::serialize(answer), Not(HasSubstr("hmac")));
        EXPECT_THAT(json::serialize(answer), Not(HasSubstr(base::base64url(kept(kid).hmac_key))));
    }
}

TEST_F(EabTest, RevokesAKeyAndWhoIsBoundToIt) {
    const auto kid = kid_of(run("create", R"({"reusable": true})"));
    const auto bound = [&] {
        ca::Account account{
            .id = ca::AccountId::fresh(now, random_),
            .key = protocol::Jwk::of(
                crypto::PrivateKey::generate(crypto::KeyType::ec_p256).public_key()),
            .contacts = {},
            .created = now,
            .terms_agreed = std::nullopt,
            .deactivated = std::nullopt,
            .binding = ca::Account::Binding{kid, "{}"}};
        facts_->accounts.emplace(account.id, account);
        return account.id;
    };
    std::vector<ca::AccountId> ids;
    for (int i = 0; i < 101; ++i) ids.push_back(bound());
    EXPECT_EQ(run("show", R"({"kid": ")" + kid + R"("})").at("accounts").as_array().size(), 100U);

    const auto revoked = run("revoke", R"({"kid": ")" + kid + R"("})");
    EXPECT_EQ(revoked.at("state").as_string(), "revoked");
    EXPECT_TRUE(kept(kid).revoked);
    EXPECT_FALSE(facts_->accounts.at(ids[0]).deactivated) << "unless that is said";
    const auto again = run("revoke", R"({"kid": ")" + kid + R"(", "deactivate_accounts": true})");
    EXPECT_EQ(again.at("deactivated_accounts").as_int64(), 101);
    for (const auto& id : ids) EXPECT_TRUE(facts_->accounts.at(id).deactivated);
}

TEST_F(EabTest, KnowsNoOtherKey) {
    for (const auto* verb : {"show", "revoke"})
        for (const std::string kid : {"unknown", "", "-x", "a b"})
            EXPECT_THAT(refused(verb, R"({"kid": ")" + kid + R"("})"),
                        HasSubstr(R"("code":"notFound")"))
                << verb << " " << kid;
    EXPECT_THAT(refused("list", R"({"after": "a b"})"), HasSubstr(R"("code":"usage")"));
}

}  // namespace
}  // namespace cairn::admin::eab_operations_test
