#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "client/dns/recipe.h"
#include "client/testing/provider_fixture.h"
#include "crypto/base64.h"
#include "crypto/mac.h"
#include "crypto/signature.h"

namespace cairn::client::recipe_provider_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;

constexpr std::string_view head =
    "title = 'Some'\naccess = 'A key.'\ndocumentation = 'https://some.test/ (2026-11-30)'\n"
    "api_url = 'https://api.some.test'\n[[keys]]\nname = 'api_key'\nmeaning = 'a key'\n";
constexpr std::string_view direct =
    "[create]\nmethod = 'POST'\npath = '/{zone}/{name}'\njson = { v = '{value}', n = 5 }\n"
    "[remove]\nmethod = 'DELETE'\npath = '/{zone}/{name}'\nquery = { v = '{value}' }\n";
constexpr std::string_view whole_sets =
    "[read]\npath = '/set'\nlist = 'v'\ntag_field = 'ETag'\naccepted = [404]\n"
    "[write]\nmethod = 'PUT'\npath = '/set'\nfields = { If-Match = '{tag}' }\nconflicts = [412]\n"
    "json = { v = { each = '{value}' } }\n"
    "[clear]\nmethod = 'DELETE'\npath = '/set'\n";

/// Drives recipes with a server that answers as a test says.
class RecipeProviderTest : public testing::ProviderTest {
  protected:
    /// `before`: keys of the top level.
    std::unique_ptr<DnsProvider> of_text(std::string_view text, std::string_view before = {},
                                         std::string key = "secret-of-api_key") {
        kind_ = provider_kind_of(
            Recipe::from_toml(std::string(before) + std::string(head) + std::string(text), "x")
                .value());
        return kind_
            .make(kind_,
                  DnsCredentials({{"api_url", server_.url("")},
                                  {"login_url", server_.url("/identity")},
                                  {"ca_file", server_.root_file().string()},
                                  {"api_key", std::move(key)}}),
                  {.clock = clock_, .timer = timer_, .random = random_, .trace = &trace_})
            .value();
    }
    http::Request last() const { return server_.requests().back(); }
    ProviderKind kind_;
};

TEST_F(RecipeProviderTest, LogsInAndLooksForTheZonePageByPage) {
    answer_ = [](const http::Request& request) {
        if (request.target == "/login") {
            EXPECT_EQ(request.field("Authorization"), "Basic c2VjcmV0LW9mLWFwaV9rZXk6eA==");
            return response(200, R"({"t":{"v":"granted-token"},"life":600})");
        }
        EXPECT_EQ(request.field("Authorization"), "Bearer granted-token");
        if (request.target == "/zones?page=1")
            return response(200, R"({"z":[{"n":"other.test"}]})");
        if (request.target == "/zones?page=2")
            return response(200, R"({"z":[{"n":"Example.com.","i":42}]})");
        if (request.target == "/zones?page=3") return response(200, R"({"z":[]})");
        if (request.target.starts_with("/zones")) return response(500, "{}");
        return response(200, R"({"ok":true})");
    };
    const auto provider = of_text(
        "[request]\nbasic = ['{api_key}', 'x']\nfields = { Authorization = 'Bearer {token}' }\n"
        "[login]\nmethod = 'POST'\npath = '/login'\ntoken = 't.v'\nlifetime = 'life'\n"
        "[zone]\npath = '/zones'\nlist = 'z'\nname = 'n'\nid = 'i'\npage = 'page'\n"
        "[create]\nmethod = 'POST'\npath = '/{zone_id}'\nform = { v = '{value}' }\n"
        "[remove]\nmethod = 'DELETE'\npath = '/{zone_id}/{subname}'\n");
    provider->set(record_);
    provider->remove(record_);
    EXPECT_THAT(asked(), ElementsAre("POST /login", "GET /zones?page=1", "GET /zones?page=2",
                                     "POST /42", "DELETE /42/_acme-challenge.www"));
    EXPECT_EQ(server_.requests()[3].body, "v=the-value");
    EXPECT_EQ(provider->has_zone("none.test"), false);
    EXPECT_THAT(trace_.text(), Not(HasSubstr("secret-of-api_key")));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("granted-token")));
}

