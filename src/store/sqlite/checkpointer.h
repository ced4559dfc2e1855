#pragma once
// Private to the .cpp files of store.

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "store/sqlite/connection.h"

namespace cairn::store {

/// Moves the write-ahead log into the database on its own thread and connection while the writer
/// continues. Frames written meanwhile remain; when few remain, the writer moves them itself and
/// restarts the log, which takes a few milliseconds.
///
/// Thread-safe.
class Checkpointer {
  public:
    Checkpointer(Connection connection, base::Log& log);
    /// Ends once the move under way is over.
    ~Checkpointer();
    Checkpointer(const Checkpointer&) = delete;
    Checkpointer& operator=(const Checkpointer&) = delete;

    /// Called by the writer after each commit: the log has `pages`. True if the writer should
    /// restart the log now: it is long, and nearly all of it is in the database.
    [[nodiscard]] bool log_has(int pages);
    /// Called by the writer after it has restarted the log, or could not because of a reader.
    void log_was_ended(bool is_anew);

  private:
    void serve();

    Connection connection_;
    base::Log& log_;

    std::mutex mutex_;
    std::condition_variable changed_;
    int log_pages_ = 0;
    /// Pages of the log that are in the database.
    int moved_pages_ = 0;
    /// Length of the log at which something is to be done next.
    int next_move_;
    int next_end_;
    bool is_moving_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace cairn::store
