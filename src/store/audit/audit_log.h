#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "ca/facts/audit_line.h"
#include "ca/ports/audit.h"
#include "ca/ports/observer.h"

namespace cairn::store {

class ServerLock;

struct AuditLogOptions {
    std::filesystem::path folder;
    /// A file that has so many octets is followed by another.
    std::uint64_t rotate_size = std::uint64_t{64} << 20U;
    /// So is one that is so old.
    base::Seconds rotate_after = std::chrono::days(1);
    /// Files whose last line is older are removed; none: they stay for ever.
    std::optional<base::Seconds> keep{};
    /// Entries that may wait at most.
    std::size_t queue_limit = 10'000;
};

/// The audit log of a node, in files of a folder. One thread writes: all that waits goes to the
/// disk with one sync, and only then do those who recorded it go on.
///
/// - A line that a crash tore stays where it is; the log goes on in a new file, whose first line
/// says
///   so.
/// - Where lines are missing at the end that a signed head knows, the log goes on behind that head:
///   the gap stays to be seen.
/// - A file that was moved away, taken away or changed by others meanwhile is followed by a new
/// one.
/// - If there is no room, what was to be recorded is refused, and the file is as it was before. If
/// it
///   cannot be known what is on the disk, the process ends, as for the store (abrupt_end.h).
///
/// Thread-safe. Tasks resume on their own executor, which must outlive this object.
class AuditLog final : public ca::Audit {
  public:
    /// `folder` is there. `last_head`: the farthest that the store has of this chain. Throws
    /// std::runtime_error, saying why, if the log cannot be read or another process writes it.
    AuditLog(AuditLogOptions options, std::optional<ca::AuditHead> last_head,
             const base::Clock& clock, base::Log& log,
             ca::Observer& observer = ca::deaf_observer());
    /// Writes what waits.
    ~AuditLog() override;
    AuditLog(const AuditLog&) = delete;
    AuditLog& operator=(const AuditLog&) = delete;

    base::Task<std::uint64_t> record(ca::AuditEntry entry) override;
    void note(ca::AuditEntry entry) override;
    base::Task<void> probe() override;
    /// Returns once all that was added before is on the disk. Throws as `record` does.
    [[nodiscard]] base::Task<void> flush();
    /// How far the log is on the disk.
    [[nodiscard]] ca::AuditPosition position() const;

  private:
    /// An entry, and the task that waits for it, if one does.
    struct Call {
        std::optional<ca::AuditEntry> entry;
        base::Executor executor{};
        std::move_only_function<void(std::exception_ptr, std::uint64_t)> resume{};
        std::exception_ptr error = nullptr;
        std::uint64_t sequence = 0;

        void go_on() { resume(std::move(error), sequence); }
    };
    using Batch = std::vector<Call>;

    [[nodiscard]] base::Task<std::uint64_t> submit(std::optional<ca::AuditEntry> entry);
    void enqueue(Call call);
    void serve();
    [[nodiscard]] Batch next_batch();
    /// Whether the batch is on the disk; else its calls have their error, and their notes wait
    /// again.
    bool write(Batch& batch);
    void refuse(Batch& batch, const std::string& reason);
    /// Makes the file ready to be appended to.
    void prepare_file();
    void open_file();
    void close_file();
    /// Entries that the log has to tell of itself, before those that wait.
    [[nodiscard]] std::vector<ca::AuditEntry> own_entries();
    void find_old_files();
    void remove_old_files();

    const AuditLogOptions options_;
    const base::Clock& clock_;
    base::Log& log_;
    ca::Observer& observer_;
    const std::unique_ptr<const ServerLock> lock_;

    // Of the writer's thread.
    int file_ = -1;
    std::filesystem::path path_;
    std::uint64_t size_ = 0;
    base::Time opened_{};
    ca::AuditPosition end_;
    /// What is to be told at the next opportunity.
    std::vector<ca::AuditEntry> findings_;
    struct OldFile {
        std::filesystem::path path;
        ca::AuditPosition end;
    };
    std::vector<OldFile> old_files_;
    std::uint64_t refused_ = 0, lost_ = 0;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    Batch waiting_;
    /// Of those that wait, how many are waited for.
    std::size_t recorders_ = 0;
    std::size_t wanted_ = 1;
    /// Those of the last batch, and those who came while it was written.
    std::size_t gathered_ = 0, callers_lately_ = 1;
    bool is_failing_ = false, is_stopping_ = false;
    ca::AuditPosition durable_;
    std::thread thread_;
};

}  // namespace cairn::store