TEST_F(RecipeProviderTest, LogsInElsewhereAndAgainWhenTheTokenIsRefused) {
    int logins = 0;
    answer_ = [&](const http::Request& request) {
        if (request.target == "/identity/tokens")
            return response(201, "{}", {{"X-Subject-Token", fmt::format("token-{}", ++logins)}});
        if (request.field("X-Token") == "token-1") return response(401, R"({"e":"ended"})");
        return response(200, "{}");
    };
    const auto provider =
        of_text(std::string(direct) +
                "[request]\nfields = { X-Token = '{token}' }\n"
                "[login]\napi_url = 'https://id.some.test'\nmethod = 'POST'\npath = '/tokens'\n"
                "token_field = 'X-Subject-Token'\nusual_lifetime = '1h'\n");
    provider->set(record_);
    provider->remove(record_);
    EXPECT_THAT(
        asked(),
        ElementsAre("POST /identity/tokens", "POST /example.com/_acme-challenge.www.example.com",
                    "POST /identity/tokens", "POST /example.com/_acme-challenge.www.example.com",
                    "DELETE /example.com/_acme-challenge.www.example.com?v=the-value"));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("token-1")));
}

TEST_F(RecipeProviderTest, SignsRequestsAsItsStepsSay) {
    answer_ = [](const http::Request&) { return response(200, "{}"); };
    const auto provider = of_text(
        std::string(direct) +
        "[[derived]]\nname = 'time'\nfunction = 'now'\nformat = 'iso'\n"
        "[[derived]]\nname = 'day_key'\nfunction = 'hmac_sha256'\nof = '{time}'\n"
        "key = '{api_key}'\nas = 'raw'\n"
        "[[derived]]\nname = 'body_digest'\nfunction = 'sha256'\nof = '{body}'\n"
        "[[derived]]\nname = 'to_sign'\nfunction = 'join'\nwith = '|'\n"
        "parts = ['{method}', '{path}', '{sorted_query}', '{body_digest}']\n"
        "[[derived]]\nname = 'signature'\nfunction = 'hmac_sha1'\nof = '{to_sign}'\n"
        "key = '{day_key}'\nas = 'base64'\n"
        "[request]\nquery = { z = '1', Time = '{time}' }\n"
        "fields = { X-Digest = '{body_digest}' }\nsigned_query = { Signature = '{signature}' }\n");
    provider->set(record_);
    const auto request = last();
    const auto text = [](const base::Bytes& octets) { return std::string(base::text_of(octets)); };
    using enum crypto::HashFunction;
    const auto body_digest = base::to_hex(crypto::digest(sha256, base::bytes_of(request.body)));
    EXPECT_EQ(request.field("X-Digest"), body_digest);
    const auto key = text(crypto::hmac(sha256, base::bytes_of("secret-of-api_key"),
                                       base::bytes_of("2026-09-21T14:13:20Z")));
    const auto to_sign =
        "POST|/example.com/_acme-challenge.www.example.com|Time=2026-09-21T14%3A13%3A20Z&z=1|" +
        body_digest;
    const auto signature =
        crypto::base64(crypto::hmac(sha1, base::bytes_of(key), base::bytes_of(to_sign)));
    std::string encoded;
    for (const char c : signature)
        encoded += c == '+' ? "%2B" : c == '/' ? "%2F" : c == '=' ? "%3D" : std::string(1, c);
    EXPECT_THAT(request.target, ::testing::EndsWith("&z=1&Signature=" + encoded));
    EXPECT_THAT(trace_.text(), AllOf(Not(HasSubstr(encoded)), Not(HasSubstr("secret-of-"))));
}

