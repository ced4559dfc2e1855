#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "base/result.h"
#include "client/lineage_facts.h"
#include "client/state_directory.h"

namespace cairn::client {

/// What earlier versions kept of a lineage in files of their own: the order
/// that is under way in orders/NAME.json, an empty file deployments/NAME while
/// the deploy hook has still to run, and revocations/DIGEST.json for each
/// revoked certificate. They are read, and never written again.
class FormerFacts {
  public:
    FormerFacts(const StateDirectory& state, const LineageName& name)
        : state_(state), name_(name) {}

    [[nodiscard]] bool are_there() const;
    /// What they say; an error, which names the file, for an order that cannot be read.
    [[nodiscard]] base::Result<LineageFacts> read() const;
    /// Gives an order that cannot be read another name, which is returned.
    std::optional<std::filesystem::path> move_damage_away() const;
    /// Removes the files.
    void remove() const;

  private:
    [[nodiscard]] std::vector<std::filesystem::path> revocation_files() const;
    const StateDirectory& state_;
    const LineageName& name_;
};

/// Adds to `facts` what `former` tells beyond them; true if there was anything.
bool merge(const LineageFacts& former, LineageFacts& facts);

}  // namespace cairn::client
