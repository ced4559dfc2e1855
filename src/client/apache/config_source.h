#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/apache/config_tree.h"

namespace cairn::client::apache {

/// A file of a configuration, wherever it is included.
struct ConfigFile {
    /// Without links.
    std::filesystem::path path;
    ConfigTree tree;
};

/// The files that a configuration is made of: as they are, or as they would be after a change that
/// has not been made. Each is read once.
class ConfigSource {
  public:
    static constexpr std::size_t max_files = 20'000;

    ConfigSource() = default;
    /// With these contents in the place of what is on the disk, by paths without links, and these
    /// links, by their paths, as if they were there.
    ConfigSource(std::map<std::filesystem::path, std::string> contents,
                 std::map<std::filesystem::path, std::filesystem::path> links)
        : contents_(std::move(contents)), links_(std::move(links)) {}

    /// The file that `path` leads to; it stays as long as the source. The error names it.
    [[nodiscard]] base::Result<const ConfigFile*> file(const std::filesystem::path& path);

    /// The files that an Include of `pattern`, which is absolute, takes, in httpd's order: patterns
    /// in any part of the path, and all that is in a folder and in those below it. Nothing for a
    /// pattern, or a file, that there is not.
    [[nodiscard]] base::Result<std::vector<std::filesystem::path>> matches(
        const std::filesystem::path& pattern) const;

    /// All that were read, in the order of their paths.
    [[nodiscard]] std::vector<const ConfigFile*> files() const;

  private:
    [[nodiscard]] std::vector<std::string> names_in(const std::filesystem::path& folder) const;
    [[nodiscard]] std::filesystem::path real_path(const std::filesystem::path& path) const;
    base::Result<void> add_all(const std::filesystem::path& path, int depth,
                               std::vector<std::filesystem::path>& found) const;

    std::map<std::filesystem::path, std::string> contents_;
    std::map<std::filesystem::path, std::filesystem::path> links_;
    std::map<std::filesystem::path, std::unique_ptr<ConfigFile>> read_;
};

}  // namespace cairn::client::apache
