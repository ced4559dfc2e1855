#include "base/log_sink.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log_output.h"

namespace cairn::base {
namespace {

// The longest prefix of `text` that a pipe takes in one piece; it ends at a line end if one fits.
// So lines of several programs that share the pipe do not mix (POSIX, write()).
std::string_view atomic_piece(std::string_view text) {
    if (text.size() <= PIPE_BUF) return text;
    const auto line_end = text.rfind('\n', PIPE_BUF - 1);
    return text.substr(0, line_end == std::string_view::npos ? PIPE_BUF : line_end + 1);
}

bool can_write(int descriptor, std::chrono::milliseconds patience) {
    pollfd entry{.fd = descriptor, .events = POLLOUT, .revents = 0};
    return ::poll(&entry, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

LogSink::LogSink(std::string path)
    : path_(std::move(path)), descriptor_(has_path() ? open_file() : STDERR_FILENO) {
    if (descriptor_ < 0) {
        throw std::runtime_error("cannot open the log " + path_ + ": " +
                                 std::generic_category().message(errno));
    }
    note_kind();
}

LogSink::~LogSink() {
    if (has_path()) ::close(descriptor_);
}

int LogSink::open_file() const {
    struct stat found{};
    // A FIFO that is opened for reading and writing needs no reader, now or later: fifo(7).
    const bool is_fifo = ::stat(path_.c_str(), &found) == 0 && S_ISFIFO(found.st_mode);
    const int access = is_fifo ? O_RDWR : O_WRONLY;
    return ::open(path_.c_str(), access | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                  0640);
}

void LogSink::note_kind() {
    struct stat ours{};
    if (::fstat(descriptor_, &ours) != 0) return;
    kind_ = S_ISREG(ours.st_mode)    ? Kind::ordinary
            : S_ISSOCK(ours.st_mode) ? Kind::socket
                                     : Kind::other;
}

bool LogSink::follow_rotation() {
    struct stat ours{};
    struct stat theirs{};
    const bool same = ::fstat(descriptor_, &ours) == 0 && ::stat(path_.c_str(), &theirs) == 0 &&
                      ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
    if (same) return false;
    const int reopened = open_file();
    if (reopened < 0) return false;  // the old file is better than none
    ::close(descriptor_);
    descriptor_ = reopened;
    note_kind();
    return true;
}

bool LogSink::has_room(std::chrono::milliseconds patience) const {
    return kind_ == Kind::ordinary || can_write(descriptor_, patience);
}

bool LogSink::write_some(std::string_view lines, std::size_t& position,
                         std::chrono::milliseconds patience) {
    if (has_path() && follow_rotation() && position > 0) {
        const auto line_end = lines.rfind('\n', position - 1);
        position = line_end == std::string_view::npos ? 0 : line_end + 1;
    }
    if (!has_room(patience)) return false;
    const auto rest = lines.substr(position);
    const auto piece = kind_ == Kind::ordinary ? rest : atomic_piece(rest);
    ssize_t taken = 0;
    do {
        taken = kind_ == Kind::socket
                    ? ::send(descriptor_, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                    : ::write(descriptor_, piece.data(), piece.size());
    } while (taken < 0 && errno == EINTR);
    if (taken <= 0) return false;
    position += static_cast<std::size_t>(taken);
    return true;
}

void write_last_words(std::string_view text) noexcept {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (!text.empty()) {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        if (rest.count() <= 0 || !can_write(STDERR_FILENO, rest)) return;
        const auto piece = atomic_piece(text);
        const ssize_t taken = ::write(STDERR_FILENO, piece.data(), piece.size());
        if (taken < 0 && errno == EINTR) continue;
        if (taken <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(taken));
    }
}

}  // namespace cairn::base
