#include "client/dns/recipe.h"

#include <algorithm>
#include <set>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "base/nearest_word.h"
#include "base/toml_section.h"
#include "client/dns/json_body.h"
#include "client/dns/query_text.h"
#include "client/durable_file.h"
#include "net/url.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_file = 65536;
constexpr std::size_t max_depth = 8;

/// What every request knows of the record.
constexpr std::string_view usual_names[] = {"zone",    "zone_id",  "name",  "relative",
                                            "subname", "subject",  "value", "quoted_value",
                                            "token",   "record_id"};

bool is_of_placeholder(char character) {
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
           character == '_';
}

/// Calls `take` for each stretch of plain text, and `fill` for each placeholder's name.
template <class Take, class Fill>
void split(std::string_view text, const Take& take, const Fill& fill) {
    while (!text.empty()) {
        const auto start = text.find('{');
        take(text.substr(0, start));
        if (start == std::string_view::npos) return;
        std::size_t end = start + 1;
        while (end < text.size() && is_of_placeholder(text[end])) ++end;
        const bool is_placeholder = end < text.size() && text[end] == '}' && end > start + 1;
        if (is_placeholder)
            fill(text.substr(start + 1, end - start - 1));
        else
            take(text.substr(start, 1));
        text.remove_prefix(is_placeholder ? end + 1 : start + 1);
    }
}

/// Reads one file. The first thing that is wrong is kept.
class RecipeReader {
  public:
    explicit RecipeReader(const toml::table& root) : root_(root) {}

    base::Result<Recipe> read(const std::string& name) {
        Recipe recipe;
        only(root_, "",
             {"title", "access", "documentation", "api_url", "patience", "keys", "request", "login",
              "zone", "find", "read", "create", "remove", "write", "write_new", "clear", "answer"});
        read_kind(recipe.kind, name);
        recipe.api_url = text(root_, "", "api_url");
        for (const auto& key : recipe.kind.keys) names_.insert(key.name);
        for (const auto known : usual_names) names_.emplace(known);
        read_request(recipe);
        recipe.zone = listing("zone");
        recipe.find = listing("find");
        recipe.read = listing("read");
        recipe.create = call("create");
        recipe.remove = call("remove");
        recipe.write = call("write");
        recipe.write_new = call("write_new");
        recipe.clear = call("clear");
        judge(recipe);
        if (error_) return std::unexpected(*error_);
        return recipe;
    }

  private:
    void refuse(const std::string& where, const std::string& what) {
        if (!error_) error_ = base::Error{where + ": " + what};
    }

    void only(const toml::table& table, const std::string& where,
              const std::vector<std::string>& known) {
        for (const auto& [key, node] : table) {
            const std::string name(key.str());
            if (std::ranges::find(known, name) != known.end()) continue;
            const auto nearest = base::nearest_word(name, known);
            refuse(where + base::printable(name),
                   nearest ? fmt::format("not known; did you mean {}?", *nearest)
                           : std::string("not known"));
        }
    }
    std::string text(const toml::table& table, const std::string& where, const std::string& key) {
        const auto* node = table.get(key);
        if (node == nullptr) return {};
        auto value = node->value_exact<std::string>();
        if (!value) refuse(where + key, "must be a string");
        return value.value_or(std::string());
    }
    std::vector<std::string> texts(const toml::table& table, const std::string& where,
                                   const std::string& key) {
        std::vector<std::string> result;
        const auto* node = table.get(key);
        if (node == nullptr) return result;
        if (const auto* array = node->as_array())
            for (const auto& element : *array)
                if (auto value = element.value_exact<std::string>()) result.push_back(*value);
        if (!node->is_array() || result.size() != node->as_array()->size())
            refuse(where + key, "must be a list of strings");
        return result;
    }
    bool truth(const toml::table& table, const std::string& where, const std::string& key,
               bool usual) {
        const auto* node = table.get(key);
        if (node == nullptr) return usual;
        const auto value = node->value_exact<bool>();
        if (!value) refuse(where + key, "must be true or false");
        return value.value_or(usual);
    }
    const toml::table* table(const toml::table& parent, const std::string& where,
                             const std::string& key) {
        const auto* node = parent.get(key);
        if (node == nullptr) return nullptr;
        if (!node->is_table()) refuse(where + key, "must be a table");
        return node->as_table();
    }

