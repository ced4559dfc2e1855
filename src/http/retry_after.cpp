#include "http/retry_after.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "http/http_date.h"

namespace cairn::http {
namespace {

constexpr auto longest = static_cast<std::uint64_t>(longest_retry_after.count());

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
