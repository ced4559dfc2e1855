#include <algorithm>
#include <optional>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/bytes.h"
#include "base/toml_section.h"
#include "client/dns/recipe.h"
#include "client/dns/recipe_schema.h"
#include "client/dns/shipped_recipe.h"
#include "client/testing/provider_fixture.h"
#include "client/testing/recipe_server.h"

namespace cairn::client::shipped_recipes_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::RecipeServer;
using testing::response;

boost::json::value json_of(const toml::node& node) {
    if (const auto* table = node.as_table()) {
        boost::json::object object;
        for (const auto& [name, member] : *table) object[std::string(name.str())] = json_of(member);
        return object;
    }
    if (const auto* list = node.as_array()) {
        boost::json::array array;
        for (const auto& element : *list) array.push_back(json_of(element));
        return array;
    }
    if (const auto text = node.value_exact<std::string>()) return boost::json::value(*text);
    if (const auto number = node.value_exact<std::int64_t>()) return *number;
    if (const auto truth = node.value_exact<bool>()) return *truth;
    return nullptr;
}

/// The words of JSON Schema that the schema of recipes has.
class Validator {
  public:
    explicit Validator(const boost::json::value& schema) : root_(schema) {}
    void validate(const boost::json::value& value, const boost::json::value& schema,
                  const std::string& path) {
        const auto* rules = schema.if_object();
        if (rules == nullptr) return;
        if (const auto* reference = rules->if_contains("$ref")) {
            const std::string_view name(reference->get_string());
            return validate(value, root_.at("$defs").at(name.substr(name.rfind('/') + 1)), path);
        }
        if (const auto* type = rules->if_contains("type"); type != nullptr && !is_of(value, *type))
            return complain(path, "has another type");
        if (const auto* words = rules->if_contains("enum");
            words != nullptr &&
            std::ranges::find(words->get_array(), value) == words->get_array().end())
            complain(path, "is none of the words");
        if (const auto* object = value.if_object()) {
            if (const auto* required = rules->if_contains("required"))
                for (const auto& name : required->get_array())
                    if (!object->contains(name.get_string())) complain(path, "lacks a key");
            const auto* known = rules->if_contains("properties");
            const auto* others = rules->if_contains("additionalProperties");
            for (const auto& member : *object) {
                const auto own = path + "." + std::string(member.key());
                const auto* rule =
                    known == nullptr ? nullptr : known->get_object().if_contains(member.key());
                if (rule == nullptr) rule = others;
                if (rule != nullptr && rule->is_bool() && !rule->get_bool())
                    complain(own, "is not known");
                else if (rule != nullptr)
                    validate(member.value(), *rule, own);
            }
        }
        if (const auto* items = rules->if_contains("items"); items != nullptr && value.is_array())
            for (const auto& element : value.get_array()) validate(element, *items, path + "[]");
        if (const auto* least = rules->if_contains("minimum"))
            if (value.get_int64() < least->get_int64() ||
                value.get_int64() > rules->at("maximum").get_int64())
                complain(path, "is out of its bounds");
    }
    std::vector<std::string> complaints;

  private:
    void complain(const std::string& path, const char* what) {
        complaints.push_back(path + " " + what);
    }
    static bool is_of(const boost::json::value& value, const boost::json::value& type) {
        if (const auto* several = type.if_array())
            return std::ranges::any_of(*several,
                                       [&](const auto& each) { return is_of(value, each); });
        const std::string_view name(type.get_string());
        return (name == "string" && value.is_string()) || (name == "integer" && value.is_int64()) ||
               (name == "boolean" && value.is_bool()) || (name == "array" && value.is_array()) ||
               (name == "object" && value.is_object());
    }
    const boost::json::value& root_;
};

/// Every recipe, with a server that answers each of its calls in the recipe's own shape.
class ShippedRecipes : public testing::ProviderTest {
  protected:
    std::unique_ptr<DnsProvider> made(const std::string& name, const Recipe& recipe) {
        const auto& kind = *find_provider_kind(name).value();
        const auto path_of = [](const std::string& url) {
            const auto slash = url.find('/', std::string_view("https://").size());
            return slash == std::string::npos ? std::string() : url.substr(slash);
        };
        std::map<std::string, std::string> values{{"api_url", server_.url(path_of(recipe.api_url))},
                                                  {"ca_file", server_.root_file().string()}};
        if (recipe.login && !recipe.login->api_url.empty())
            values["login_url"] = server_.url(path_of(recipe.login->api_url));
        for (const auto& key : recipe.kind.keys)
            if (!values.contains(key.name))
                values[key.name] =
                    key.name == "private_key"
                        ? pem()
                        : (key.kind == CredentialKey::Kind::secret ? "secret-of-" : "open-of-") +
                              key.name;
        return kind
            .make(kind, DnsCredentials(values),
                  {.clock = clock_, .timer = timer_, .random = random_, .trace = &trace_})
            .value();
    }
    /// Made once, since that takes a while.
    static const std::string& pem() {
        static const std::string text = [] {
            const auto octets = crypto::PrivateKey::generate(crypto::KeyType::rsa2048).to_pem();
            return std::string(base::text_of(octets));
        }();
        return text;
    }
    void drive(const std::string& name, const Recipe& recipe);
    void refuse(DnsProvider& provider, RecipeServer& server);
};

