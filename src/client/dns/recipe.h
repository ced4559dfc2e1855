#pragma once
// Private to client: a DNS provider's interface as a file says it, without code.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/value.hpp>

#include "base/result.h"
#include "client/dns/provider.h"

namespace cairn::client {

/// Texts with {placeholders}, by name.
using Templates = std::vector<std::pair<std::string, std::string>>;
using TemplateValues = std::map<std::string, std::string>;

/// One request of a recipe. Placeholders are escaped as the place where they stand wants it.
struct RecipeCall {
    std::string method = "GET";
    std::string path{};
    Templates query{}, form{}, fields{};
    /// Strings in it may hold placeholders; `{ each = X }` is a list with X for each value.
    std::optional<boost::json::value> json{};
    /// Statuses that mean: it is so already.
    std::vector<int> accepted{};
};

/// A request whose answer has a list, and what to take of each of its elements: dotted paths.
struct RecipeListing {
    RecipeCall call;
    std::string list{}, name{}, id{}, type{}, value{};
    /// How to get the next page: a path to its address, or a parameter that counts from 1.
    std::string next{}, page_parameter{};
};

/// What a file says. Either records are objects of their own (`create`, `remove`, and `find` where
/// removing needs an id), or whole record sets are read, merged and written.
struct Recipe {
    ProviderKind kind;
    std::string api_url;
    Templates fields, query;
    /// Merged into every JSON body.
    std::optional<boost::json::value> json;
    /// Of HTTP's basic authentication: two templates.
    std::vector<std::string> basic;
    std::optional<RecipeCall> login;
    std::string token, lifetime;
    std::optional<RecipeListing> zone;
    std::optional<RecipeListing> find, read;
    std::optional<RecipeCall> create, remove, write, write_new, clear;
    /// Where an answer says whether it is a success, if not by its status.
    std::string ok_path, ok_value, ok_text, error_path;

    /// Reads a file, strictly: unknown keys and placeholders are errors, which say where.
    [[nodiscard]] static base::Result<Recipe> from_toml(const std::string& text,
                                                        const std::string& name);
};

/// How placeholders are escaped.
enum class TemplateUse { path, text };
/// `text` with its placeholders filled. Throws std::logic_error for one that is not known, which no
/// recipe that was read has.
[[nodiscard]] std::string filled(std::string_view text, const TemplateValues& values,
                                 TemplateUse use);
/// The same for the strings of a JSON value; `all` are the values of a record set.
[[nodiscard]] boost::json::value filled(const boost::json::value& json,
                                        const TemplateValues& values,
                                        const std::vector<std::string>& all);

/// A provider that does what the recipe says.
[[nodiscard]] ProviderKind provider_kind_of(Recipe recipe);
/// Those that come with the program.
[[nodiscard]] std::vector<ProviderKind> shipped_recipes();
/// The one in recipes/NAME.toml of the folder of settings; nothing if there is none.
[[nodiscard]] std::optional<base::Result<ProviderKind>> own_recipe(
    const std::filesystem::path& settings_folder, std::string_view name);

}  // namespace cairn::client
