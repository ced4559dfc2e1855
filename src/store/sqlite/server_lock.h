#pragma once
// Private to the .cpp files of store.

#include <string>

namespace cairn::store {

/// Says that this process, and no other, serves from a database file: a lock on the file beside it,
/// PATH.lock. The database itself stays open to readers of other processes, such as the operator's
/// commands. The system drops the lock with the process.
class ServerLock {
  public:
    /// Throws InUse if another process has the lock, saying which, and std::runtime_error if the
    /// lock's file cannot be used.
    explicit ServerLock(const std::string& database_path);
    ~ServerLock();
    ServerLock(const ServerLock&) = delete;
    ServerLock& operator=(const ServerLock&) = delete;

  private:
    int file_ = -1;
};

}  // namespace cairn::store
