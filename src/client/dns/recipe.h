#pragma once
// Private to client: a DNS provider's interface as a file says it, without code.

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "base/result.h"
#include "client/dns/provider.h"
#include "client/dns/recipe_step.h"
#include "client/dns/recipe_template.h"

namespace cairn::client {

/// One request of a recipe. Placeholders are escaped as the place where they stand wants it.
struct RecipeCall {
    std::string method = "GET";
    std::string path{};
    Templates query{}, form{}, fields{};
    /// Strings in it may hold placeholders; `{ each = X }` is a list with X for each value, and
    /// `{ number = "{x}" }` a number.
    std::optional<boost::json::value> json{};
    /// Statuses that mean: it is so already.
    std::vector<int> accepted{};
    /// Words that an answer has which means that: of a 4xx status, or of one that is no success by
    /// what it says.
    std::vector<std::string> accepted_words{};
    /// Statuses that mean: somebody else has changed it since it was read.
    std::vector<int> conflicts{};
};

/// A request whose answer has a list, and what to take of each of its elements: dotted paths.
struct RecipeListing {
    RecipeCall call{};
    std::string list{}, name{}, id{}, type{}, value{};
    /// What `type` is for TXT; compared without regard to case.
    std::string type_value = "TXT";
    /// A path to a list of values in each element; `value` is then within its elements.
    std::string values{};
    /// A path in the answer to what marks its version: {tag}. `tag_field` is a field of the answer.
    std::string tag{}, tag_field{};

    /// How to get the next page: a path to its address, a field Link (RFC 8288), a parameter that
    /// counts, or one that takes what stands at a path.
    std::string next{};
    bool by_link = false;
    std::string page_parameter{};
    std::size_t first_page = 1, page_step = 1;
    /// A page with fewer elements is the last; 0: one without any is.
    std::size_t page_size = 0;
    std::string cursor_parameter{}, cursor{};
};

/// A request that yields {token}.
struct RecipeLogin {
    RecipeCall call{};
    /// Where it goes, if not to the address of all others; https.
    std::string api_url{};
    /// Where the answer has the token: a path, or a field.
    std::string token{}, token_field{};
    /// A path to how many seconds it lasts, and how long it does where that is not said.
    std::string lifetime{};
    std::chrono::seconds usual_lifetime{300};
};

/// A way to tell who one is that has a name of its own.
struct RecipeAuthentication {
    enum class Method {
        none,
        aws4,    ///< Signature Version 4
        google,  ///< a service account's assertion (RFC 7523) yields {token}
        azure    ///< a service principal's secret (RFC 6749 section 4.4) yields {token}
    };
    Method method = Method::none;
    /// What it wants to know, by name, as templates of credentials.
    std::map<std::string, std::string> parts{};
    [[nodiscard]] bool yields_token() const {
        return method == Method::google || method == Method::azure;
    }
};

/// What a file says. Either records are objects of their own (`create`, `remove`, and `find` where
/// removing needs an id), or whole record sets are read, merged and written.
struct Recipe {
    ProviderKind kind{};
    std::string api_url{};
    /// How many values a name can have; 0: as many as one likes.
    std::size_t values_per_name = 0;
    /// At most so many requests in a minute, and at once; 0: no bound.
    std::size_t per_minute = 0, at_once = 0;
    Templates fields{}, query{};
    /// Parameters behind those that are signed.
    Templates signed_query{};
    /// Merged into every JSON body.
    std::optional<boost::json::value> json{};
    /// Of HTTP's basic authentication: two templates.
    std::vector<std::string> basic{};
    RecipeAuthentication authentication{};
    std::vector<RecipeStep> steps{};
    std::optional<RecipeLogin> login{};
    std::optional<RecipeListing> zone{};
    std::optional<RecipeListing> find{}, read{};
    std::optional<RecipeCall> create{}, remove{}, write{}, write_new{}, clear{};
    /// Where an answer says whether it is a success, if not by its status.
    /// An empty `ok_value`: nothing is at `ok_path` then.
    std::string ok_path{}, ok_value{}, ok_text{}, error_path{};
    /// What is at `ok_path` of a failure, where a success may have anything there.
    std::string failed_value{};

    /// Reads a file, strictly: unknown keys and placeholders are errors. The error has all that is
    /// wrong, each with its key, separated by "; ".
    [[nodiscard]] static base::Result<Recipe> from_toml(const std::string& text,
                                                        const std::string& name);
};

/// Every key that the reader of recipes looks for, dotted; elements of lists as "keys[0].name".
[[nodiscard]] std::vector<std::string> recipe_keys();

/// A provider that does what the recipe says.
[[nodiscard]] ProviderKind provider_kind_of(Recipe recipe);
/// Those that come with the program.
[[nodiscard]] std::vector<ProviderKind> shipped_recipes();
/// The one in recipes/NAME.toml of the folder of settings; nothing if there is none.
[[nodiscard]] std::optional<base::Result<ProviderKind>> own_recipe(
    const std::filesystem::path& settings_folder, std::string_view name);

}  // namespace cairn::client
