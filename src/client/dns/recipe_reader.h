#pragma once
// Private to recipe.cpp: the tables of a recipe's file.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/toml_section.h"
#include "client/dns/recipe.h"

namespace cairn::client {

/// Reads one file, and finds all that is wrong with it.
class RecipeReader {
  public:
    explicit RecipeReader(const toml::table& root) : root_(&root, "", reading_) {}

    /// Findings and keys are in `reading` afterwards.
    [[nodiscard]] Recipe read(const std::string& name);
    [[nodiscard]] const base::TomlReading& reading() const { return reading_; }

  private:
    /// Of what may stand in braces.
    struct Name {
        bool is_derived = false;
        /// Of the request as it is made otherwise: known when the rest of it is.
        bool is_late = false;
        /// Octets, which no request can hold.
        bool is_raw = false;
        bool is_secret = false;
    };
    /// Where a template stands.
    enum class Place {
        early,  ///< in what may be signed
        late,   ///< beside it
        list,   ///< in what is repeated for each value
        step    ///< in a step
    };
    using Section = base::TomlSection;

    void read_kind(Recipe& recipe, const std::string& name);
    void read_key(Section row, ProviderKind& kind);
    void read_steps(Recipe& recipe);
    void read_step(Section row, Recipe& recipe);
    void read_request(Recipe& recipe);
    void read_login(Recipe& recipe);
    void read_authentication(Recipe& recipe);
    void read_answer(Recipe& recipe);
    void read_call(Section& section, RecipeCall& call);
    void read_listing(const std::string& key, std::optional<RecipeListing>& target);
    void read_call_at(const std::string& key, std::optional<RecipeCall>& target);
    void read_statuses(Section& section, const std::string& key, std::vector<int>& target);
    void judge(const Recipe& recipe);

    /// The tables of a list of tables, with their paths.
    std::vector<Section> rows(const std::string& key);
    /// Makes a finding of each placeholder that nothing fills there.
    void check(const Section& section, const std::string& key, const std::string& text,
               Place place);
    std::string checked(Section& section, const std::string& key, Place place);
    Templates templates(Section& section, const std::string& key, Place place);
    Templates fields(Section& section);
    boost::json::value json(const toml::node& node, Section& section, const std::string& key,
                            Place place, std::size_t depth);

    base::TomlReading reading_{};
    Section root_;
    std::map<std::string, Name> names_{};
    /// What is known of the record in the table that is read.
    std::set<std::string> known_{};
};

}  // namespace cairn::client
