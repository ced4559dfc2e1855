#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "client/apache/config_source.h"

namespace cairn::client::apache {

/// Changes to be made to the files of a configuration, collected by place. They do not overlap.
/// What is asked for twice is made once: one file can be included twice.
class ConfigEdits {
  public:
    /// Puts whole lines at `place`, the beginning of a line or the end of the file, each with this
    /// indent and the end of line of the file.
    void insert_lines(const ConfigFile& file, std::size_t place, std::string_view indent,
                      const std::vector<std::string>& lines);
    /// Puts text there as it is.
    void insert(const ConfigFile& file, std::size_t place, std::string text);
    /// Takes the whole of a directive away, with its lines.
    void erase(const ConfigFile& file, const ConfigNode& node);
    /// Puts other arguments in the place of those of a directive.
    void replace_arguments(const ConfigFile& file, const ConfigNode& node,
                           std::string_view arguments);
    [[nodiscard]] bool is_empty() const { return changes_.empty(); }
    /// The new contents of the files that change, by their paths without links.
    [[nodiscard]] std::map<std::filesystem::path, std::string> contents() const;
    /// A part of a file with the changes that are wholly in it.
    [[nodiscard]] std::string text_of(const ConfigFile& file, std::size_t begin,
                                      std::size_t end) const;

  private:
    struct Change {
        std::size_t begin, end;
        std::string text;
        friend bool operator==(const Change&, const Change&) = default;
    };
    void add(const ConfigFile& file, Change change);
    /// In the order of their places.
    std::map<const ConfigFile*, std::vector<Change>> changes_;
};

}  // namespace cairn::client::apache
