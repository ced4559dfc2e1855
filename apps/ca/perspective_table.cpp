#include "apps/ca/perspective_table.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>
#include <vector>

#include "base/json_quoted.h"
#include "base/toml_section.h"

namespace cairn::apps {

namespace {

std::string_view trimmed(std::string_view line) {
    const auto begin = line.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) return {};
    return line.substr(begin, line.find_last_not_of(" \t\r\n") + 1 - begin);
}

bool is_perspective_header(std::string_view line) {
    std::string word;
    for (const char c : line.substr(0, line.find('#')))
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n') word += c;
    return word == "[[perspective]]";
}

// With their line ends.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return lines;
}

std::optional<std::size_t> table_place(const toml::table& root, const std::string& name) {
    const auto* list = root.get_as<toml::array>("perspective");
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        const auto* table = list->get(i)->as_table();
        if (table != nullptr && (*table)["name"].value_or(std::string()) == name) return i;
    }
    return std::nullopt;
}

std::string written(const toml::table& root) {
    std::ostringstream text;
    text << root;
    return text.str();
}

}  // namespace

std::string with_perspective(std::string toml, const Configuration::Perspective& perspective) {
    if (!toml.empty() && !toml.ends_with('\n')) toml += '\n';
    return toml + "\n[[perspective]]\nname = " + base::json_quoted(perspective.name) +
           "\nurl = " + base::json_quoted(perspective.url) +
           "\nregion = " + base::json_quoted(std::string(to_string(perspective.region))) + "\n";
}

base::Result<std::string> without_perspective(const std::string& toml, const std::string& name) {
    auto root = base::parse_toml(toml);
    if (!root) return std::unexpected(root.error());
    const auto place = table_place(*root, name);
    if (!place) return base::fail("there is no perspective " + base::printable(name, 50));

    const auto lines = lines_of(toml);
    std::size_t headers = 0, begin = lines.size();
    for (std::size_t i = 0; i < lines.size() && begin == lines.size(); ++i)
        if (is_perspective_header(lines[i]) && headers++ == *place) begin = i;
    auto end = std::min(begin + 1, lines.size());
    while (end < lines.size() && !trimmed(lines[end]).starts_with('[')) ++end;
    // Comments and empty lines before the next table are that one's.
    while (end > begin + 1 &&
           (trimmed(lines[end - 1]).empty() || trimmed(lines[end - 1]).starts_with('#')))
        --end;
    // The one that `with_perspective` put before it.
    if (begin > 0 && begin < lines.size() && trimmed(lines[begin - 1]).empty()) --begin;
    std::string rest;
    for (std::size_t i = 0; i < lines.size(); ++i)
        if (i < begin || i >= end) rest += lines[i];

    // Whatever the file looks like: nothing but this table may be gone.
    auto& list = *root->get_as<toml::array>("perspective");
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(*place));
    if (list.empty()) root->erase("perspective");
    const auto read = base::parse_toml(rest);
    if (!read || written(*read) != written(*root))
        return base::fail(
            "its table is not written as [[perspective]] with lines of its own; "
            "remove it from ca.toml by hand, and send the server SIGHUP");
    return rest;
}

}  // namespace cairn::apps
