#pragma once
// Private to the .cpp files of store.

#include <string>

#include "base/log.h"

namespace cairn::store {

/// The exit code: EX_IOERR of sysexits.h.
constexpr int abrupt_end_code = 74;

/// Ends this process as a crash would: no request is answered, nothing is drained or closed. Called
/// when a file could not be synced or a commit failed half way. Then neither "done" nor "not done"
/// is certain after a restart, and no read or sync in this process can tell. The next process reads
/// the log from the disk and believes it. Logs `reason` first, and writes it to standard error, as
/// far as possible within two seconds.
[[noreturn]] void end_abruptly(base::Log& log, const std::string& reason);

}  // namespace cairn::store
