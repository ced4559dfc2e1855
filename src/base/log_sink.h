#pragma once
// Private to base: where the lines of a log are written.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace cairn::base {

/// A file, or standard error, that lines are written to. Used by one thread.
///
/// A pipe, a socket or a terminal is written to only when it has room, in pieces so small that a
/// pipe takes each in one piece. Standard error may be shared with other programs, so it is not
/// made non-blocking.
class LogSink {
  public:
    /// `path`, or standard error if that is "-". A FIFO may still be without a reader. Throws
    /// std::runtime_error if the file cannot be opened.
    explicit LogSink(std::string path);
    ~LogSink();
    LogSink(const LogSink&) = delete;
    LogSink& operator=(const LogSink&) = delete;

    /// Writes `lines` from `position` on and moves `position` behind what was written; if the file
    /// was replaced meanwhile, back to the begin of that line. Waits for room for at most
    /// `patience`, except for a file system that hangs. Returns false if nothing was written: no
    /// room, or an error.
    bool write_some(std::string_view lines, std::size_t& position,
                    std::chrono::milliseconds patience);

  private:
    [[nodiscard]] bool has_path() const { return path_ != "-"; }
    [[nodiscard]] int open_file() const;
    /// Opens the path again if the file was moved away, so that logrotate needs no signal. True if
    /// it is another file now.
    bool follow_rotation();
    void note_kind();
    [[nodiscard]] bool has_room(std::chrono::milliseconds patience) const;

    enum class Kind { ordinary, socket, other };
    const std::string path_;
    int descriptor_;
    Kind kind_ = Kind::other;
};

}  // namespace cairn::base
