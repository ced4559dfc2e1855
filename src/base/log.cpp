#include "base/log.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log_line.h"

namespace cairn::base {
namespace {

/// How many octets may wait for the disk before writers wait for it too.
constexpr std::size_t pending_limit = 1U << 20;
/// How long lines gather before they are written, and how many octets are not worth waiting for
/// more.
constexpr std::chrono::milliseconds gather_time{20};
constexpr std::size_t gathered_limit = 1U << 16;

/// Where lines end up. Used by one thread.
class Sink {
  public:
    explicit Sink(std::string path) : path_(std::move(path)) {
        if (!is_file()) return;
        descriptor_ = open_file();
        if (descriptor_ < 0) {
            throw std::runtime_error("cannot open the log " + path_ + ": " +
                                     std::generic_category().message(errno));
        }
    }
    ~Sink() {
        if (is_file()) ::close(descriptor_);
    }
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    /// False if something could not be written.
    bool write(std::string_view text) {
        if (is_file()) follow_rotation();
        while (!text.empty()) {
            const ssize_t written = ::write(descriptor_, text.data(), text.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return false;
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        return true;
    }

  private:
    [[nodiscard]] bool is_file() const { return path_ != "-"; }
    [[nodiscard]] int open_file() const {
        return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    }
    /// Opens the path anew if the file was moved away, so that logrotate needs no signal.
    void follow_rotation() {
        struct stat ours{};
        struct stat theirs{};
        const bool same = ::fstat(descriptor_, &ours) == 0 && ::stat(path_.c_str(), &theirs) == 0 &&
                          ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
        if (same) return;
        const int reopened = open_file();
        if (reopened < 0) return;  // better the old file than none
        ::close(descriptor_);
        descriptor_ = reopened;
    }

    std::string path_;
    int descriptor_ = STDERR_FILENO;
};

/// Lines are gathered in memory; one thread takes all that have gathered and writes them at once.
class WritingLog final : public Log {
  public:
    WritingLog(const std::string& path, LogLevel threshold, LogFormat format)
        : threshold_(threshold), format_(format), sink_(path) {}
    ~WritingLog() override {
        {
            const std::scoped_lock lock(mutex_);
            ending_ = true;
        }
        wake_writer_.notify_one();
    }

    void write(LogLevel level, std::string_view event,
               std::initializer_list<LogField> fields) override {
        if (level < threshold_) return;
        const std::string line =
            log_line(format_, std::chrono::system_clock::now(), level, event, fields);
        bool is_worth_waking = false;
        {
            std::unique_lock lock(mutex_);
            wake_callers_.wait(lock, [&] { return pending_.size() < pending_limit; });
            const bool is_first = pending_.empty();
            pending_ += line;
            const bool is_urgent =
                !hurry_ && (level >= LogLevel::warning || pending_.size() >= gathered_limit);
            hurry_ = hurry_ || is_urgent;
            is_worth_waking = is_first || is_urgent;
        }
        if (is_worth_waking) wake_writer_.notify_one();
    }

    void flush() override {
        std::unique_lock lock(mutex_);
        hurry_ = true;
        wake_writer_.notify_one();
        const std::uint64_t mine = taken_ + 1;  // the batch that pending lines will be part of
        wake_callers_.wait(lock, [&] { return written_ >= mine || is_idle(); });
    }

  private:
    [[nodiscard]] bool is_idle() const { return pending_.empty() && written_ == taken_; }

    void run() {
        std::string batch;
        std::unique_lock lock(mutex_);
        while (true) {
            wake_writer_.wait(lock, [&] { return ending_ || !pending_.empty(); });
            if (pending_.empty()) return;
            wake_writer_.wait_for(lock, gather_time, [&] { return ending_ || hurry_; });
            batch.clear();
            std::swap(batch, pending_);
            hurry_ = false;
            ++taken_;
            lock.unlock();
            wake_callers_.notify_all();
            write_out(batch);
            lock.lock();
            ++written_;
            wake_callers_.notify_all();
        }
    }

    void write_out(std::string_view batch) {
        // A full disk must not stop the service; what is missing is told once it is writable again.
        if (lost_ > 0) {
            const std::string confession =
                log_line(format_, std::chrono::system_clock::now(), LogLevel::error, "log.lost",
                         {{"octets", static_cast<std::int64_t>(lost_)}});
            if (sink_.write(confession)) lost_ = 0;
        }
        if (!sink_.write(batch)) lost_ += batch.size();
    }

    const LogLevel threshold_;
    const LogFormat format_;
    Sink sink_;
    std::size_t lost_ = 0;
    std::mutex mutex_;
    std::condition_variable wake_writer_;
    std::condition_variable wake_callers_;
    std::string pending_;
    bool hurry_ = false;  // what is pending is not to wait for more
    std::uint64_t taken_ = 0;
    std::uint64_t written_ = 0;
    bool ending_ = false;
    std::jthread writer_{[this] { run(); }};  // last: it uses all of the above
};

class SilentLog final : public Log {
  public:
    void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
    void flush() override {}
};

}  // namespace

std::unique_ptr<Log> open_log(const std::string& path, LogLevel threshold, LogFormat format) {
    return std::make_unique<WritingLog>(path, threshold, format);
}

LogFormat usual_log_format(const std::string& path) {
    return path == "-" && ::isatty(STDERR_FILENO) == 1 ? LogFormat::text : LogFormat::json;
}

std::unique_ptr<Log> silent_log() {
    return std::make_unique<SilentLog>();
}

}  // namespace cairn::base
