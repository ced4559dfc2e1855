#include "store/audit/audit_log.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ca/ports/repository.h"
#include "store/audit/audit_files.h"
#include "store/folder_owner.h"
#include "store/resumption.h"
#include "store/sqlite/abrupt_end.h"
#include "store/sqlite/server_lock.h"

namespace cairn::store {
namespace asio = boost::asio;
namespace fs = std::filesystem;

namespace {

/// How long a sync waits, at most, for those who recorded something lately, and for which share of
/// them. Less long than the store's writer (group_commit.cpp), which gathers them once more.
constexpr std::chrono::milliseconds gather_patience{5};
constexpr std::size_t gathered_tenths = 9;
/// How long what nobody waits for may wait.
constexpr std::chrono::milliseconds note_patience{500};
/// So many notes are kept while there is no room for them.
constexpr std::size_t most_kept_notes = 1000;
constexpr int most_names = 100;

/// There is no room; nothing was written.
class NoRoom : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

bool is_lack_of_room(int reason) {
    return reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
}

std::string words_of(int reason) {
    return std::generic_category().message(reason);
}

// 0, or why not all of it was written.
int write_all(int file, std::string_view text) {
    while (!text.empty()) {
        const auto count = ::write(file, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
}

// Makes the entry of a new file durable.
void sync_folder(const fs::path& folder) {
    const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool is_synced = opened >= 0 && ::fsync(opened) == 0;
    const int reason = errno;
    if (opened >= 0) ::close(opened);
    if (!is_synced) throw NoRoom(folder.string() + " cannot be synced: " + words_of(reason));
}

}  // namespace

AuditLog::AuditLog(AuditLogOptions options, std::optional<ca::AuditHead> last_head,
                   const base::Clock& clock, base::Log& log, ca::Observer& observer)
    : options_(std::move(options)),
      clock_(clock),
      log_(log),
      observer_(observer),
      lock_(std::make_unique<ServerLock>((options_.folder / "audit").string())) {
    const auto end = end_of_audit(options_.folder);
    end_ = end.position;
    if (end.torn > 0) {
        ca::AuditEntry torn(ca::AuditEvent::log_torn);
        torn.add("file", std::string_view(end.file.filename().string())).add("octets", end.torn);
        findings_.push_back(std::move(torn));
        log_.warning("the audit log was torn by a crash",
                     {{"file", end.file.string()}, {"octets", end.torn}});
    }
    const bool is_behind =
        last_head &&
        (last_head->position.sequence > end_.sequence ||
         (last_head->position.sequence == end_.sequence && last_head->position.hash != end_.hash));
    if (is_behind) {
        ca::AuditEntry gap(ca::AuditEvent::log_gap);
        gap.add("last", end_.sequence).add("signed", last_head->position.sequence);
        findings_.push_back(std::move(gap));
        log_.error("lines of the audit log are missing or changed",
                   {{"last_line", end_.sequence},
                    {"last_signed_line", last_head->position.sequence},
                    {"advice", "cairn-ca audit verify names the place"}});
        end_ = last_head->position;
    }
    // Appended to as it is, if nobody has renamed it.
    if (end.torn == 0 && !is_behind && end.file.extension() == ".jsonl") path_ = end.file;
    opened_ = path_.empty() ? clock_.now() : end.begun;
    durable_ = end_;
    find_old_files();
    thread_ = std::thread([this] { serve(); });
}

AuditLog::~AuditLog() {
    {
        const std::scoped_lock lock(mutex_);
        is_stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
    close_file();
}

ca::AuditPosition AuditLog::position() const {
    const std::scoped_lock lock(mutex_);
    return durable_;
}

base::Task<std::uint64_t> AuditLog::record(ca::AuditEntry entry) {
    return submit(std::move(entry));
}

base::Task<void> AuditLog::probe() {
    {
        const std::scoped_lock lock(mutex_);
        if (!is_failing_) co_return;
    }
    co_await flush();
}

base::Task<void> AuditLog::flush() {
    auto waiting = submit(std::nullopt);
    (void)co_await std::move(waiting);
}

base::Task<std::uint64_t> AuditLog::submit(std::optional<ca::AuditEntry> entry) {
    auto initiation = [this, pending = std::move(entry)](auto handler) mutable {
        // The work that is outstanding keeps the executor's threads in run() meanwhile.
        base::Executor executor = asio::prefer(asio::get_associated_executor(handler),
                                               asio::execution::outstanding_work.tracked);
        enqueue({.entry = std::move(pending),
                 .executor = std::move(executor),
                 .resume = std::move(handler)});
    };
    return asio::async_initiate<const asio::use_awaitable_t<>,
                                void(std::exception_ptr, std::uint64_t)>(std::move(initiation),
                                                                         asio::use_awaitable);
}

void AuditLog::enqueue(Call call) {
    std::unique_lock lock(mutex_);
    if (waiting_.size() >= options_.queue_limit) {
        lock.unlock();
        call.error =
            std::make_exception_ptr(ca::StoreUnavailable("too many acts wait for the audit log"));
        Batch refused;
        refused.push_back(std::move(call));
        resume_all(std::move(refused));
        return;
    }
    waiting_.push_back(std::move(call));
    const bool is_enough = ++recorders_ == wanted_;
    lock.unlock();
    if (is_enough) changed_.notify_one();
}

void AuditLog::note(ca::AuditEntry entry) {
    std::unique_lock lock(mutex_);
    // The queue has an end for notes, too, but a farther one: they are about what was let in.
    if (waiting_.size() >= 2 * options_.queue_limit) {
        ++lost_;
        return;
    }
    waiting_.push_back({.entry = std::move(entry)});
    const bool is_first = waiting_.size() == 1;
    lock.unlock();
    if (is_first) changed_.notify_one();
}

void AuditLog::serve() {
    pthread_setname_np(pthread_self(), "audit-writer");
    for (;;) {
        auto batch = next_batch();
        if (batch.empty()) return;
        const auto begun = std::chrono::steady_clock::now();
        const bool is_durable = write(batch);
        using Commit = ca::Observer::Commit;
        observer_.audited(is_durable ? Commit::durable : Commit::failed, batch.size(),
                          std::chrono::steady_clock::now() - begun);
        {
            const std::scoped_lock lock(mutex_);
            callers_lately_ = std::max<std::size_t>(1, gathered_ + recorders_);
        }
        std::erase_if(batch, [](const Call& call) { return !call.resume; });
        resume_all(std::move(batch));
    }
}

AuditLog::Batch AuditLog::next_batch() {
    std::unique_lock lock(mutex_);
    for (;;) {
        wanted_ = 1;
        changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
        // Notes alone wait for somebody to share the sync with, and where there is no room.
        const auto has_reason = [this] { return is_stopping_ || recorders_ > 0; };
        if (!changed_.wait_for(lock, note_patience, has_reason) && is_failing_) continue;
        wanted_ = std::max<std::size_t>(1, callers_lately_ * gathered_tenths / 10);
        if (recorders_ > 0)
            changed_.wait_for(lock, gather_patience,
                              [this] { return is_stopping_ || recorders_ >= wanted_; });
        gathered_ = std::exchange(recorders_, 0);
        // Where there is no room at the end, notes are given up.
        if (is_stopping_ && is_failing_)
            std::erase_if(waiting_, [](const Call& call) { return !call.resume; });
        return std::exchange(waiting_, {});
    }
}

bool AuditLog::write(Batch& batch) {
    const auto before = end_;
    std::string text;
    try {
        prepare_file();
        const auto time = base::to_rfc3339(clock_.now());
        for (const auto& entry : own_entries()) ca::AuditLine::write(text, end_, time, entry);
        for (auto& call : batch) {
            if (!call.entry) continue;
            ca::AuditLine::write(text, end_, time, *call.entry);
            call.sequence = end_.sequence;
        }
        if (const int reason = write_all(file_, text); reason != 0) {
            if (!is_lack_of_room(reason))
                end_abruptly(log_, path_.string() + " cannot be written: " + words_of(reason));
            if (::ftruncate(file_, static_cast<off_t>(size_)) != 0)
                end_abruptly(log_, path_.string() + " cannot be cut back: " + words_of(errno));
            throw NoRoom(words_of(reason));
        }
        if (!text.empty() && ::fdatasync(file_) != 0)
            end_abruptly(log_, path_.string() + " cannot be synced: " + words_of(errno));
    } catch (const std::exception& error) {  // of memory, too: nothing is written then
        end_ = before;
        refuse(batch, "the audit log cannot be written: " + std::string(error.what()));
        return false;
    }
    size_ += text.size();
    findings_.clear();
    refused_ = 0;
    remove_old_files();
    const std::scoped_lock lock(mutex_);
    lost_ = 0;
    durable_ = end_;
    if (std::exchange(is_failing_, false)) log_.info("audit log available");
    return true;
}

void AuditLog::refuse(Batch& batch, const std::string& reason) {
    Batch notes;
    for (auto& call : batch) {
        if (call.resume) {
            call.error = std::make_exception_ptr(ca::StoreUnavailable(reason));
            if (call.entry) ++refused_;
        } else {
            notes.push_back(std::move(call));
        }
    }
    const std::scoped_lock lock(mutex_);
    if (!std::exchange(is_failing_, true))
        log_.error("audit log unavailable",
                   {{"reason", reason}, {"action", "what would have to stand in it is refused"}});
    while (notes.size() > most_kept_notes) {
        notes.erase(notes.begin());
        ++lost_;
    }
    std::ranges::move(waiting_, std::back_inserter(notes));
    waiting_ = std::move(notes);
}

std::vector<ca::AuditEntry> AuditLog::own_entries() {
    auto entries = findings_;
    const std::scoped_lock lock(mutex_);
    if (refused_ > 0 || lost_ > 0) {
        ca::AuditEntry lost(ca::AuditEvent::log_lost);
        lost.add("refused", refused_).add("lost", lost_);
        entries.push_back(std::move(lost));
    }
    for (const auto& [file, end] : old_files_) {
        ca::AuditEntry removed(ca::AuditEvent::log_remove);
        removed.add("file", std::string_view(file.filename().string()));
        removed.add("through", end.sequence).add("hash", end.hash);
        entries.push_back(std::move(removed));
    }
    return entries;
}

void AuditLog::prepare_file() {
    if (file_ >= 0) {
        struct stat opened{};
        struct stat named{};
        const bool is_same = ::fstat(file_, &opened) == 0 && ::stat(path_.c_str(), &named) == 0 &&
                             opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
        const bool is_whole = is_same && static_cast<std::uint64_t>(opened.st_size) == size_;
        if (is_same && !is_whole) {
            ca::AuditEntry damaged(ca::AuditEvent::log_damaged);
            damaged.add("file", std::string_view(path_.filename().string()));
            damaged.add("octets", static_cast<std::uint64_t>(opened.st_size));
            damaged.add("written", size_);
            findings_.push_back(std::move(damaged));
            log_.error("somebody else has changed the audit log",
                       {{"file", path_.string()}, {"advice", "cairn-ca audit verify"}});
        }
        const bool is_old = clock_.now() - opened_ >= options_.rotate_after;
        if (is_whole && !is_old && size_ < options_.rotate_size) return;
        close_file();
        path_.clear();
    }
    open_file();
}

void AuditLog::open_file() {
    constexpr int flags = O_WRONLY | O_APPEND | O_CLOEXEC;
    constexpr mode_t mode = S_IRUSR | S_IWUSR;
    if (!path_.empty()) {
        file_ = ::open(path_.c_str(), flags);
        struct stat status{};
        if (file_ >= 0 && ::fstat(file_, &status) == 0) {
            size_ = static_cast<std::uint64_t>(status.st_size);
            if (size_ < options_.rotate_size) return;
            close_file();
        }
        path_.clear();
    }
    find_old_files();
    const auto name = audit_file_name(end_.sequence + 1);
    for (int attempt = 0; attempt < most_names; ++attempt) {
        auto path = options_.folder / name;
        if (attempt > 0)
            path.replace_filename(path.stem().string() + "-" + std::to_string(attempt) + ".jsonl");
        file_ = ::open(path.c_str(), flags | O_CREAT | O_EXCL, mode);
        if (file_ < 0 && errno == EEXIST) continue;
        if (file_ < 0) throw NoRoom(path.string() + " cannot be made: " + words_of(errno));
        give_to_owner_of(options_.folder, file_);
        try {
            sync_folder(options_.folder);
        } catch (const NoRoom&) {
            close_file();
            ::unlink(path.c_str());
            throw;
        }
        path_ = path;
        size_ = 0;
        opened_ = clock_.now();
        return;
    }
    throw NoRoom(name + " and its like are there already");
}

void AuditLog::close_file() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
}

void AuditLog::find_old_files() {
    old_files_.clear();
    if (!options_.keep) return;
    const auto files = audit_files(options_.folder);
    for (std::size_t i = 0; i < files.size(); ++i) {
        const bool is_last = i + 1 == files.size();
        // The one that is written stays, and one that ends with something to be told.
        if (is_last ? !path_.empty() || !findings_.empty() : !files[i + 1].has_lines) return;
        struct stat status{};
        if (::stat(files[i].path.c_str(), &status) != 0) return;
        const base::Time written{base::Seconds(status.st_mtime)};
        // One that stays keeps those behind it: what is removed is always the begin.
        if (clock_.now() - written <= *options_.keep) return;
        old_files_.push_back({files[i].path, is_last ? end_ : files[i + 1].before});
    }
}

// The log says so already.
void AuditLog::remove_old_files() {
    for (const auto& [file, end] : std::exchange(old_files_, {})) {
        if (::unlink(file.c_str()) != 0 && errno != ENOENT)
            log_.error("an old file of the audit log cannot be removed",
                       {{"file", file.string()}, {"reason", words_of(errno)}});
    }
}

}  // namespace cairn::store
