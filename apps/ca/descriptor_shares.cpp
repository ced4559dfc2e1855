#include "apps/ca/descriptor_shares.h"

#include <algorithm>

namespace cairn::apps {

namespace {

constexpr std::size_t own = 128;
constexpr std::size_t most_connections = 12000;
constexpr std::size_t most_operator_connections = 32;
constexpr std::size_t most_validations = 4096;
/// A validation has a connection open, or asks the DNS two questions at a time.
constexpr std::size_t for_a_look = 2;

}  // namespace

DescriptorShares share_descriptors(std::size_t limit, std::size_t store, std::size_t perspectives) {
    const auto for_a_validation = for_a_look + perspectives;
    const auto kept = std::min(own + store, limit / 2);
    const auto operators = std::clamp<std::size_t>(limit / 32, 2, most_operator_connections);
    const auto left = limit - std::min(limit, kept + operators);
    // A quarter of what is left.
    const auto validations =
        std::clamp<std::size_t>(left / 4 / for_a_validation, 4, most_validations);
    const auto connections = left - std::min(left, validations * for_a_validation);
    return {.connections = std::clamp<std::size_t>(connections, 4, most_connections),
            .operator_connections = operators,
            .validations = validations};
}

}  // namespace cairn::apps
