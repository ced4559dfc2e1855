#include "http/http_date.h"

#include <array>
#include <cstdint>

#include <time.h>

namespace cairn::http {
namespace {

constexpr std::size_t longest_date = 40;

}  // namespace

std::string http_date(base::Time time) {
    const time_t seconds = time.time_since_epoch().count();
    tm calendar{};
    gmtime_r(&seconds, &calendar);
    std::array<char, 64> text{};
    const auto size =
        std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &calendar);
    return {text.data(), size};
}

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

}  // namespace cairn::http
