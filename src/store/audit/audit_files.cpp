#include "store/audit/audit_files.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <span>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace cairn::store {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = "audit-";
constexpr std::string_view suffix = ".jsonl";
constexpr std::size_t chunk = std::size_t{256} << 10U;

/// A file that is read; closes itself.
class Reading {
  public:
    Reading(const fs::path& path, std::uint64_t from)
        : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (file_ < 0 || ::lseek(file_, static_cast<off_t>(from), SEEK_SET) < 0) fail();
    }
    ~Reading() {
        if (file_ >= 0) ::close(file_);
    }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;

    /// As many octets as there are, `buffer.size()` at most.
    std::size_t read(std::span<char> buffer) {
        for (;;) {
            const auto count = ::read(file_, buffer.data(), buffer.size());
            if (count >= 0) return static_cast<std::size_t>(count);
            if (errno != EINTR) fail();
        }
    }

  private:
    [[noreturn]] void fail() const {
        throw std::runtime_error(path_.string() +
                                 " cannot be read: " + std::generic_category().message(errno));
    }
    fs::path path_;
    int file_;
};

// The number in a file's name, or 0.
std::uint64_t number_in(const std::string& name) {
    std::uint64_t number = 0;
    const char* begin = name.data() + prefix.size();
    std::from_chars(begin, name.data() + name.size(), number);
    return number;
}

bool is_of_log(const std::string& name) {
    if (!name.starts_with(prefix)) return false;
    const auto end = name.find(suffix);
    if (end == std::string::npos) return false;
    const auto rest = std::string_view(name).substr(end + suffix.size());
    // What logrotate appends: ".1", "-20261130".
    return std::ranges::all_of(rest, [](char character) {
        return character == '.' || character == '-' || (character >= '0' && character <= '9');
    });
}

/// Stops a reading that has found what it looked for.
struct Found {};

AuditFile looked_at(const fs::path& path) {
    AuditFile file{.path = path, .first = number_in(path.filename().string())};
    try {
        read_audit_file(
            path,
            [&](std::string_view text) {
                const auto line = ca::AuditLine::from_text(text);
                if (!line) return;
                file.first = line->sequence;
                file.has_lines = true;
                file.before = {line->sequence - 1, line->previous};
                file.begun = line->time;
                throw Found();
            },
            [](std::string_view) {});
    } catch (const Found&) {
    }
    return file;
}

}  // namespace

std::string audit_file_name(std::uint64_t first) {
    return fmt::format("{}{:012}{}", prefix, first, suffix);
}

std::vector<AuditFile> audit_files(const fs::path& folder) {
    std::vector<AuditFile> files;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
         entry.increment(error)) {
        if (is_of_log(entry->path().filename().string()) && entry->is_regular_file())
            files.push_back(looked_at(entry->path()));
    }
    if (error && error != std::errc::no_such_file_or_directory)
        throw std::runtime_error(folder.string() + " cannot be read: " + error.message());
    std::ranges::sort(files, [](const AuditFile& left, const AuditFile& right) {
        return std::tie(left.first, left.has_lines, left.path) <
               std::tie(right.first, right.has_lines, right.path);
    });
    return files;
}

void read_audit_file(const fs::path& path,
                     const std::function<void(std::string_view line)>& on_line,
                     const std::function<void(std::string_view rest)>& on_rest,
                     std::uint64_t from) {
    Reading reading(path, from);
    std::string text;
    std::string buffer(chunk, '\0');
    for (;;) {
        const auto count = reading.read(buffer);
        if (count == 0) break;
        text.append(buffer, 0, count);
        std::size_t begin = 0;
        for (auto end = text.find('\n', text.size() - count); end != std::string::npos;
             end = text.find('\n', begin)) {
            on_line(std::string_view(text).substr(begin, end - begin));
            begin = end + 1;
        }
        text.erase(0, begin);
        while (text.size() > ca::AuditLine::most + 1) {
            on_line(std::string_view(text).substr(0, ca::AuditLine::most + 1));
            text.erase(0, ca::AuditLine::most + 1);
        }
    }
    if (!text.empty()) on_rest(text);
}

AuditEnd end_of_audit(const fs::path& folder) {
    const auto files = audit_files(folder);
    AuditEnd end;
    const auto last = std::find_if(files.rbegin(), files.rend(),
                                   [](const AuditFile& file) { return file.has_lines; });
    if (last == files.rend()) return end;
    end.file = last->path;
    end.begun = last->begun;
    const auto size = fs::file_size(end.file);
    std::string line;
    std::uint64_t sequence = 0, behind = 0;
    const auto look_from = [&](std::uint64_t from) {
        auto at = from;
        read_audit_file(
            end.file,
            [&](std::string_view text) {
                at += text.size() + 1;
                const auto read = ca::AuditLine::from_text(text);
                if (!read) return;
                sequence = read->sequence;
                line = text;
                behind = at;
            },
            [](std::string_view) {}, from);
    };
    // Behind the last line is at most what one batch of lines has.
    constexpr std::uint64_t near = 4 * ca::AuditLine::most;
    if (size > near) look_from(size - near);
    if (sequence == 0) look_from(0);
    end.position = {sequence, crypto::sha256(base::bytes_of(line))};
    end.torn = size > behind ? size - behind : 0;
    // A crash may have torn the first lines of the file behind.
    for (auto next = last.base(); next != files.end() && end.torn == 0; ++next) {
        end.torn = fs::file_size(next->path);
        if (end.torn > 0) end.file = next->path;
    }
    return end;
}

}  // namespace cairn::store
