#include "client/dns/recipe.h"

#include <algorithm>
#include <set>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/dns/recipe_schema.h"
#include "client/durable_file.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::recipe_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

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
        {"[create]\npath = 'x'\n[remove]\npath = '/x'\n", "create.path must begin with /"},
        {"[create]\npath = '/{nothing}'\n[remove]\npath = '/x'\n",
         "{nothing}, which nothing fills"},
        {"[create]\npath = '/'\njson = { a = { b = '{c}' } }\n[remove]\npath = '/x'\n",
         "create.json.a.b has {c}"},
        {"[create]\npath = '/'\njson = 1.5\n[remove]\npath = '/x'\n", "create.json must be"},
        {"[create]\npath = '/'\nform = { a = 1 }\n[remove]\npath = '/x'\n",
         "create.form.a must be a string"},
        {"[create]\nmethod = 'BREW'\npath = '/'\n[remove]\npath = '/x'\n", "create.method must be"},
        {"[create]\npath = '/'\naccepted = [99]\n[remove]\npath = '/x'\n",
         "create.accepted must be a list of statuses"},
        {"[read]\npath = '/x'\n", "read needs write and clear"},
        {"[request]\nbasic = ['one']\n", "two strings"},
        {"[login]\npath = '/x'\n", "login.token or token_field is missing"},
        {"[login]\npath = '/{token}'\ntoken = 't'\n", "login.path has {token}"},
        {"[login]\npath = '/'\ntoken = 't'\napi_url = 'http://x.test'\n",
         "login.api_url must be an https URL"},
        {"[zone]\npath = '/{name}'\n", "zone.path has {name}, which nothing fills here"},
        {"[find]\npath = '/x'\n[create]\npath = '/x'\n[remove]\npath = '/x'\n",
         "find.value is missing"},
        {"[find]\npath = '/x'\nvalue = 'v'\n[create]\npath = '/x'\n[remove]\npath = "
         "'/{record_id}'\n",
         "remove.path has {record_id}"},
        {"[find]\npath = '/x'\nvalue = 'v'\nnext = 'n'\npage = 'p'\n",
         "find.page does not go with"},
        {"[find]\npath = '/x'\nvalue = 'v'\ncursor = 'n'\n", "cursor_parameter go together"},
        {"[create]\npath = '/x'\nwhile = true\n[remove]\npath = '/x'\n", "create.while"},
        {"[request]\nfields = { 'A B' = 'x' }\n", "request.fields.A B is no name of a field"},
        {"[request]\nfields = { Host = 'x' }\n", "request.fields.Host is not a recipe's to say"},
        {"[create]\npath = '/'\nfields = { A = \"x\\ny\" }\n", "create.fields.A must be one line"},
        {"[authentication]\nmethod = 'magic'\n", "authentication.method must be"},
        {"[authentication]\nmethod = 'aws4'\nscope = 'x'\n",
         "authentication.scope does not go with the method aws4"},
        {"[limits]\nper_minute = -1\n", "limits.per_minute must be from 0"},
        {"[[derived]]\nname = 'd'\nfunction = 'rot13'\nof = 'x'\n",
         "derived[0].function is none of text, join"},
        {"[[derived]]\nname = 'd'\nfunction = 'sha1'\n", "derived[0].of is missing"},
        {"[[derived]]\nname = 'd'\nfunction = 'hmac_sha1'\nof = 'x'\n",
         "derived[0].key is missing"},
        {"[[derived]]\nname = 'api_key'\nfunction = 'sha1'\nof = 'x'\n",
         "derived[0].name is taken"},
        {"[[derived]]\nname = 'd'\nfunction = 'sha1'\nof = '{later}'\n[[derived]]\nname = "
         "'later'\nfunction = 'now'\n",
         "derived[0].of has {later}"},
        {"[[derived]]\nname = 'd'\nfunction = 'sha1'\nof = 'x'\nas = 'raw'\n[request]\nfields = "
         "{ A = '{d}' }\n",
         "request.fields.A has {d}, which is raw octets"},
        {"[[derived]]\nname = 'd'\nfunction = 'sha1'\nof = '{body}'\n[request]\nquery = { a = "
         "'{d}' }\n",
         "request.query.a has {d}, which depends on the request itself"},
    };
    for (const auto& [text, reason] : cases) EXPECT_THAT(error_of(text), HasSubstr(reason)) << text;
    auto plain = std::string(head) + std::string(direct);
    plain.replace(plain.find("https://api"), 5, "http");
    EXPECT_THAT(Recipe::from_toml(plain, "x").error().message, HasSubstr("https URL"));
}