    /// Refuses placeholders that nothing fills.
    std::string checked(const std::string& where, std::string text) {
        split(
            text, [](std::string_view) {},
            [&](std::string_view name) {
                if (!names_.contains(std::string(name)))
                    refuse(where, fmt::format("nothing fills {{{}}}", name));
            });
        return text;
    }
    Templates templates(const toml::table& parent, const std::string& where,
                        const std::string& key) {
        Templates result;
        const auto* found = table(parent, where, key);
        if (found == nullptr) return result;
        for (const auto& [name, node] : *found) {
            const std::string member(name.str());
            const auto place = where + key + "." + member;
            if (auto value = node.value_exact<std::string>())
                result.emplace_back(member, checked(place, std::move(*value)));
            else
                refuse(place, "must be a string");
        }
        return result;
    }
    boost::json::value json(const toml::node& node, const std::string& where, std::size_t depth) {
        if (depth > max_depth) refuse(where, "too deep");
        if (error_) return nullptr;
        if (auto value = node.value_exact<std::string>())
            return boost::json::value(checked(where, std::move(*value)));
        if (auto value = node.value_exact<std::int64_t>()) return *value;
        if (auto value = node.value_exact<bool>()) return *value;
        if (const auto* array = node.as_array()) {
            boost::json::array result;
            for (const auto& element : *array) result.push_back(json(element, where, depth + 1));
            return result;
        }
        if (const auto* object = node.as_table()) {
            boost::json::object result;
            for (const auto& [name, member] : *object)
                result[std::string(name.str())] =
                    json(member, where + "." + std::string(name.str()), depth + 1);
            return result;
        }
        refuse(where, "must be a string, a whole number, true, false, a list or a table");
        return nullptr;
    }

    void read_kind(ProviderKind& kind, const std::string& name) {
        kind.name = name;
        kind.title = text(root_, "", "title");
        kind.access = text(root_, "", "access");
        kind.documentation = text(root_, "", "documentation");
        for (const auto* key : {"title", "access", "documentation", "api_url"})
            if (!root_.contains(key)) refuse(key, "missing");
        if (const auto patience = text(root_, "", "patience"); !patience.empty()) {
            if (const auto duration = base::duration_from(patience))
                kind.patience = *duration;
            else
                refuse("patience", duration.error().message);
        }
        const auto* keys = root_.get("keys");
        const auto* list = keys == nullptr ? nullptr : keys->as_array();
        if (list == nullptr || list->empty()) {
            refuse("keys", "must be a list of tables: [[keys]]");
            return;
        }
        for (const auto& element : *list) {
            const auto* row = element.as_table();
            if (row == nullptr) {
                refuse("keys", "must be a list of tables: [[keys]]");
                return;
            }
            only(*row, "keys.", {"name", "meaning", "required", "secret", "variables"});
            CredentialKey key{.name = text(*row, "keys.", "name"),
                              .meaning = text(*row, "keys.", "meaning"),
                              .variables = texts(*row, "keys.", "variables")};
            if (key.name.empty() || !std::ranges::all_of(key.name, is_of_placeholder))
                refuse("keys.name", "must be of small letters, digits and _");
            if (!truth(*row, "keys.", "required", true)) key.need = CredentialKey::Need::optional;
            if (!truth(*row, "keys.", "secret", true)) key.kind = CredentialKey::Kind::open;
            kind.keys.push_back(std::move(key));
        }
    }

    void read_request(Recipe& recipe) {
        if (const auto* request = table(root_, "", "request")) {
            only(*request, "request.", {"fields", "query", "json", "basic"});
            recipe.fields = templates(*request, "request.", "fields");
            recipe.query = templates(*request, "request.", "query");
            if (const auto* node = request->get("json"))
                recipe.json = json(*node, "request.json", 0);
            for (auto& each : texts(*request, "request.", "basic"))
                recipe.basic.push_back(checked("request.basic", std::move(each)));
            if (!recipe.basic.empty() && recipe.basic.size() != 2)
                refuse("request.basic", "must be two strings: a user and a password");
        }
        if (const auto* login = table(root_, "", "login")) {
            recipe.login = read_call(*login, "login", {"token", "lifetime"});
            recipe.token = text(*login, "login.", "token");
            recipe.lifetime = text(*login, "login.", "lifetime");
            if (recipe.token.empty()) refuse("login.token", "missing");
        }
        if (const auto* answer = table(root_, "", "answer")) {
            only(*answer, "answer.", {"ok_path", "ok_value", "ok_text", "error_path"});
            recipe.ok_path = text(*answer, "answer.", "ok_path");
            recipe.ok_value = text(*answer, "answer.", "ok_value");
            recipe.ok_text = text(*answer, "answer.", "ok_text");
            recipe.error_path = text(*answer, "answer.", "error_path");
        }
    }

