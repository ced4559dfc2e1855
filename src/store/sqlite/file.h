#pragma once
// Private to the .cpp files of store, and to the generator of benchmarks.

#include <string>

#include "store/sqlite/connection.h"

namespace cairn::store {

/// Opens the database file for its one writer: makes it (0600) if it is not there, sets what holds
/// for all of its life, and brings its schema up to date.
/// Throws std::runtime_error saying which file and why.
[[nodiscard]] Connection open_for_writing(const std::string& path);
/// Opens the same file for moving its write-ahead log beside the writer.
[[nodiscard]] Connection open_for_its_log(const std::string& path);

}  // namespace cairn::store
