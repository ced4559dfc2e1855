#include "client/apache/config_source.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <errno.h>
#include <fmt/format.h>
#include <fnmatch.h>

#include "client/durable_file.h"

namespace cairn::client::apache {
namespace {

namespace fs = std::filesystem;

/// As httpd goes into folders (AP_MAX_INCLUDE_DIR_DEPTH).
constexpr int max_folder_depth = 20;

bool is_pattern(std::string_view text) {
    return text.find_first_of("*?[") != std::string_view::npos;
}

}  // namespace

fs::path ConfigSource::real_path(const fs::path& path) const {
    const auto link = links_.find(path.lexically_normal());
    std::error_code ignored;
    auto real = fs::weakly_canonical(link == links_.end() ? path : link->second, ignored);
    return real.empty() ? path.lexically_normal() : real;
}

base::Result<const ConfigFile*> ConfigSource::file(const fs::path& path) {
    const auto real = real_path(path);
    if (const auto known = read_.find(real); known != read_.end()) return known->second.get();
    if (read_.size() == max_files)
        return base::fail(fmt::format("the configuration has more than {} files", max_files));
    const auto shown = base::printable(path.string(), 400);
    const auto in_mind = contents_.find(real);
    auto text = in_mind != contents_.end() ? base::Result<std::string>(in_mind->second)
                                           : read_file(real, ConfigTree::max_text);
    if (!text) return std::unexpected(text.error().within(shown));
    auto tree = ConfigTree::from_text(std::move(*text));
    if (!tree) return std::unexpected(tree.error().within(shown));
    auto file = std::make_unique<ConfigFile>(ConfigFile{real, std::move(*tree)});
    return read_.emplace(real, std::move(file)).first->second.get();
}

std::vector<std::string> ConfigSource::names_in(const fs::path& folder) const {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        names.push_back(entry->path().filename().string());
    for (const auto& [link, target] : links_)
        if (link.parent_path() == folder.lexically_normal())
            names.push_back(link.filename().string());
    // By octets, as httpd does, whatever the locale.
    std::ranges::sort(names);
    const auto twice = std::ranges::unique(names);
    names.erase(twice.begin(), twice.end());
    return names;
}

base::Result<void> ConfigSource::add_all(const fs::path& path, int depth,
                                         std::vector<fs::path>& found) const {
    std::error_code ignored;
    if (!fs::is_directory(real_path(path), ignored)) {
        found.push_back(path);
        if (found.size() > max_files)
            return base::fail(fmt::format("more than {} files are included", max_files));
        return {};
    }
    if (depth == max_folder_depth)
        return base::fail(fmt::format("{}: folders go too deep", base::printable(path.string())));
    for (const auto& name : names_in(path))
        if (auto added = add_all(path / name, depth + 1, found); !added) return added;
    return {};
}

base::Result<std::vector<fs::path>> ConfigSource::matches(const fs::path& pattern) const {
    std::vector<fs::path> places = {pattern.root_path()};
    for (const auto& part : pattern.relative_path()) {
        if (part.empty()) continue;
        std::vector<fs::path> next;
        for (const auto& place : places) {
            if (!is_pattern(part.string())) {
                next.push_back(place / part);
                continue;
            }
            for (const auto& name : names_in(place))
                if (::fnmatch(part.c_str(), name.c_str(), FNM_PERIOD) == 0)
                    next.push_back(place / name);
        }
        places = std::move(next);
    }
    std::vector<fs::path> found;
    for (const auto& place : places) {
        std::error_code ignored;
        if (!fs::exists(real_path(place), ignored) && !contents_.contains(real_path(place)))
            continue;
        if (auto added = add_all(place, 0, found); !added)
            return std::unexpected(std::move(added.error()));
    }
    return found;
}

std::vector<const ConfigFile*> ConfigSource::files() const {
    std::vector<const ConfigFile*> files;
    for (const auto& [path, file] : read_) files.push_back(file.get());
    return files;
}

}  // namespace cairn::client::apache