    RecipeCall read_call(const toml::table& from, const std::string& where,
                         std::vector<std::string> others) {
        others.insert(others.end(),
                      {"method", "path", "query", "form", "fields", "json", "accepted"});
        only(from, where + ".", others);
        RecipeCall call;
        if (from.contains("method")) call.method = text(from, where + ".", "method");
        static constexpr std::string_view methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
        if (std::ranges::find(methods, call.method) == std::end(methods))
            refuse(where + ".method", "must be GET, POST, PUT, PATCH or DELETE");
        call.path = checked(where + ".path", text(from, where + ".", "path"));
        if (!call.path.starts_with('/') && !call.path.empty())
            refuse(where + ".path", "must begin with /");
        call.query = templates(from, where + ".", "query");
        call.form = templates(from, where + ".", "form");
        call.fields = templates(from, where + ".", "fields");
        if (const auto* node = from.get("json")) call.json = json(*node, where + ".json", 0);
        if (const auto* node = from.get("accepted")) {
            if (const auto* array = node->as_array())
                for (const auto& element : *array)
                    if (const auto status = element.value_exact<std::int64_t>())
                        call.accepted.push_back(static_cast<int>(*status));
            if (call.accepted.empty()) refuse(where + ".accepted", "must be a list of statuses");
        }
        return call;
    }
    std::optional<RecipeCall> call(const std::string& key) {
        const auto* from = table(root_, "", key);
        if (from == nullptr) return std::nullopt;
        return read_call(*from, key, {});
    }
    std::optional<RecipeListing> listing(const std::string& key) {
        const auto* from = table(root_, "", key);
        if (from == nullptr) return std::nullopt;
        RecipeListing listing{
            .call = read_call(*from, key, {"list", "name", "id", "type", "value", "next", "page"})};
        listing.list = text(*from, key + ".", "list");
        listing.name = text(*from, key + ".", "name");
        listing.id = text(*from, key + ".", "id");
        listing.type = text(*from, key + ".", "type");
        listing.value = text(*from, key + ".", "value");
        listing.next = text(*from, key + ".", "next");
        listing.page_parameter = text(*from, key + ".", "page");
        return listing;
    }

    void judge(const Recipe& recipe) {
        if (recipe.api_url.empty() || !net::Url::from_text(recipe.api_url) ||
            !recipe.api_url.starts_with("https://"))
            refuse("api_url", "must be an https URL");
        if (recipe.read) {
            if (!recipe.write || !recipe.clear) refuse("read", "needs write and clear beside it");
            if (recipe.create || recipe.remove || recipe.find)
                refuse("read", "does not go with create, remove and find");
        } else if (!recipe.create || !recipe.remove) {
            refuse("create", "create and remove, or read, write and clear are missing");
        }
        if (recipe.find && recipe.find->id.empty()) refuse("find.id", "missing");
    }

    const toml::table& root_;
    std::set<std::string> names_;
    std::optional<base::Error> error_;
};

}  // namespace

base::Result<Recipe> Recipe::from_toml(const std::string& text, const std::string& name) {
    const auto table = base::parse_toml(text);
    if (!table) return std::unexpected(table.error());
    return RecipeReader(*table).read(name);
}

std::string filled(std::string_view text, const TemplateValues& values, TemplateUse use) {
    std::string result;
    split(
        text, [&](std::string_view plain) { result += plain; },
        [&](std::string_view name) {
            const auto found = values.find(std::string(name));
            if (found == values.end()) throw std::logic_error("a placeholder that is not known");
            result += use == TemplateUse::path ? percent_encoded(found->second) : found->second;
        });
    return result;
}

boost::json::value filled(const boost::json::value& json, const TemplateValues& values,
                          const std::vector<std::string>& all) {
    if (const auto* text = json.if_string())
        return boost::json::value(filled(std::string_view(*text), values, TemplateUse::text));
    if (const auto* array = json.if_array()) {
        boost::json::array result;
        for (const auto& element : *array) result.push_back(filled(element, values, all));
        return result;
    }
    const auto* object = json.if_object();
    if (object == nullptr) return json;
    if (const auto* each = object->if_contains("each"); each != nullptr && object->size() == 1) {
        boost::json::array result;
        for (const auto& value : all) {
            auto own = values;
            own["value"] = value;
            own["quoted_value"] = quoted_txt(value);
            result.push_back(filled(*each, own, all));
        }
        return result;
    }
    boost::json::object result;
    for (const auto& member : *object) result[member.key()] = filled(member.value(), values, all);
    return result;
}

std::optional<base::Result<ProviderKind>> own_recipe(const std::filesystem::path& settings_folder,
                                                     std::string_view name) {
    // The name becomes one of a file.
    const bool is_name = !name.empty() && std::ranges::all_of(name, [](char character) {
        return is_of_placeholder(character) || character == '-';
    });
    if (!is_name || settings_folder.empty()) return std::nullopt;
    const auto file = settings_folder / "recipes" / (std::string(name) + ".toml");
    std::error_code error;
    const auto facts = std::filesystem::status(file, error);
    if (!std::filesystem::exists(facts)) return std::nullopt;
    // Whoever can write it can have the credentials sent elsewhere.
    using std::filesystem::perms;
    if ((facts.permissions() & (perms::group_write | perms::others_write)) != perms::none)
        return base::fail(
            fmt::format("{}: others may write it; run chmod go-w on it", file.string()));
    const auto text = read_file(file, max_file);
    if (!text) return std::unexpected(text.error());
    auto recipe = Recipe::from_toml(*text, std::string(name));
    if (!recipe) return std::unexpected(recipe.error().within(file.string()));
    return provider_kind_of(std::move(*recipe));
}

}  // namespace cairn::client
