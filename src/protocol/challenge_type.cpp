#include "protocol/challenge_type.h"

#include <algorithm>
#include <array>

namespace cairn::protocol {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 3> names = {"http-01", "dns-01", "tls-alpn-01"};

}  // namespace

std::string_view to_string(ChallengeType type) {
    return names.at(static_cast<std::size_t>(type));
}

std::optional<ChallengeType> challenge_type_from(std::string_view text) {
    const auto* const found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return static_cast<ChallengeType>(found - names.begin());
}

}  // namespace cairn::protocol
