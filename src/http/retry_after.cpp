#include "http/retry_after.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>

#include <time.h>

namespace cairn::http {
namespace {

constexpr std::size_t longest_date = 40;
constexpr auto longest = static_cast<std::uint64_t>(longest_retry_after.count());

std::optional<base::Time> parse_http_date(std::string_view value) {
    if (value.size() > longest_date) return std::nullopt;
    const std::string text(value);
    // IMF-fixdate, RFC 850, asctime; the program stays in the C locale, so names are English.
    for (const char* form :
         {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
        tm calendar{};
        const char* end = strptime(text.c_str(), form, &calendar);
        if (end == text.c_str() + text.size())
            return base::Time(base::Seconds(static_cast<std::int64_t>(timegm(&calendar))));
    }
    return std::nullopt;
}

}  // namespace

std::optional<base::Seconds> parse_retry_after(std::string_view value, base::Time now) {
    const auto* const end = value.data() + value.size();
    std::uint64_t count = 0;
    const auto [rest, error] = std::from_chars(value.data(), end, count);
    if (rest == end && error == std::errc{})
        return base::Seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(count, longest)));
    if (rest == end && error == std::errc::result_out_of_range) return longest_retry_after;
    if (const auto date = parse_http_date(value))
        return std::clamp(*date - now, base::Seconds{0}, longest_retry_after);
    return std::nullopt;
}

}  // namespace cairn::http
