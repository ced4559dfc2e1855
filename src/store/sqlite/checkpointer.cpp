#include "store/sqlite/checkpointer.h"

#include <algorithm>

#include <pthread.h>

#include "ca/ports/repository.h"
#include "store/sqlite/abrupt_end.h"

namespace cairn::store {
namespace {

/// Pages of log after which they are moved. A page that changes often is moved once for all of its
/// changes between two moves, so rarer moves write less.
constexpr int pages_between_moves = 8192;
/// Length at which the log is begun anew. Readers find pages in a short one faster, and after a
/// crash all of it is read.
constexpr int longest_log = 4 * pages_between_moves;
/// What the writer may be asked to move itself.
constexpr int short_rest = 1024;

}  // namespace

Checkpointer::Checkpointer(Connection connection, base::Log& log)
    : connection_(std::move(connection)),
      log_(log),
      next_move_(pages_between_moves),
      next_end_(longest_log),
      thread_([this] { serve(); }) {}

Checkpointer::~Checkpointer() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

bool Checkpointer::log_has(int pages) {
    std::unique_lock lock(mutex_);
    if (pages < log_pages_) {
        // SQLite has restarted the log itself, as it does when all of it was moved.
        moved_pages_ = 0;
        next_move_ = pages_between_moves;
        next_end_ = longest_log;
    }
    log_pages_ = pages;
    if (is_moving_) return false;
    // A writer that is faster than the disk must do a part of the work itself in the end.
    if (pages >= next_end_ && pages - moved_pages_ <= std::max(short_rest, pages - next_end_))
        return true;
    const bool is_due = pages >= next_move_;
    lock.unlock();
    if (is_due) changed_.notify_one();
    return false;
}

void Checkpointer::log_was_ended(bool is_anew) {
    const std::lock_guard lock(mutex_);
    if (is_anew) {
        log_pages_ = moved_pages_ = 0;
        next_move_ = pages_between_moves;
        next_end_ = longest_log;
    } else {
        // A reader, such as a backup, still needs the log. It is tried again when there is more.
        next_end_ = log_pages_ + pages_between_moves;
    }
}

void Checkpointer::serve() {
    pthread_setname_np(pthread_self(), "store-log");
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stopping_ || log_pages_ >= next_move_; });
        if (stopping_) return;
        is_moving_ = true;
        lock.unlock();
        int moved = 0;
        try {
            moved = connection_.move_log();
        } catch (const ca::OutcomeUnknown& error) {
            // Not tried again: SQLite does not copy anew what an earlier, partial move has copied
            // and this sync was to make durable. Who opens the file anew copies all of the log.
            end_abruptly(log_, error.what());
        } catch (const std::exception& error) {
            log_.error("store checkpoint failed", {{"reason", error.what()}});
        }
        lock.lock();
        is_moving_ = false;
        moved_pages_ = std::max(moved, 0);
        // Near the maximum length the remaining part is kept short, so that the writer can restart
        // the log.
        const bool is_nearly_over =
            log_pages_ >= next_end_ && moved_pages_ > 0 && log_pages_ - moved_pages_ > short_rest;
        next_move_ = log_pages_ + (is_nearly_over ? short_rest : pages_between_moves);
    }
}

}  // namespace cairn::store