TEST_F(ShippedRecipes, AreReadAndNamedOnceAndFitTheSchema) {
    std::vector<std::string> names;
    for (const auto& kind : provider_kinds()) names.push_back(kind.name);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
    const auto schema = boost::json::parse(recipe_schema_text());
    for (const auto& [name, text] : shipped_recipe_texts()) {
        const auto recipe = Recipe::from_toml(std::string(text), std::string(name));
        ASSERT_TRUE(recipe) << name << ": " << recipe.error().message;
        EXPECT_THAT(names, Contains(std::string(name)));
        EXPECT_THAT(recipe->kind.documentation,
                    ::testing::MatchesRegex("https://.* \\(2026-[0-9][0-9]-[0-9][0-9]\\)"))
            << name;
        EXPECT_THAT(recipe->kind.access, ::testing::EndsWith(".")) << name;
        for (const auto& key : recipe->kind.keys)
            EXPECT_THAT(key.variables, Not(IsEmpty())) << name;
        Validator validator(schema);
        validator.validate(json_of(base::parse_toml(std::string(text)).value()), schema, "");
        EXPECT_THAT(validator.complaints, IsEmpty()) << name;
    }
}

/// Adds and removes a value twice over, with all that can go wrong on the way.
void ShippedRecipes::drive(const std::string& name, const Recipe& recipe) {
    RecipeServer server(recipe, record_, server_.url(""));
    answer_ = [&](const http::Request& request) { return server.answer(request); };
    const bool is_alone = recipe.values_per_name == 1;
    const std::vector<std::string> others =
        is_alone ? std::vector<std::string>() : std::vector<std::string>{"of-somebody-else"};
    server.values = others;
    auto with_ours = others;
    with_ours.push_back(record_.value);
    const auto provider = made(name, recipe);

    // The provider wants a wait; the token has ended.
    const auto adding = server.adding();
    server.instead[adding] = {{429, "{}"}};
    if (recipe.login || recipe.authentication.yields_token())
        server.instead[adding].push_back({401, "{}"});
    provider->set(record_);
    EXPECT_EQ(server.values, with_ours);
    EXPECT_THAT(server.asked, Not(Contains("?")));
    EXPECT_THAT(server.instead[adding], IsEmpty());
    EXPECT_THAT(server.texts.back(), HasSubstr(record_.value));
    if (server.looks()) {
        server.asked.clear();
        provider->set(record_);
        EXPECT_THAT(server.asked, Not(Contains(adding))) << "it stands already";
        EXPECT_EQ(server.values, with_ours);
    }
    refuse(*provider, server);
    server.values = with_ours;
    server.asked.clear();
    provider->remove(record_);
    EXPECT_EQ(server.values, others);
    EXPECT_THAT(server.asked, Not(Contains("?")));
    if (server.looks()) {
        server.asked.clear();
        provider->remove(record_);
        EXPECT_THAT(server.asked, Not(Contains("remove"))) << "it is gone already";
    }
    // The last value of a set.
    server.values = {record_.value};
    provider->remove(record_);
    EXPECT_THAT(server.values, IsEmpty());
    if (recipe.zone) {
        EXPECT_EQ(provider->has_zone("example.com"), true);
    }
}

/// What is refused is told in the provider's words; what is so already is no failure.
void ShippedRecipes::refuse(DnsProvider& provider, RecipeServer& server) {
    const auto& recipe = server.recipe();
    const auto removing = recipe.read ? std::string("write") : std::string("remove");
    const auto& call = recipe.read ? *recipe.write : *recipe.remove;
    const auto full = server.values;
    if (recipe.read && full.size() == 1) return;
    const auto failure = [&](int status, const std::string& body) {
        server.values = full;
        server.instead[removing] = {{status, body}};
        return failure_of([&] { provider.remove(record_); });
    };
    const auto words = failure(403, R"({"message":"not yours"})");
    EXPECT_THAT(words, HasSubstr("not yours"));
    EXPECT_THAT(words, HasSubstr(recipe.kind.title));
    if (!recipe.ok_path.empty() || !recipe.ok_text.empty()) {
        EXPECT_THAT(failure(200, recipe.ok_path.empty() ? "no such thing"
                                                        : server.failure("no such thing")),
                    HasSubstr("no such thing"));
    }
    for (const int status : call.accepted)
        EXPECT_EQ(failure(status, R"({"message":"gone"})"), "no failure") << status;
    for (const auto& word : call.accepted_words)
        EXPECT_EQ(failure(400, "\"" + word + "\""), "no failure") << word;
    if (server.looks()) {
        server.instead[recipe.read ? "read" : "find"] = {{403, R"({"message":"not to be read"})"}};
        EXPECT_THAT(failure_of([&] { provider.remove(record_); }), HasSubstr("not to be read"));
    }
    server.instead.clear();
}

TEST_F(ShippedRecipes, AddFindRemoveAndTellWhatIsWrong) {
    for (const auto& [name, text] : shipped_recipe_texts()) {
        SCOPED_TRACE(std::string(name));
        drive(std::string(name), Recipe::from_toml(std::string(text), std::string(name)).value());
        if (HasFailure()) break;
    }
    EXPECT_THAT(trace_.text(), Not(HasSubstr("secret-of-")));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("granted-token")));
}

}  // namespace
}  // namespace cairn::client::shipped_recipes_test
