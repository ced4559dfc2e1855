#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/scenario.h"

namespace cairn::bench {

/// What idle TLS connections cost a server.
struct IdleConnections {
    std::size_t connections = 0;
    double mebibytes_more = 0;
};

/// Everything that a run has found out.
struct Findings {
    std::vector<Measurement> measurements;
    /// Why a scenario could not be measured at all: no such server, it does not start.
    std::vector<std::string> failures;
    double durable_write_microseconds = 0;
    std::optional<IdleConnections> idle;
    /// 32 clients with kept connections at a store that was full before, at most one of each kind.
    std::vector<Measurement> filled;
    bool started_filled = false;  ///< the start-up is that with the filled store
    std::optional<double> serve_start_seconds;
    std::optional<double> client_start_milliseconds;
};

/// A figure to reach, and the one above which the work is not done.
struct Goal {
    std::string figure;
    std::string unit;
    double goal = 0, bound = 0;
    std::optional<double> measured;
};
enum class Verdict { reached, within_bound, missed, not_measured };
[[nodiscard]] Verdict verdict(const Goal& goal);
[[nodiscard]] std::string to_string(Verdict verdict);

/// The project's figures, with what was found.
[[nodiscard]] std::vector<Goal> goals_of(const Findings& findings);

}  // namespace cairn::bench
