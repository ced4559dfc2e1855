#pragma once
// Private to the .cpp files of store.

#include <string>

#include "base/log.h"

namespace cairn::store {

/// How the process ends then: EX_IOERR of sysexits.h.
constexpr int abrupt_end_code = 74;

/// Ends this process as a crash would: nobody is answered, nothing is drained or closed. Called
/// when a file could not be synced or a commit failed half way: then neither "done" nor "not done"
/// would be true after every restart, and nothing that is read or synced here proves anything any
/// more. The next process reads the log from the disk, and what it finds is the truth. Logs
/// `reason` first, and says it on standard error, as far as that is possible in two seconds.
[[noreturn]] void end_abruptly(base::Log& log, const std::string& reason);

}  // namespace cairn::store