TEST(Recipe, TellsAllThatIsWrongAtOnce) {
    EXPECT_THAT(error_of("patience = 5\n[create]\npath = 'x'\nmethod = 'BREW'\n[find]\nfoo = 1\n"),
                AllOf(HasSubstr("keys[0].patience"), HasSubstr("create.path must begin"),
                      HasSubstr("create.method must be"), HasSubstr("find.foo is not a known key"),
                      HasSubstr("create and remove")));
    EXPECT_THAT(Recipe::from_toml("title = 'x'", "x").error().message,
                AllOf(HasSubstr("access is missing"), HasSubstr("documentation is missing"),
                      HasSubstr("api_url is missing"), HasSubstr("keys is missing")));
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
    const TemplateValues values{
        {"zone", "a/b c"}, {"x", ""}, {"value", "\"v\""}, {"quoted_value", "x"}, {"id", "17"}};
    EXPECT_EQ(filled("/{zone}/{x}{", value_in(values), TemplateUse::path), "/a%2Fb%20c/{");
    EXPECT_EQ(filled("{zone}", value_in(values), TemplateUse::text), "a/b c");
    const boost::json::value json = {{"one", "{value}"},
                                     {"all", {{"each", {{"v", "{quoted_value}"}}}}},
                                     {"id", {{"number", "{id}"}}}};
    EXPECT_EQ(boost::json::serialize(filled(json, value_in(values), {"p", "q"})),
              R"({"one":"\"v\"","all":[{"v":"\"p\""},{"v":"\"q\""}],"id":17})");
}

/// The schema, of which $ref is followed.
class RecipeSchema : public ::testing::Test {
  protected:
    using Json = boost::json::value;
    const Json& resolved(const Json& schema) const {
        const auto* object = schema.if_object();
        const auto* reference = object == nullptr ? nullptr : object->if_contains("$ref");
        if (reference == nullptr) return schema;
        const std::string_view name(reference->get_string());
        return schema_.at("$defs").at(name.substr(name.rfind('/') + 1));
    }
    /// The keys that it knows, dotted; those that users choose are left out.
    void collect(const Json& schema, const std::string& path, std::set<std::string>& keys) const {
        const auto& own = resolved(schema).get_object();
        if (const auto* properties = own.if_contains("properties"))
            for (const auto& member : properties->get_object()) {
                keys.insert(path + std::string(member.key()));
                collect(member.value(), path + std::string(member.key()) + ".", keys);
            }
        const auto* items = own.if_contains("items");
        if (items != nullptr && resolved(*items).get_object().contains("properties"))
            collect(*items, path.substr(0, path.size() - 1) + "[0].", keys);
    }
    const Json schema_ = boost::json::parse(recipe_schema_text());
};

TEST_F(RecipeSchema, KnowsTheKeysThatTheReaderKnowsAndNoOthers) {
    std::set<std::string> of_schema;
    collect(schema_, "", of_schema);
    const auto of_reader = recipe_keys();
    EXPECT_THAT(of_reader, ::testing::UnorderedElementsAreArray(of_schema));
}

/// A value of each type that TOML has.
struct OfType {
    const char* type;
    const char* text;
};
constexpr OfType of_types[] = {{"string", "'/5'"}, {"integer", "1"}, {"boolean", "true"},
                               {"array", "[]"},    {"object", "{}"}, {"number", "1.5"}};

TEST_F(RecipeSchema, SaysTheTypesThatTheReaderWants) {
    std::set<std::string> keys;
    collect(schema_, "", keys);
    for (const auto& key : keys) {
        const auto* place = &schema_;
        std::string rest = key;
        std::string opening;
        for (auto dot = rest.find('.'); dot != std::string::npos; dot = rest.find('.')) {
            auto table = rest.substr(0, dot);
            rest.erase(0, dot + 1);
            const bool is_row = table.ends_with("[0]");
            if (is_row) table.resize(table.size() - 3);
            place = &resolved(resolved(*place).at("properties").at(table));
            if (is_row) place = &resolved(place->at("items"));
            opening = is_row ? "[[" + table + "]]\n" : "[" + table + "]\n";
        }
        const auto& types = resolved(resolved(*place).at("properties").at(rest)).at("type");
        for (const auto& [type, text] : of_types) {
            const auto file = fmt::format("{}{} = {}\n", opening, rest, text);
            const auto recipe = Recipe::from_toml(file, "any");
            const std::string message = recipe ? "" : recipe.error().message;
            const auto wrong = [&] {
                for (const auto* words :
                     {"must be a string", "must be a whole number", "must be true or false",
                      "must be a list", "must be a table", "must be a string, a whole number"})
                    if (message.find(key + " " + words) != std::string::npos) return true;
                return false;
            }();
            const auto is_of = [&](const boost::json::value& one) {
                return one == boost::json::value(type);
            };
            const bool is_right =
                types.is_array() ? std::ranges::any_of(types.get_array(), is_of) : is_of(types);
            EXPECT_EQ(wrong, !is_right) << file << message;
        }
    }
}

}  // namespace
}  // namespace cairn::client::recipe_test
