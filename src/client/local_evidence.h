#pragma once

#include <string>
#include <vector>

#include "client/progress.h"

namespace cairn::client {

/// What can be seen from here of the answer to a challenge that the CA was not convinced by.
/// Thread-safe.
class LocalEvidence {
  public:
    virtual ~LocalEvidence() = default;
    /// Sentences about what this machine finds in the place of the answer. `failed` is an event of
    /// kind `proof_failed`. Takes some seconds at most, and throws nothing.
    [[nodiscard]] virtual std::vector<std::string> about(const ProgressEvent& failed) noexcept = 0;
};

}  // namespace cairn::client
