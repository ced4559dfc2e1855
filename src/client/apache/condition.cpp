#include "client/apache/condition.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <regex>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cairn::client::apache {
namespace {

std::vector<unsigned long> numbers_of(std::string_view text) {
    std::vector<unsigned long> numbers;
    for (std::size_t at = 0; at <= text.size() && numbers.size() < 3;) {
        const auto dot = std::min(text.find('.', at), text.size());
        numbers.push_back(
            std::strtoul(std::string(text.substr(at, dot - at)).c_str(), nullptr, 10));
        at = dot + 1;
    }
    return numbers;
}

bool matches_pattern(std::string_view pattern, const std::vector<unsigned long>& version) {
    try {
        return std::regex_search(fmt::format("{}", fmt::join(version, ".")),
                                 std::regex(std::string(pattern), std::regex::extended));
    } catch (const std::regex_error&) {
        return false;
    }
}

}  // namespace

bool holds_for_version(const std::vector<std::string>& words,
                       const std::vector<unsigned long>& version) {
    if (words.empty()) return false;
    std::string_view operation = words.size() > 1 ? std::string_view(words.front()) : "=";
    std::string_view wanted = words.size() > 1 ? words[1] : words.front();
    const bool is_reversed = operation.starts_with('!');
    if (is_reversed) operation.remove_prefix(1);
    bool holds = false;
    const bool is_pattern = wanted.size() > 1 && wanted.starts_with('/') && wanted.ends_with('/');
    if (operation == "~" || is_pattern) {
        holds = matches_pattern(is_pattern ? wanted.substr(1, wanted.size() - 2) : wanted, version);
    } else {
        auto numbers = numbers_of(wanted);
        numbers.resize(3);
        auto ours = version;
        ours.resize(3);
        const auto order = ours <=> numbers;
        if (operation == "=" || operation == "==" || operation.empty())
            holds = order == 0;
        else if (operation == ">")
            holds = order > 0;
        else if (operation == ">=")
            holds = order >= 0;
        else if (operation == "<")
            holds = order < 0;
        else if (operation == "<=")
            holds = order <= 0;
    }
    return holds != is_reversed;
}

std::vector<std::string> module_names(std::string_view identifier, std::string_view file) {
    std::vector<std::string> names = {std::string(identifier)};
    constexpr std::string_view suffix = "_module";
    if (identifier.ends_with(suffix)) {
        const auto stem = identifier.substr(0, identifier.size() - suffix.size());
        names.push_back(fmt::format("mod_{}.c", stem));
        // An MPM is known by the file that it is compiled from.
        if (stem.starts_with("mpm_")) names.push_back(fmt::format("{}.c", stem.substr(4)));
    }
    const auto slash = file.rfind('/');
    auto stem = slash == std::string_view::npos ? file : file.substr(slash + 1);
    if (stem.ends_with(".so")) stem.remove_suffix(3);
    names.push_back(fmt::format("{}.c", stem));
    return names;
}

}  // namespace cairn::client::apache
