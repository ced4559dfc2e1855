#include "base/log.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <new>
#include <thread>

#include <unistd.h>

#include "base/log_line.h"
#include "base/log_output.h"
#include "base/log_sink.h"

namespace cairn::base {
namespace {

/// At most this many octets wait to be written, besides those being written. Further lines are
/// lost.
constexpr std::size_t pending_limit = 1U << 20;
/// How often a log that could not be written to is tried again.
constexpr std::chrono::milliseconds retry_time{100};
/// Lines are gathered for so long before they are written, or until there are so many octets.
constexpr std::chrono::milliseconds gather_time{20};
constexpr std::size_t gathered_limit = 1U << 16;
/// A batch that was larger than this frees its memory.
constexpr std::size_t kept_batch = 1U << 18;

/// Lines are gathered in memory; one thread takes all that have gathered and writes them at once.
/// The thread shares this with the log, because it may hang in a write when the log goes.
class LineWriter {
  public:
    LineWriter(const std::string& path, LogFormat format, std::function<void()> on_lost)
        : format_(format), on_lost_(std::move(on_lost)), sink_(path) {}

    /// Adds the line to the next batch, or loses it.
    void add(std::string_view line, LogLevel level) {
        bool is_worth_waking = false;
        {
            const std::scoped_lock lock(mutex_);
            if (pending_.size() + line.size() > pending_limit) return lose_line();
            const bool is_first = pending_.empty();
            pending_ += line;
            const bool is_urgent =
                !hurry_ && (level >= LogLevel::warning || pending_.size() >= gathered_limit);
            hurry_ = hurry_ || is_urgent;
            is_worth_waking = is_first || is_urgent;
        }
        if (is_worth_waking) wake_writer_.notify_one();
    }
    /// Counts a line that there was no memory for.
    void lose() {
        const std::scoped_lock lock(mutex_);
        lose_line();
    }

    void flush() {
        std::unique_lock lock(mutex_);
        hurry_ = true;
        wake_writer_.notify_one();
        // The next batch has the pending lines; the one after it reports those lost since.
        const std::uint64_t mine = taken_ + (lost_lines_ == 0 ? 1 : 2);
        wake_callers_.wait_for(lock, flush_patience, [&] { return written_ >= mine || is_idle(); });
    }

    /// Makes the thread write what is pending, and end.
    void end() {
        std::unique_lock lock(mutex_);
        ending_ = true;
        wake_writer_.notify_one();
        wake_callers_.wait_for(lock, flush_patience, [&] { return ended_; });
        abandoned_ = true;
    }

    /// The body of the thread.
    void run() {
        std::string batch;
        std::unique_lock lock(mutex_);
        while (true) {
            wake_writer_.wait(lock, [&] { return ending_ || !pending_.empty(); });
            if (pending_.empty()) break;
            wake_writer_.wait_for(lock, gather_time, [&] { return ending_ || hurry_; });
            batch.clear();
            if (batch.capacity() > kept_batch) batch = std::string();
            std::swap(batch, pending_);
            hurry_ = false;
            report_lost_lines();
            ++taken_;
            if (!write_out(batch, lock)) break;
            ++written_;
            wake_callers_.notify_all();
        }
        ended_ = true;
        wake_callers_.notify_all();
    }

  private:
    [[nodiscard]] bool is_idle() const { return pending_.empty() && written_ == taken_; }

    void lose_line() {
        ++lost_lines_;
        if (on_lost_) on_lost_();
    }

    // Reported in the place where the lost lines would be.
    void report_lost_lines() {
        if (lost_lines_ == 0) return;
        try {
            pending_ = log_line(format_, std::chrono::system_clock::now(), LogLevel::error,
                                "log lines lost", {{"lines", lost_lines_}});
            lost_lines_ = 0;
        } catch (const std::bad_alloc&) {
            // It is reported with the next batch instead.
        }
    }

    // Writes the batch without holding the lock, however long it takes; false if the log is gone.
    bool write_out(std::string_view batch, std::unique_lock<std::mutex>& lock) {
        for (std::size_t position = 0; position < batch.size() && !abandoned_;) {
            lock.unlock();
            const auto tried = std::chrono::steady_clock::now();
            const bool progressed = sink_.write_some(batch, position, retry_time);
            lock.lock();
            // An error returns at once; the pause keeps this loop from spinning.
            if (!progressed)
                wake_writer_.wait_until(lock, tried + retry_time, [&] { return abandoned_; });
        }
        return !abandoned_;
    }

    const LogFormat format_;
    const std::function<void()> on_lost_;
    LogSink sink_;  // used by the thread alone
    std::mutex mutex_;
    std::condition_variable wake_writer_;
    std::condition_variable wake_callers_;
    std::string pending_;
    std::int64_t lost_lines_ = 0;  // since the last batch was taken
    bool hurry_ = false;           // write what is pending at once
    std::uint64_t taken_ = 0;
    std::uint64_t written_ = 0;
    bool ending_ = false;
    bool ended_ = false;
    bool abandoned_ = false;
};

class WritingLog final : public Log {
  public:
    WritingLog(const std::string& path, LogLevel threshold, LogFormat format,
               std::function<void()> on_lost)
        : threshold_(threshold),
          format_(format),
          writer_(std::make_shared<LineWriter>(path, format, std::move(on_lost))) {
        std::thread([writer = writer_] { writer->run(); }).detach();
    }
    ~WritingLog() override { writer_->end(); }

    void write(LogLevel level, std::string_view event,
               std::initializer_list<LogField> fields) override {
        if (level < threshold_) return;
        try {
            writer_->add(log_line(format_, std::chrono::system_clock::now(), level, event, fields),
                         level);
        } catch (const std::bad_alloc&) {
            writer_->lose();
        }
    }
    void flush() override { writer_->flush(); }

  private:
    const LogLevel threshold_;
    const LogFormat format_;
    const std::shared_ptr<LineWriter> writer_;
};

class SilentLog final : public Log {
  public:
    void write(LogLevel, std::string_view, std::initializer_list<LogField>) override {}
    void flush() override {}
};

}  // namespace

std::unique_ptr<Log> open_log(const std::string& path, LogLevel threshold, LogFormat format,
                              std::function<void()> on_lost) {
    return std::make_unique<WritingLog>(path, threshold, format, std::move(on_lost));
}

std::unique_ptr<Log> open_log(const std::string& path, LogLevel threshold, LogFormat format) {
    return open_log(path, threshold, format, {});
}

LogFormat usual_log_format(const std::string& path) {
    return path == "-" && ::isatty(STDERR_FILENO) == 1 ? LogFormat::text : LogFormat::json;
}

std::unique_ptr<Log> silent_log() {
    return std::make_unique<SilentLog>();
}

}  // namespace cairn::base
