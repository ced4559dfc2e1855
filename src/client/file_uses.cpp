#include "client/file_uses.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "base/result.h"
#include "client/durable_file.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_files = 20000, max_octets = std::size_t{256} << 20;
constexpr std::size_t max_file = std::size_t{1} << 20, max_command_line = std::size_t{1} << 17;
constexpr int max_depth = 8;
constexpr std::size_t max_uses = 50;
/// Of links in a folder of certificates.
constexpr std::size_t max_entries = 2000;
constexpr std::size_t max_path = 4096;

constexpr auto endings_of_leftovers = std::to_array<std::string_view>(
    {"~", ".bak", ".orig", ".old", ".swp", ".dpkg-old", ".dpkg-dist", ".dpkg-new", ".ucf-old",
     ".ucf-dist", ".rpmsave", ".rpmnew", ".disabled"});
/// What stands there is read where a link to it stands elsewhere.
constexpr auto folders_left_out = std::to_array<std::string_view>(
    {"sites-available", "conf-available", "mods-available", ".git", "alternatives"});

bool is_left_over(const std::string& name) {
    return std::ranges::any_of(endings_of_leftovers,
                               [&](std::string_view end) { return name.ends_with(end); });
}

/// True if `path` is this folder or in it.
bool is_in(const fs::path& path, const fs::path& folder) {
    const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
    static_cast<void>(rest);
    return end == folder.end();
}

bool can_be_in_a_path(char character) {
    constexpr std::string_view ends = " \t\r\n\"'`;,{}()[]<>=|&$*?\\";
    return static_cast<unsigned char>(character) > ' ' &&
           ends.find(character) == std::string_view::npos;
}

/// The absolute paths that stand in a line.
std::vector<std::string> paths_in(std::string_view line) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const bool begins = line[i] == '/' && (i == 0 || !can_be_in_a_path(line[i - 1]) ||
                                               line[i - 1] == ':' || line[i - 1] == '@');
        if (!begins) continue;
        auto end = i;
        while (end < line.size() && can_be_in_a_path(line[end])) ++end;
        if (end - i > 1 && end - i <= max_path) paths.emplace_back(line.substr(i, end - i));
        i = end;
    }
    return paths;
}

/// Collects them. Used once.
class Search {
  public:
    Search(const std::vector<fs::path>& folders, const UseSources& sources) : sources_(sources) {
        for (const auto& folder : folders) {
            ours_.push_back(folder.lexically_normal());
            std::error_code none;
            if (auto real = fs::canonical(folder, none); !none) ours_.push_back(std::move(real));
        }
    }

    FileUses run() {
        look_into(sources_.configurations, 0);
        look_at_processes();
        return std::move(found_);
    }

  private:
    [[nodiscard]] bool is_ours(const fs::path& path) const {
        return std::ranges::any_of(ours_,
                                   [&](const fs::path& folder) { return is_in(path, folder); });
    }

    /// Whether what is at this path is one of our files, also through links.
    bool leads_to_ours(const std::string& text) {
        const auto known = known_.find(text);
        if (known != known_.end()) return known->second;
        const auto path = fs::path(text).lexically_normal();
        std::error_code none;
        bool is_so = is_ours(path);
        if (!is_so) {
            const auto real = fs::canonical(path, none);
            is_so = !none && is_ours(real);
        }
        return known_.emplace(text, is_so).first->second;
    }

    /// The link in this folder that leads to one of our files.
    std::optional<fs::path> link_in(const std::string& text) {
        const auto known = links_.find(text);
        if (known != links_.end()) return known->second;
        std::optional<fs::path> link;
        std::error_code error;
        std::size_t count = 0;
        if (fs::is_directory(text, error))
            for (fs::directory_iterator entry(text, error);
                 !error && entry != fs::directory_iterator() && ++count <= max_entries;
                 entry.increment(error)) {
                std::error_code none;
                if (entry->is_symlink(none) && leads_to_ours(entry->path().string())) {
                    link = entry->path();
                    break;
                }
            }
        return links_.emplace(text, link).first->second;
    }

    bool add(FileUse use) {
        if (found_.uses.size() == max_uses) {
            found_.is_complete = false;
            return false;
        }
        found_.uses.push_back(std::move(use));
        return true;
    }

