#include "client/renew_before.h"

#include <charconv>
#include <optional>

#include "base/duration.h"

namespace cairn::client {
namespace {

constexpr std::string_view wanted =
    "must be a duration such as \"30d\" or \"12h\", or a share of the certificate's life such as "
    "\"1/3\" or \"0.33\"";
constexpr std::size_t max_digits = 6;

std::optional<std::int64_t> number_from(std::string_view digits) {
    if (digits.empty() || digits.size() > max_digits ||
        digits.find_first_not_of("0123456789") != std::string_view::npos)
        return std::nullopt;
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

}  // namespace

base::Result<RenewBefore::Share> RenewBefore::share_from(std::string_view text) {
    std::optional<std::int64_t> part;
    std::optional<std::int64_t> whole;
    if (const auto slash = text.find('/'); slash != std::string_view::npos) {
        part = number_from(text.substr(0, slash));
        whole = number_from(text.substr(slash + 1));
    } else if (text.starts_with("0.") || text.starts_with(".")) {
        const auto digits = text.substr(text.find('.') + 1);
        part = number_from(digits);
        whole = 1;
        for (std::size_t i = 0; i < digits.size() && i < max_digits; ++i) *whole *= 10;
    }
    if (!part || !whole || *part == 0 || *part >= *whole) return base::fail(std::string(wanted));
    return Share{*part, *whole};
}

base::Result<RenewBefore> RenewBefore::from_text(std::string_view text) {
    if (const auto duration = base::duration_from(text))
        return RenewBefore(std::string(text), *duration);
    const auto share = share_from(text);
    if (!share) return std::unexpected(share.error());
    return RenewBefore(std::string(text), *share);
}

base::Seconds RenewBefore::reserve_of(base::Seconds lifetime) const {
    const auto* share = std::get_if<Share>(&length_);
    const auto reserve =
        share != nullptr ? lifetime * share->part / share->whole : std::get<base::Seconds>(length_);
    return reserve > lifetime * 9 / 10 ? lifetime / 2 : reserve;
}

}  // namespace cairn::client
