#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/task.h"
#include "bench/validation_scenario.h"

namespace cairn::bench {

struct ValidationSettings {
    /// The programs to measure: cairn-ca, cairn-va.
    std::string cairn_ca, cairn_va;
    /// Where folders are made.
    std::filesystem::path work_folder;
    /// How many validations the cost is the mean of.
    std::size_t validations = 3000;
    /// How many lead into black holes at once.
    std::size_t black_holes = 2000;
    /// How many honest ones are timed, alone and beside them.
    std::size_t honest = 300;
    std::size_t rounds = 3;
};

/// Each starts the servers that it needs and ends them. Throws std::runtime_error if something does
/// not come about: a server that does not start, a validation that fails, too few black holes in
/// flight.
[[nodiscard]] ValidationCost measure_validation_cost(const CostScenario& scenario,
                                                     const ValidationSettings& settings);
[[nodiscard]] HoleFinding measure_beside_black_holes(const HoleScenario& scenario,
                                                     const ValidationSettings& settings);
/// The servers that are looked at answer after `delay`, as if they were that far away.
[[nodiscard]] PerspectiveFinding measure_perspectives(base::Milliseconds delay,
                                                      const ValidationSettings& settings);

}  // namespace cairn::bench
