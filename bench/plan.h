#pragma once

#include <optional>
#include <set>
#include <vector>

#include "bench/scenario.h"

namespace cairn::bench {

/// What a run measures beside scenarios.
enum class Extra { idle, start_up };

struct Plan {
    std::vector<Scenario> scenarios;
    std::set<Extra> extras;
    std::size_t idle_connections = 0;
};

/// A bit of everything, in a few minutes on two cores.
[[nodiscard]] Plan quick_plan();
/// The whole matrix: each server with 1 to 256 clients, each challenge, 1 and 100 names, kept and
/// fresh connections; `orders` in one run for the memory; 10,000 idle connections.
[[nodiscard]] Plan full_plan(long orders);

/// Every combination of these.
struct Choice {
    std::vector<ServerKind> servers{ServerKind::cairn_embedded};
    std::vector<Connections> connections{Connections::kept, Connections::fresh};
    std::vector<protocol::ChallengeType> challenges{protocol::ChallengeType::http_01};
    std::vector<std::size_t> clients{32}, names{1};
    long certificates = 3000;
};
[[nodiscard]] std::vector<Scenario> scenarios_of(const Choice& choice);

}  // namespace cairn::bench
