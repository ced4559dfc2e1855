#include "client/dns/recipe.h"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/shipped_recipe.h"
#include "client/testing/provider_fixture.h"

namespace cairn::client {
namespace {

using ::testing::Contains;
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

std::string error_of(std::string_view text) {
    const auto recipe = Recipe::from_toml(std::string(head) + std::string(text), "some");
    return recipe ? "accepted" : recipe.error().message;
}

TEST(Recipe, IsReadStrictly) {
    EXPECT_EQ(error_of(direct), "accepted");
    const std::pair<const char*, const char*> cases[] = {
        {"[creat]\n", "did you mean create?"},
        {"[create]\npath = '/x'\n", "are missing"},
        {"[create]\npath = 'x'\n[remove]\npath = '/x'\n", "must begin with /"},
        {"[create]\npath = '/{nothing}'\n[remove]\npath = '/x'\n", "nothing fills {nothing}"},
        {"[create]\npath = '/'\njson = { a = { b = '{c}' } }\n[remove]\npath = '/x'\n",
         "create.json.a.b: nothing fills {c}"},
        {"[create]\nmethod = 'BREW'\npath = '/'\n[remove]\npath = '/x'\n", "create.method"},
        {"[read]\npath = '/x'\n", "needs write and clear"},
        {"[request]\nbasic = ['one']\n", "two strings"},
        {"[login]\npath = '/x'\n", "login.token: missing"},
        {"[find]\npath = '/x'\n[create]\npath = '/x'\n[remove]\npath = '/x'\n", "find.id"},
        {"[create]\npath = '/x'\nwhile = true\n[remove]\npath = '/x'\n", "create.while"},
    };
    for (const auto& [text, reason] : cases) EXPECT_THAT(error_of(text), HasSubstr(reason)) << text;
    EXPECT_THAT(Recipe::from_toml("title = 'x'", "x").error().message, HasSubstr("missing"));
    auto plain = std::string(head) + std::string(direct);
    plain.replace(plain.find("https://api"), 5, "http");
    EXPECT_THAT(Recipe::from_toml(plain, "x").error().message, HasSubstr("https URL"));
}

TEST(OwnRecipe, IsInTheFolderOfSettings) {
    const testing::TemporaryFolder folder;
    const auto file = folder / "recipes" / "some.toml";
    EXPECT_FALSE(own_recipe(folder.path(), "some"));
    make_private_directory(file.parent_path());
    write_durably(file, std::string(head) + std::string(direct), FileAccess::owner);
    EXPECT_EQ(own_recipe(folder.path(), "some").value()->title, "Some");
    EXPECT_EQ(find_provider_kind("some", folder.path()).value()->name, "some");
    EXPECT_FALSE(own_recipe(folder.path(), "../recipes/some"));
    std::filesystem::permissions(file, std::filesystem::perms::others_write,
                                 std::filesystem::perm_options::add);
    EXPECT_THAT(own_recipe(folder.path(), "some").value().error().message,
                HasSubstr("others may write it"));
}

TEST(RecipeTemplate, IsEscapedAsItsPlaceWants) {
    const TemplateValues values{{"zone", "a/b c"}, {"value", "\"v\""}, {"quoted_value", "x"}};
    EXPECT_EQ(filled("/{zone}/{x}{", {{"zone", "a/b c"}, {"x", ""}}, TemplateUse::path),
              "/a%2Fb%20c/{");
    EXPECT_EQ(filled("{zone}", values, TemplateUse::text), "a/b c");
    const boost::json::value json = {{"one", "{value}"},
                                     {"all", {{"each", {{"v", "{quoted_value}"}}}}}};
    EXPECT_EQ(boost::json::serialize(filled(json, values, {"p", "q"})),
              R"({"one":"\"v\"","all":[{"v":"\"p\""},{"v":"\"q\""}]})");
}

/// Drives recipes with a server that keeps records as a test says.
class RecipeProviderTest : public testing::ProviderTest {
  protected:
    std::unique_ptr<DnsProvider> made(const ProviderKind& kind) {
        std::map<std::string, std::string> values{{"api_url", server_.url("")},
                                                  {"ca_file", server_.root_file().string()}};
        for (const auto& key : kind.keys)
            if (!values.contains(key.name))
                values[key.name] =
                    (key.kind == CredentialKey::Kind::secret ? "secret-of-" : "open-of-") +
                    key.name;
        return kind
            .make(kind, DnsCredentials(values),
                  {.clock = clock_, .timer = timer_, .random = random_, .trace = &trace_})
            .value();
    }
    std::unique_ptr<DnsProvider> of_text(std::string_view text) {
        kind_ =
            provider_kind_of(Recipe::from_toml(std::string(head) + std::string(text), "x").value());
        return made(kind_);
    }
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

TEST_F(RecipeProviderTest, SaysWhatTheProviderSays) {
    answer_ = [](const http::Request&) {
        return response(200, R"({"status":"ERROR","words":"no such domain"})");
    };
    const auto provider = of_text(std::string(direct) +
                                  "[answer]\nok_path = 'status'\nok_value = 'SUCCESS'\n"
                                  "error_path = 'words'\n");
    EXPECT_THAT(failure_of([&] { provider->set(record_); }), HasSubstr("Some: no such domain"));
}

TEST_F(RecipeProviderTest, GoesToNoOtherHost) {
    answer_ = [](const http::Request&) {
        return response(200, R"({"r":[],"next":"https://evil.test/records"})");
    };
    const auto provider =
        of_text(std::string(direct) + "[find]\npath = '/r'\nlist = 'r'\nid = 'i'\nnext = 'next'\n");
    EXPECT_THAT(failure_of([&] { provider->remove(record_); }), HasSubstr("another host"));
}

/// Every recipe, with a server that answers each of its calls in the recipe's own shape.
class ShippedRecipes : public RecipeProviderTest {};

void put(boost::json::value& place, std::string_view path, boost::json::value value) {
    if (path.empty()) {
        place = std::move(value);
        return;
    }
    const auto dot = path.find('.');
    const auto step = path.substr(0, dot);
    const auto rest = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    if (step == "0") {
        if (!place.is_array()) place = boost::json::array{nullptr};
        put(place.get_array()[0], rest, std::move(value));
    } else {
        if (!place.is_object()) place = boost::json::object();
        put(place.get_object()[step], rest, std::move(value));
    }
}

/// What a listing answers, with these values.
std::string listed(const RecipeListing& listing, const std::vector<std::string>& values,
                   const std::string& name, const Recipe& recipe) {
    boost::json::array elements;
    for (const auto& value : values) {
        boost::json::value element;
        if (listing.value.empty() && listing.name.empty()) element = value;
        if (!listing.value.empty()) put(element, listing.value, boost::json::value(value));
        if (!listing.name.empty()) put(element, listing.name, boost::json::value(name));
        if (!listing.type.empty()) put(element, listing.type, "TXT");
        if (!listing.id.empty()) put(element, listing.id, boost::json::value("id-" + value));
        elements.push_back(std::move(element));
    }
    boost::json::value body;
    put(body, listing.list, std::move(elements));
    if (!recipe.ok_path.empty()) put(body, recipe.ok_path, boost::json::value(recipe.ok_value));
    return boost::json::serialize(body);
}

TEST_F(ShippedRecipes, AreReadAndNamedOnce) {
    std::vector<std::string> names;
    for (const auto& kind : provider_kinds()) names.push_back(kind.name);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
    for (const auto& [name, text] : shipped_recipe_texts()) {
        const auto recipe = Recipe::from_toml(std::string(text), std::string(name));
        ASSERT_TRUE(recipe) << name << ": " << recipe.error().message;
        EXPECT_THAT(names, Contains(std::string(name)));
        EXPECT_THAT(recipe->kind.documentation, HasSubstr("(2026-")) << name;
        for (const auto& key : recipe->kind.keys)
            EXPECT_THAT(key.variables, Not(::testing::IsEmpty())) << name;
    }
}

TEST_F(ShippedRecipes, SetAndRemoveAValue) {
    for (const auto& [name, text] : shipped_recipe_texts()) {
        SCOPED_TRACE(std::string(name));
        const auto recipe = Recipe::from_toml(std::string(text), std::string(name)).value();
        std::vector<std::string> values = {"of somebody else"};
        const auto ok = [&] {
            boost::json::value body = boost::json::object();
            if (!recipe.ok_path.empty())
                put(body, recipe.ok_path, boost::json::value(recipe.ok_value));
            return recipe.ok_text.empty() ? boost::json::serialize(body) : recipe.ok_text;
        };
        bool is_listing_zones = recipe.zone.has_value();
        answer_ = [&](const http::Request& request) {
            const auto* listing = recipe.find   ? &*recipe.find
                                  : recipe.read ? &*recipe.read
                                                : nullptr;
            if (is_listing_zones) {
                is_listing_zones = false;
                if (recipe.zone->name.empty()) {
                    boost::json::value zone = boost::json::parse(ok());
                    if (!recipe.zone->id.empty()) put(zone, recipe.zone->id, "z");
                    return response(200, boost::json::serialize(zone));
                }
                auto zones = recipe.zone;
                zones->value.clear();
                return response(200, listed(*zones, {"z"}, "example.com", recipe));
            }
            const bool is_listing = listing != nullptr && request.method == listing->call.method &&
                                    request.body.find("record\"") == std::string::npos &&
                                    request.target.find("/delete/") == std::string::npos &&
                                    request.target.find("/create/") == std::string::npos &&
                                    request.body.find("add-record") == std::string::npos &&
                                    request.body.find("remove-record") == std::string::npos;
            if (is_listing) return response(200, listed(*listing, values, record_.name, recipe));
            return response(200, ok());
        };
        const auto provider = made(*find_provider_kind(name).value());
        const auto before = server_.requests().size();
        provider->set(record_);
        const auto set = server_.requests();
        ASSERT_GT(set.size(), before);
        const auto& last = set.back();
        EXPECT_THAT(last.target + last.body, HasSubstr("the-value"));
        if (recipe.read) {
            EXPECT_THAT(last.body, HasSubstr("of somebody else"));
        }
        values.emplace_back("the-value");
        provider->remove(record_);
        const auto removed = server_.requests().back();
        if (recipe.read) {
            EXPECT_THAT(removed.body, Not(HasSubstr("the-value")));
            EXPECT_THAT(removed.body, HasSubstr("of somebody else"));
        } else if (recipe.find) {
            EXPECT_THAT(removed.target + removed.body, HasSubstr("id-the-value"));
        } else {
            EXPECT_THAT(removed.target + removed.body, HasSubstr("the-value"));
        }
        // Where the provider refuses, its words are told, and no secret is.
        answer_ = [](const http::Request&) { return response(403, R"({"message":"not yours"})"); };
        const auto words =
            failure_of([&] { made(*find_provider_kind(name).value())->set(record_); });
        EXPECT_THAT(words, HasSubstr("not yours"));
        EXPECT_THAT(words + trace_.text(), Not(HasSubstr("secret-of-")));
    }
}

}  // namespace
}  // namespace cairn::client
