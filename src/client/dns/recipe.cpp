#include "client/dns/recipe.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "base/toml_section.h"
#include "client/dns/recipe_reader.h"
#include "client/dns/shipped_recipe.h"
#include "client/durable_file.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_file = 65536;

}  // namespace

base::Result<Recipe> Recipe::from_toml(const std::string& text, const std::string& name) {
    if (text.size() > max_file) return base::fail(fmt::format("longer than {} octets", max_file));
    const auto table = base::parse_toml(text);
    if (!table) return std::unexpected(table.error());
    RecipeReader reader(*table);
    auto recipe = reader.read(name);
    std::string findings;
    for (const auto& finding : reader.reading().findings)
        findings += (findings.empty() ? "" : "; ") + finding.message;
    if (!findings.empty()) return base::fail(findings);
    return recipe;
}

std::vector<std::string> recipe_keys() {
    // One row of each list, so that the keys of rows are looked for.
    toml::table table;
    table.insert("keys", toml::array{toml::table{}});
    table.insert("derived", toml::array{toml::table{}});
    RecipeReader reader(table);
    static_cast<void>(reader.read("any"));
    const auto& keys = reader.reading().keys;
    return {keys.begin(), keys.end()};
}

std::vector<ProviderKind> shipped_recipes() {
    std::vector<ProviderKind> kinds;
    for (const auto& [name, text] : shipped_recipe_texts()) {
        auto recipe = Recipe::from_toml(std::string(text), std::string(name));
        // A test reads them all.
        if (!recipe) throw std::logic_error(recipe.error().within(name).message);
        kinds.push_back(provider_kind_of(std::move(*recipe)));
    }
    return kinds;
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
