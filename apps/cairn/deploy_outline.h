#pragma once

#include <optional>
#include <vector>

#include <boost/json/array.hpp>

#include "apps/cairn/run.h"
#include "client/deployment.h"

namespace cairn {

/// What a deployment would do.
struct DeployOutline {
    boost::json::array targets;               ///< for --json
    std::optional<client::Failure> obstacle;  ///< the first that is seen to stand in its way
};

/// Says what a deployment to each of these targets would do, and what is seen to stand in its way.
/// Changes nothing.
DeployOutline tell_outline(Run& run, const client::DeploySubject& subject,
                           const std::vector<client::DeployTarget>& targets);

/// How targets stand, for --json.
[[nodiscard]] boost::json::array states_json(const std::vector<client::TargetState>& states);

/// What people should know of targets: those that have not learnt of what is in place, and why.
/// Sentences, each a line of its own.
[[nodiscard]] std::vector<std::string> target_remarks(
    const std::vector<client::TargetState>& states);

}  // namespace cairn