TEST_F(RecipeProviderTest, KnowsWhoIsAskedByNameOfTheMethod) {
    answer_ = [](const http::Request& request) {
        if (request.path() == "/identity/t-1/oauth2/v2.0/token" || request.path() == "/token")
            return response(200, R"({"access_token":"granted-token","expires_in":"3599"})");
        return response(200, "{}");
    };
    of_text(std::string(direct) +
            "[authentication]\nmethod = 'aws4'\naccess_key_id = 'AK'\n"
            "secret_access_key = '{api_key}'\nregion = 'r'\nservice = 's'\n")
        ->set(record_);
    EXPECT_THAT(std::string(last().field("Authorization")),
                HasSubstr("AWS4-HMAC-SHA256 Credential=AK/20260921/r/s/aws4_request, "
                          "SignedHeaders=content-type;host;x-amz-date, Signature="));
    const std::string bearer = "[request]\nfields = { Authorization = 'Bearer {token}' }\n";
    of_text(bearer + std::string(direct) +
            fmt::format("[authentication]\nmethod = 'azure'\ntenant_id = 't-1'\nclient_id = 'c'\n"
                        "client_secret = '{{api_key}}'\nscope = 's'\nlogin_url = '{}'\n",
                        server_.url("/identity")))
        ->set(record_);
    EXPECT_EQ(last().field("Authorization"), "Bearer granted-token");
    const auto pem = crypto::PrivateKey::generate(crypto::KeyType::rsa2048).to_pem();
    of_text(
        bearer + std::string(direct) +
            "[authentication]\nmethod = 'google'\nservice_account = '{api_key}'\nscope = 's'\n",
        {},
        boost::json::serialize(boost::json::object{{"client_email", "me"},
                                                   {"private_key", std::string(base::text_of(pem))},
                                                   {"token_uri", server_.url("/token")}}))
        ->set(record_);
    EXPECT_EQ(last().field("Authorization"), "Bearer granted-token");
    EXPECT_EQ(server_.count("/token"), 1U);
    EXPECT_THAT(trace_.text(), Not(HasSubstr("granted-token")));
}

TEST_F(RecipeProviderTest, FollowsEachKindOfPages) {
    const std::pair<const char*, const char*> kinds[] = {
        {"next = 'next'", R"({"r":[],"next":"ORIGIN/r?p=2"})"},
        {"link = true", R"({"r":[]})"},
        {"cursor = 'c.d'\ncursor_parameter = 'p'", R"({"r":[],"c":{"d":2}})"},
        {"page = 'p'\nfirst_page = 0\npage_step = 2\npage_size = 2", R"({"r":[{},{}]})"},
    };
    for (const auto& [keys, first] : kinds) {
        std::string page = first;
        if (const auto at = page.find("ORIGIN"); at != std::string::npos)
            page.replace(at, 6, server_.url(""));
        answer_ = [&](const http::Request& request) {
            if (request.method != "GET") return response(200, "{}");
            if (request.target.ends_with("p=2"))
                return response(200, R"({"r":[{"i":7,"v":"\"the-value\""}]})");
            return response(200, page, {{"Link", "<?p=2>; rel=\"next\""}});
        };
        of_text(fmt::format("[create]\npath = '/c'\n[remove]\nmethod = 'DELETE'\n"
                            "path = '/{{record_id}}'\n"
                            "[find]\npath = '/r'\nlist = 'r'\nid = 'i'\nvalue = 'v'\n{}\n",
                            keys))
            ->remove(record_);
        EXPECT_EQ(last().target, "/7") << keys;
    }
    // A list without end.
    answer_ = [&](const http::Request&) {
        return response(200, R"({"r":[]})", {{"Link", "</r>; rel=\"next\""}});
    };
    const auto endless = of_text(std::string(direct) +
                                 "[find]\npath = '/r'\nlist = 'r'\nvalue = 'v'\nlink = true\n");
    EXPECT_THAT(failure_of([&] { endless->remove(record_); }), HasSubstr("more than 50 pages"));
}

TEST_F(RecipeProviderTest, ReadsMembersAsAListAndSendsTheTypeThatItSays) {
    answer_ = [](const http::Request& request) {
        return response(200, request.method == "GET"
                                 ? R"({"r":{"7":{"i":7,"v":"x"},"8":{"i":8,"v":"the-value"}}})"
                                 : "{}");
    };
    const auto provider = of_text(
        "[request]\nfields = { Content-Type = 'application/vnd.api+json' }\n"
        "[find]\npath = '/r'\nlist = 'r'\nid = 'i'\nvalue = 'v'\n[create]\npath = '/c'\n"
        "[remove]\nmethod = 'POST'\npath = '/d'\njson = { i = { number = '{record_id}' } }\n");
    provider->remove(record_);
    EXPECT_EQ(last().body, R"({"i":8})");
    EXPECT_EQ(last().field("Content-Type"), "application/vnd.api+json");
    EXPECT_EQ(last().field_count("Content-Type"), 1U);
}

