#include "client/deploy/edit_history.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <system_error>

#include <fmt/format.h>

#include "client/durable_file.h"

namespace cairn::client {
namespace {

std::optional<unsigned long> number_of(const std::string& name) {
    unsigned long number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc() || std::string_view(end) != ".json") return std::nullopt;
    return number;
}

std::vector<unsigned long> numbers_in(const std::filesystem::path& folder) {
    std::vector<unsigned long> numbers;
    for (const auto& name : file_names_in(folder))
        if (const auto number = number_of(name)) numbers.push_back(*number);
    std::ranges::sort(numbers, std::greater());
    return numbers;
}

}  // namespace

std::filesystem::path EditHistory::next() const {
    const auto numbers = numbers_in(folder_);
    for (std::size_t i = max_kept - 1; i < numbers.size(); ++i) {
        std::error_code ignored;
        std::filesystem::remove(folder_ / fmt::format("{}.json", numbers[i]), ignored);
    }
    return folder_ / fmt::format("{}.json", numbers.empty() ? 1 : numbers.front() + 1);
}

std::vector<std::filesystem::path> EditHistory::journals() const {
    std::vector<std::filesystem::path> journals;
    for (const auto number : numbers_in(folder_))
        journals.push_back(folder_ / fmt::format("{}.json", number));
    return journals;
}

}  // namespace cairn::client
