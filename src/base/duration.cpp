#include "base/duration.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <utility>

namespace cairn::base {
namespace {

constexpr std::array<std::pair<char, Seconds>, 4> units{{{'d', std::chrono::days(1)},
                                                         {'h', std::chrono::hours(1)},
                                                         {'m', std::chrono::minutes(1)},
                                                         {'s', Seconds(1)}}};
constexpr std::int64_t most = 1'000'000;

}  // namespace

Result<Seconds> duration_from(std::string_view text) {
    const auto bad = fail("must be a duration such as \"90d\", \"12h\", \"30m\" or \"45s\"");
    if (text.size() < 2) return bad;
    std::int64_t number = 0;
    const char* end = text.data() + text.size() - 1;
    const auto [stop, failure] = std::from_chars(text.data(), end, number);
    if (failure != std::errc{} || stop != end || number < 1 || number > most) return bad;
    for (const auto& [letter, unit] : units)
        if (letter == text.back()) return unit * number;
    return bad;
}

std::string duration_text(Seconds duration) {
    for (const auto& [letter, unit] : units)
        if (duration % unit == Seconds(0)) return std::to_string(duration / unit) + letter;
    return std::to_string(duration.count()) + "s";
}

}  // namespace cairn::base
