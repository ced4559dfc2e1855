#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/object.hpp>

#include "admin/operation.h"
#include "apps/ca/adapters.h"

namespace cairn::apps {

/// Has the operation done by the server that runs in `folder` or, with none running, here, on a
/// store that is opened for it, with `overrides` of the configuration: alone on an embedded one, as
/// one more node on a shared one. The answer. Throws std::runtime_error, saying what to do, if
/// neither can be had.
[[nodiscard]] boost::json::object operate(const std::filesystem::path& folder,
                                          const std::vector<std::string>& overrides,
                                          const Adapters& adapters,
                                          const admin::Operation& operation,
                                          const boost::json::object& arguments);

/// What is in the way of the server that runs in `folder`, a line each (`readiness_findings`);
/// none: no server runs there. Throws std::runtime_error if it does not answer.
[[nodiscard]] std::optional<std::vector<std::string>> server_readiness(
    const std::filesystem::path& folder);

}  // namespace cairn::apps
