#include "client/apache/module_links.h"

#include <set>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "client/apache/config_tree.h"
#include "client/durable_file.h"

namespace cairn::client::apache {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_module_file = 65536;

/// The modules in "# Depends: setenvif mime" of a .load file.
std::vector<std::string> dependencies(std::string_view text) {
    constexpr std::string_view mark = "# Depends:";
    std::vector<std::string> modules;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        at = end + 1;
        if (!line.starts_with(mark)) continue;
        for (auto& word : split_words(line.substr(mark.size()))) modules.push_back(std::move(word));
    }
    return modules;
}

/// A name that is no path.
bool is_module_name(std::string_view name) {
    return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
                                std::string_view::npos;
}

}  // namespace

base::Result<std::map<fs::path, fs::path>> links_to_enable(const fs::path& folder,
                                                           std::string_view module) {
    std::map<fs::path, fs::path> links;
    std::vector<std::string> wanted = {std::string(module)};
    std::set<std::string> known;
    while (!wanted.empty()) {
        const auto name = wanted.back();
        wanted.pop_back();
        if (!is_module_name(name) || !known.insert(name).second) continue;
        const auto available = folder / "mods-available";
        const auto enabled = folder / "mods-enabled";
        const auto text = read_file(available / (name + ".load"), max_module_file);
        std::error_code ignored;
        if (!text || !fs::is_directory(enabled, ignored))
            return base::fail(
                fmt::format("there is no {}", (available / (name + ".load")).string()));
        for (const char* extension : {".load", ".conf"}) {
            const auto file = name + extension;
            if (fs::exists(available / file, ignored) &&
                fs::symlink_status(enabled / file, ignored).type() == fs::file_type::not_found)
                links.emplace(enabled / file, available / file);
        }
        for (auto& dependency : dependencies(*text)) wanted.push_back(std::move(dependency));
    }
    return links;
}

}  // namespace cairn::client::apache
