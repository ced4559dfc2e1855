#include "client/apache/config_edits.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::client::apache {

void ConfigEdits::add(const ConfigFile& file, Change change) {
    auto& changes = changes_[&file];
    if (std::ranges::find(changes, change) != changes.end()) return;
    // Of those with one place the first stays first.
    const auto place = std::ranges::upper_bound(changes, change.begin, {}, &Change::begin);
    changes.insert(place, std::move(change));
}

void ConfigEdits::insert_lines(const ConfigFile& file, std::size_t place, std::string_view indent,
                               const std::vector<std::string>& lines) {
    const auto end = file.tree.line_end();
    std::string text;
    // A file may end in the middle of a line.
    if (place > 0 && file.tree.text()[place - 1] != '\n') text += end;
    for (const auto& line : lines)
        text += line.empty() ? std::string(end) : fmt::format("{}{}{}", indent, line, end);
    add(file, {place, place, std::move(text)});
}

void ConfigEdits::erase(const ConfigFile& file, const ConfigNode& node) {
    add(file, {node.begin, node.end, {}});
}

void ConfigEdits::replace_arguments(const ConfigFile& file, const ConfigNode& node,
                                    std::string_view arguments) {
    add(file, {node.arguments_begin, node.arguments_end, std::string(arguments)});
}

void ConfigEdits::insert(const ConfigFile& file, std::size_t place, std::string text) {
    add(file, {place, place, std::move(text)});
}

std::string ConfigEdits::text_of(const ConfigFile& file, std::size_t begin, std::size_t end) const {
    const auto found = changes_.find(&file);
    auto changes = found == changes_.end() ? std::vector<Change>() : found->second;
    std::erase_if(changes,
                  [&](const Change& each) { return each.begin < begin || each.end > end; });
    const std::string_view text = file.tree.text();
    std::string out;
    std::size_t at = begin;
    for (const auto& change : changes) {
        out += text.substr(at, std::max(at, change.begin) - at);
        out += change.text;
        at = std::max(at, change.end);
    }
    out += text.substr(at, end - at);
    return out;
}

std::map<std::filesystem::path, std::string> ConfigEdits::contents() const {
    std::map<std::filesystem::path, std::string> contents;
    for (const auto& [file, unused] : changes_)
        contents.emplace(file->path, text_of(*file, 0, file->tree.text().size()));
    return contents;
}

}  // namespace cairn::client::apache
