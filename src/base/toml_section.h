#pragma once
// Tables of a TOML file, read by key, with all that is wrong.

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"

namespace cairn::base {

/// What comes to light while a file is read: all of it, so that one run tells everything.
struct TomlReading {
    /// What is wrong, each with the key that it is about.
    std::vector<Error> findings{};
    /// Every key that was looked for, dotted.
    std::set<std::string> keys{};
    /// The keys of the file that nobody looked for.
    std::vector<std::string> unknown{};

    /// Makes a finding of each unknown key, with the known one that may have been meant.
    void report_unknown();
};

/// A table of the file. Values are taken by key; a key that is absent leaves its target as it is, a
/// value of another type or beyond its bounds becomes a finding.
class TomlSection {
  public:
    /// `table`: null if the file has none. `path`: its dotted name, with a final dot. `reading` and
    /// the table outlive the section.
    TomlSection(const toml::table* table, std::string path, TomlReading& reading)
        : table_(table), path_(std::move(path)), reading_(reading) {}

    void take(const std::string& key, std::string& target);
    void take(const std::string& key, bool& target);
    void take(const std::string& key, std::int64_t& target);
    void take(const std::string& key, std::vector<std::string>& target);
    /// From 1 to 65535.
    void take_port(const std::string& key, std::uint16_t& target);
    /// As duration_from reads it.
    void take_duration(const std::string& key, Seconds& target);
    /// A duration, or "never" for none.
    void take_limit(const std::string& key, std::optional<Seconds>& target);
    void take_count(const std::string& key, std::size_t& target, std::int64_t least,
                    std::int64_t most);
    /// A list of networks or addresses, added to `target`.
    void take_networks(const std::string& key, std::vector<IpNetwork>& target);

    /// The value at this key as it stands, for whoever reads it by himself; null if it is absent.
    [[nodiscard]] const toml::node* node_at(const std::string& key);
    /// Whether the key is there, and its value is `false`.
    [[nodiscard]] bool is_false(const std::string& key);
    /// The table at this key; an empty one if it is absent.
    [[nodiscard]] TomlSection section(const std::string& key);
    /// A table that stands in a list at this key, of which there may be several.
    [[nodiscard]] TomlSection section_of(const toml::table& table, const std::string& key);
    [[nodiscard]] std::vector<std::string> keys() const;
    [[nodiscard]] bool has(const std::string& key) const {
        return table_ != nullptr && table_->contains(key);
    }
    [[nodiscard]] bool is_there() const { return table_ != nullptr; }

    /// Adds a finding about this key.
    void find(const std::string& key, const std::string& what) const;
    /// Notes the keys of this table that were not taken. Called when all were.
    void report_unknown() const;

  private:
    template <class T>
    void take_value(const std::string& key, T& target);

    const toml::table* table_;
    std::string path_;
    TomlReading& reading_;
    std::set<std::string> taken_;
};

/// Parses a whole file. The error says what is wrong and where, and quotes nothing of the file: a
/// value may hold a password.
[[nodiscard]] Result<toml::table> parse_toml(const std::string& text);

/// Puts the value of `KEY=VALUE` (a dotted key, and TOML) into the tables of `root`, which are made
/// on the way. What is wrong becomes a finding that names the key alone.
void apply_override(toml::table& root, const std::string& text, TomlReading& reading);

}  // namespace cairn::base