    void look_into(const fs::path& folder, int depth) {
        if (depth > max_depth ||
            std::ranges::find(sources_.left_out, folder) != sources_.left_out.end())
            return;
        std::error_code error;
        std::vector<fs::path> entries;
        for (fs::directory_iterator entry(folder, error);
             !error && entry != fs::directory_iterator(); entry.increment(error))
            entries.push_back(entry->path());
        std::ranges::sort(entries);
        for (const auto& path : entries) {
            std::error_code none;
            const auto name = path.filename().string();
            const auto kind = fs::symlink_status(path, none).type();
            if (kind == fs::file_type::directory) {
                if (std::ranges::find(folders_left_out, name) == folders_left_out.end())
                    look_into(path, depth + 1);
            } else if (!is_left_over(name) && fs::is_regular_file(path, none) &&
                       !leads_to_ours(path.string())) {
                look_at(path);
            }
        }
    }

    void look_at(const fs::path& file) {
        if (count_ == max_files || octets_ > max_octets) {
            found_.is_complete = false;
            return;
        }
        ++count_;
        const auto text = read_file(file, max_file);
        if (!text) return;
        octets_ += text->size();
        // What is no text is no configuration.
        if (text->find('\0') != std::string::npos) return;
        std::size_t number = 0;
        for (std::string_view rest = *text; !rest.empty();) {
            const auto line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(line.size() + 1, rest.size()));
            ++number;
            const auto first = line.find_first_not_of(" \t");
            if (first == std::string_view::npos || line[first] == '#') continue;
            if (line.find('/') == std::string_view::npos) continue;
            if (const auto path = path_of_ours(line))
                if (!add({FileUse::Kind::configuration,
                          fmt::format("{}, line {}", base::printable(file.string(), 300), number),
                          *path}))
                    return;
        }
    }

    std::optional<fs::path> path_of_ours(std::string_view line) {
        // Folders of certificates are named in such lines; others are not searched for links.
        const auto says = [&](std::string_view word) {
            return std::ranges::search(line, word, {}, [](unsigned char c) {
                       return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
                   }).begin() != line.end();
        };
        const bool is_about_certificates =
            says("crt") || says("cert") || says("ssl") || says("tls");
        for (const auto& path : paths_in(line)) {
            if (leads_to_ours(path)) return fs::path(path);
            if (!is_about_certificates) continue;
            if (auto link = link_in(path)) return link;
        }
        return std::nullopt;
    }

    void look_at_processes() {
        std::error_code error;
        const auto self = std::to_string(::getpid());
        for (fs::directory_iterator entry(sources_.processes, error);
             !error && entry != fs::directory_iterator(); entry.increment(error)) {
            const auto number = entry->path().filename().string();
            const bool is_process =
                std::ranges::all_of(number, [](unsigned char c) { return c >= '0' && c <= '9'; });
            if (is_process && number != self) look_at_process(entry->path(), number);
        }
    }

    void look_at_process(const fs::path& process, const std::string& number) {
        auto path = path_in_command_line(process);
        if (!path) path = path_of_open_file(process);
        if (!path) return;
        auto name = read_file(process / "comm", 100).value_or("");
        while (!name.empty() && name.back() == '\n') name.pop_back();
        add({FileUse::Kind::process, fmt::format("process {} ({})", number, base::printable(name)),
             *path});
    }

    std::optional<fs::path> path_in_command_line(const fs::path& process) {
        auto words = read_file(process / "cmdline", max_command_line).value_or("");
        std::ranges::replace(words, '\0', ' ');
        for (const auto& path : paths_in(words))
            if (leads_to_ours(path)) return fs::path(path);
        return std::nullopt;
    }

    [[nodiscard]] std::optional<fs::path> path_of_open_file(const fs::path& process) const {
        std::error_code error;
        for (fs::directory_iterator entry(process / "fd", error);
             !error && entry != fs::directory_iterator(); entry.increment(error)) {
            std::error_code none;
            const auto target = fs::read_symlink(entry->path(), none);
            if (!none && is_ours(target)) return target;
        }
        return std::nullopt;
    }

    const UseSources& sources_;
    std::vector<fs::path> ours_;
    FileUses found_;
    std::map<std::string, bool> known_;
    std::map<std::string, std::optional<fs::path>> links_;
    std::size_t count_ = 0, octets_ = 0;
};

}  // namespace

FileUses uses_of(const std::vector<fs::path>& folders, const UseSources& sources) {
    return Search(folders, sources).run();
}

}  // namespace cairn::client
