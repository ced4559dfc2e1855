#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/ca/adapters.h"

namespace cairn::apps {

/// What `cairn-ca check` found.
struct CheckFinding {
    enum class Severity {
        error,   ///< the CA does not serve, or not all that it should
        warning  ///< it serves, and somebody should look at it
    };
    Severity severity = Severity::error;
    /// "configuration", "keys", "issuer", "policy", "store", "clock", "resolver", "listener",
    /// "server".
    std::string area;
    std::string detail;  ///< with what to do
};

/// Looks at everything that the CA in `folder` needs, and changes nothing: the configuration with
/// `overrides`, keys, chains, policy, store, clock, resolvers and listeners; of a server that runs,
/// also what it says of itself. All that is wrong, at once.
[[nodiscard]] std::vector<CheckFinding> check(const std::filesystem::path& folder,
                                              const std::vector<std::string>& overrides,
                                              const Adapters& adapters);

/// `cairn-ca check`: prints the findings, as text or as one JSON object. 0: nothing is wrong;
/// warnings do not count. Else 2.
[[nodiscard]] int run_check(const std::filesystem::path& folder,
                            const std::vector<std::string>& overrides, bool as_json,
                            const Adapters& adapters);

}  // namespace cairn::apps
