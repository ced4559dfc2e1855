#pragma once

#include <filesystem>
#include <vector>

#include "client/file_uses.h"
#include "client/state_directory.h"

namespace cairn::client {

/// All that is kept of a lineage: files and folders, the plan first, and links by its former names.
/// Empty if there is nothing.
[[nodiscard]] std::vector<std::filesystem::path> kept_of(const StateDirectory& state,
                                                         const LineageName& lineage);

/// Whoever on this machine reads the files of the lineage, by any of its names, as far as this user
/// can see. `settings_folder` is of ours, and not looked at.
[[nodiscard]] FileUses users_of(const StateDirectory& state, const LineageName& lineage,
                                const std::filesystem::path& settings_folder);

/// Removes all of it for ever, keys included. The plan goes first: from then on nothing renews the
/// lineage, and whatever a death leaves of it goes with the next call. The certificates stay valid.
/// Accounts stay. The caller holds the lock of the lineage. Keys that were made in tokens go with
/// it; what is returned tells of those that could not be removed there. Throws Failure.
std::vector<std::string> remove_lineage(const StateDirectory& state, const LineageName& lineage);

}  // namespace cairn::client
