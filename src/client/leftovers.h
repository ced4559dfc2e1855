#pragma once

#include <chrono>
#include <filesystem>

#include "client/state_directory.h"

namespace cairn::client {

/// Removes from `directory` what a run that was killed had begun to write there and nobody
/// finishes: files and links `.NAME.PID` of processes that are gone, and folders `.NAME.new`.
/// Nothing of what was touched less than `untouched_for` ago, where others may be at work there (in
/// another container, processes are not to be seen). What cannot be removed stays.
void remove_leftovers(const std::filesystem::path& directory, std::chrono::seconds untouched_for);

/// The same for the folders that all lineages share; such a file may hold a key.
void remove_leftovers(const StateDirectory& state);

}  // namespace cairn::client