TEST_F(RecipeProviderTest, GoesToNoOtherHost) {
    for (const auto* way : {"next = 'next'", "link = true"}) {
        answer_ = [](const http::Request&) {
            return response(200, R"({"r":[],"next":"https://evil.test/records"})",
                            {{"Link", "<https://evil.test/records>; rel=\"next\""}});
        };
        const auto provider = of_text(
            std::string(direct) + "[find]\npath = '/r'\nlist = 'r'\nvalue = 'v'\n" + way + "\n");
        EXPECT_THAT(failure_of([&] { provider->remove(record_); }), HasSubstr("another host"));
    }
}

TEST_F(RecipeProviderTest, RemovesNothingThatHasNoId) {
    for (const auto* record : {R"([{"v":"the-value"}])", R"([{"v":"the-value","i":".."}])"}) {
        answer_ = [&](const http::Request& request) {
            EXPECT_EQ(request.method, "GET");
            return response(200, record);
        };
        const auto provider = of_text(
            "[create]\npath = '/c'\n[remove]\nmethod = 'DELETE'\npath = '/r/{record_id}'\n"
            "[find]\npath = '/r'\nid = 'i'\nvalue = 'v'\n");
        EXPECT_THAT(failure_of([&] { provider->remove(record_); }), HasSubstr("has no i"));
    }
}

TEST_F(RecipeProviderTest, SaysWhatTheProviderSays) {
    answer_ = [](const http::Request&) {
        return response(200, R"({"status":"ERROR","words":"no such domain"})");
    };
    const auto provider = of_text(std::string(direct) +
                                  "[answer]\nok_path = 'status'\nok_value = 'SUCCESS'\n"
                                  "error_path = 'words'\n");
    EXPECT_THAT(failure_of([&] { provider->set(record_); }), HasSubstr("Some: no such domain"));
    // An error that says what is wanted anyway.
    const std::string words =
        "[create]\npath = '/c'\naccepted_words = ['Duplicate']\n[remove]\npath = '/r'\n";
    for (const int status : {200, 400}) {
        answer_ = [&](const http::Request&) {
            return response(status, R"({"code":"Record.Duplicate"})");
        };
        of_text(words + "[answer]\nok_path = 'code'\n")->set(record_);
        answer_ = [&](const http::Request&) { return response(status, R"({"code":"Denied"})"); };
        const auto denied = of_text(words + "[answer]\nok_path = 'code'\n");
        EXPECT_THAT(failure_of([&] { denied->set(record_); }), HasSubstr("Denied"));
    }
}

TEST_F(RecipeProviderTest, ReadsAgainWhenSomebodyElseWasFaster) {
    int version = 1;
    answer_ = [&](const http::Request& request) {
        if (request.method == "GET")
            return response(200, version == 1 ? R"({"v":["a"]})" : R"({"v":["a","b"]})",
                            {{"ETag", fmt::format("tag-{}", version)}});
        if (version == 1) {
            version = 2;
            return response(412, "{}");
        }
        EXPECT_EQ(request.field("If-Match"), "tag-2");
        return response(200, "{}");
    };
    const auto provider = of_text(whole_sets);
    provider->set(record_);
    EXPECT_EQ(last().body, R"({"v":["a","b","the-value"]})");
    answer_ = [&](const http::Request& request) {
        return request.method == "GET" ? response(200, R"({"v":[]})") : response(412, "{}");
    };
    EXPECT_THAT(failure_of([&] { provider->set(record_); }), HasSubstr("Some"));
}

TEST_F(RecipeProviderTest, RefusesAValueThatWouldTakeThePlaceOfAnother) {
    answer_ = [](const http::Request&) { return response(200, "{}"); };
    const auto provider = of_text(direct, "values_per_name = 1\n");
    auto other = record_;
    other.value = "other";
    provider->set(record_);
    provider->set(record_);
    EXPECT_THAT(failure_of([&] { provider->set(other); }), HasSubstr("a name holds 1 of them"));
    provider->remove(record_);
    provider->set(other);
}

TEST_F(RecipeProviderTest, AsksNoMoreOftenThanItMay) {
    answer_ = [](const http::Request&) { return response(200, "{}"); };
    const auto provider = of_text(std::string(direct) + "[limits]\nper_minute = 60\nat_once = 1\n");
    for (int i = 0; i < 3; ++i) provider->set(record_);
    EXPECT_EQ(timer_.waited(), std::chrono::seconds(2));
}

}  // namespace
}  // namespace cairn::client::recipe_provider_test
