#include "client/durable_file.h"

#include <system_error>
#include <utility>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/failure.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_with_errno(std::string_view verb, const fs::path& path) {
    const int error = errno;
    throw Failure(fmt::format("{} {}", verb, path.string()), std::generic_category().message(error),
                  error == EACCES || error == EPERM || error == EROFS
                      ? "run as a user who may write there, or choose another --state directory."
                      : "");
}

/// Where a file or link stands until it takes its place. The process id keeps processes apart, and
/// the lock of the lineage or account keeps threads apart.
fs::path staging_path(const fs::path& path) {
    return path.parent_path() / fmt::format(".{}.{}", path.filename().string(), ::getpid());
}

/// Removes the staged file unless it has been renamed.
class Staged {
  public:
    explicit Staged(fs::path path) : path_(std::move(path)) { ::unlink(path_.c_str()); }
    Staged(const Staged&) = delete;
    Staged& operator=(const Staged&) = delete;
    ~Staged() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    [[nodiscard]] const fs::path& path() const { return path_; }
    /// The caller sees to it that the folder gets to the disk.
    void rename_to(const fs::path& target) {
        if (::rename(path_.c_str(), target.c_str()) != 0) fail_with_errno("write", target);
        path_.clear();
    }

  private:
    fs::path path_;
};

void write_all(const FileDescriptor& file, std::string_view contents, const fs::path& path) {
    while (!contents.empty()) {
        const auto count = ::write(file.number(), contents.data(), contents.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_with_errno("write", path);
        contents.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// The contents are on the disk when it returns; that `path` leads to them may not be yet.
void write_contents(const fs::path& path, std::string_view contents, FileAccess access) {
    Staged staged(staging_path(path));
    FileDescriptor file(
        ::open(staged.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) fail_with_errno("write", path);
    write_all(file, contents, path);
    // Not the mode of open: the umask must not decide who reads a key or a challenge.
    if (::fchmod(file.number(), static_cast<mode_t>(access)) != 0) fail_with_errno("write", path);
    if (::fsync(file.number()) != 0) fail_with_errno("write", path);
    file.close();
    staged.rename_to(path);
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
        close();
        number_ = std::exchange(other.number_, -1);
    }
    return *this;
}

void FileDescriptor::close() noexcept {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
}

void write_durably(const fs::path& path, std::string_view contents, FileAccess access) {
    write_contents(path, contents, access);
    sync_directory(path.parent_path());
}

void write_durably(std::span<const DurableContents> files, FileAccess access) {
    for (const auto& [path, contents] : files)
        write_contents(path, base::text_of(contents), access);
    if (!files.empty()) sync_directory(files.front().path.parent_path());
}

void write_durably(const fs::path& path, base::BytesView contents, FileAccess access) {
    write_durably(path, base::text_of(contents), access);
}

void append_durably(const fs::path& path, std::string_view contents) {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
    if (!file.is_open()) fail_with_errno("write", path);
    write_all(file, contents, path);
    if (::fdatasync(file.number()) != 0) fail_with_errno("write", path);
}

void link_durably(const fs::path& link, const fs::path& target) {
    Staged staged(staging_path(link));
    if (::symlink(target.c_str(), staged.path().c_str()) != 0) fail_with_errno("link", link);
    staged.rename_to(link);
    sync_directory(link.parent_path());
}

void replace_by_link(const fs::path& path, const fs::path& target, const fs::path& aside) {
    if (::symlink(target.c_str(), aside.c_str()) != 0) fail_with_errno("link", aside);
    if (::renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0) {
        // A file system without that: there is neither for a moment.
        if (::unlink(aside.c_str()) != 0 || ::rename(path.c_str(), aside.c_str()) != 0)
            fail_with_errno("move away", path);
        if (::symlink(target.c_str(), path.c_str()) != 0) fail_with_errno("link", path);
    }
    sync_directory(path.parent_path());
}

void make_private_directory(const fs::path& directory) {
    if (::mkdir(directory.c_str(), 0700) == 0) {
        sync_directory(directory.parent_path().empty() ? "." : directory.parent_path());
        return;
    }
    if (errno == EEXIST) return;
    const auto parent = directory.parent_path();
    if (errno != ENOENT || parent.empty() || parent == directory)
        fail_with_errno("make the directory", directory);
    make_private_directory(parent);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        fail_with_errno("make the directory", directory);
    sync_directory(parent);
}

void sync_directory(const fs::path& directory) {
    const FileDescriptor handle(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle.is_open() || ::fsync(handle.number()) != 0)
        fail_with_errno("write the directory", directory);
}

std::vector<std::string> file_names_in(const fs::path& directory) {
    std::vector<std::string> names;
    std::error_code error;
    const auto refuse = [&](const std::string& why) {
        throw Failure(fmt::format("read the folder {}", directory.string()), why,
                      "run as the user whom the state belongs to; is --state right?");
    };
    if (fs::symlink_status(directory, error).type() == fs::file_type::not_found) return names;
    fs::directory_iterator entry(directory, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error))
        names.push_back(entry->path().filename().string());
    if (error == std::errc::no_such_file_or_directory) refuse("it is a link that leads nowhere");
    if (error) refuse(error.message());
    return names;
}

base::Result<std::string> read_file(const fs::path& path, std::size_t limit) {
    const auto failure = [&path] {
        return base::fail(
            fmt::format("{}: {}", path.string(), std::generic_category().message(errno)));
    };
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) return failure();
    std::string contents;
    char buffer[16384];
    for (;;) {
        const auto count = ::read(file.number(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failure();
        if (count == 0) return contents;
        contents.append(buffer, static_cast<std::size_t>(count));
        if (contents.size() > limit)
            return base::fail(fmt::format("{}: larger than {} octets, which no such file is",
                                          path.string(), limit));
    }
}

}  // namespace cairn::client
