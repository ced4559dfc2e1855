#pragma once

#include <filesystem>
#include <vector>

#include "client/state_directory.h"

namespace cairn::client {

/// All that is kept of a lineage: files and folders, the plan first, and links by its former names.
/// Empty if there is nothing.
[[nodiscard]] std::vector<std::filesystem::path> kept_of(const StateDirectory& state,
                                                         const LineageName& lineage);

/// Removes all of it for ever, keys included. The plan goes first: from then on nothing renews the
/// lineage, and whatever a death leaves of it goes with the next call. The certificates stay valid.
/// Accounts stay. The caller holds the lock of the lineage. Throws Failure.
void remove_lineage(const StateDirectory& state, const LineageName& lineage);

}  // namespace cairn::client
