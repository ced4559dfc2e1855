#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cairn::client {

/// What stands behind a key of a configobj file: one text, or several with commas between.
struct ConfigValue {
    std::vector<std::string> words;
    /// True where there was a comma, also with one word or none.
    bool is_list = false;
    /// One text, as it was before it was taken for a list.
    [[nodiscard]] std::string text() const;
    friend bool operator==(const ConfigValue&, const ConfigValue&) = default;
};

struct NamedConfigSection;

/// A section of a file as certbot keeps the settings of a renewal, in the syntax of Python's
/// configobj: "key = value", quotes, lists, sections within sections, comments.
struct ConfigSection {
    static constexpr std::size_t max_text = std::size_t{1} << 20U;
    static constexpr std::size_t max_depth = 8;
    static constexpr std::size_t max_entries = 10000;  ///< keys and sections of a file

    std::vector<std::pair<std::string, ConfigValue>> values;  ///< in the file's order
    std::vector<NamedConfigSection> sections;

    /// Reads a whole file. The error names the line, and quotes no value. Nothing is interpolated.
    [[nodiscard]] static base::Result<ConfigSection> from_text(std::string_view text);

    /// Null if there is none.
    [[nodiscard]] const ConfigValue* find(std::string_view key) const;
    [[nodiscard]] const ConfigSection* section(std::string_view name) const;
    /// One text; nothing if the key is not there.
    [[nodiscard]] std::optional<std::string> text(std::string_view key) const;
};

/// A section within another.
struct NamedConfigSection {
    std::string name;
    ConfigSection section;
};

}  // namespace cairn::client
