#include "client/deploy/placed_file.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "client/durable_file.h"
#include "client/failure.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_with_errno(std::string_view verb, const fs::path& path) {
    const int error = errno;
    const bool is_forbidden = error == EACCES || error == EPERM || error == EROFS;
    const bool is_full = error == ENOSPC || error == EDQUOT;
    throw Failure({fmt::format("{} {}", verb, path.string()), Phase::deploy},
                  std::generic_category().message(error),
                  is_forbidden
                      ? "run as root, or as a user who may write there and give files away."
                  : is_full ? "make room on the disk; the next run tries again."
                            : "");
}

/// Where something stands until it takes its place.
fs::path staged_at(const fs::path& path) {
    return path.parent_path() / fmt::format(".{}.cairn-new", path.filename().string());
}

void write_all(int file, base::BytesView contents, const fs::path& path) {
    while (!contents.empty()) {
        const auto count = ::write(file, contents.data(), contents.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_with_errno("write", path);
        contents = contents.subspan(static_cast<std::size_t>(count));
    }
}

void rename_over(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        const int error = errno;
        ::unlink(from.c_str());
        errno = error;
        fail_with_errno("write", to);
    }
}

void copy_with_rights(const fs::path& original, const fs::path& copy) {
    struct stat status{};
    if (::stat(original.c_str(), &status) != 0) fail_with_errno("read", original);
    if (!S_ISREG(status.st_mode))
        throw Failure({fmt::format("replace {}", original.string()), Phase::deploy},
                      "it is not a file", "name another place.");
    auto contents = read_file(original, max_placed_file);
    if (!contents)
        throw Failure({fmt::format("keep {}", original.string()), Phase::deploy},
                      contents.error().message);
    write_new_file(copy, base::bytes_of(*contents), rights_of(status));
    base::wipe({reinterpret_cast<std::uint8_t*>(contents->data()), contents->size()});
}

}  // namespace

SettledRights rights_of(const struct stat& status) {
    return {status.st_uid, status.st_gid, static_cast<mode_t>(status.st_mode & 07777)};
}

SettledRights settled_rights(const DeployFile& file) {
    SettledRights rights{::geteuid(), ::getegid(),
                         file.holds == DeployFile::Holds::key ? mode_t{0600} : mode_t{0644}};
    struct stat status{};
    if (::stat(file.path.c_str(), &status) == 0 && S_ISREG(status.st_mode))
        rights = rights_of(status);
    if (file.rights.owner) rights.owner = *file.rights.owner;
    if (file.rights.group) rights.group = *file.rights.group;
    if (file.rights.mode) rights.mode = *file.rights.mode;
    return rights;
}

bool stands(const fs::path& path, base::BytesView contents, const SettledRights& rights) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
        rights_of(status) != rights)
        return false;
    auto standing = read_file(path, max_placed_file);
    if (!standing) return false;
    const bool is_same = *standing == base::text_of(contents);
    base::wipe({reinterpret_cast<std::uint8_t*>(standing->data()), standing->size()});
    return is_same;
}

void write_new_file(const fs::path& path, base::BytesView contents, const SettledRights& rights) {
    remove_file(path);
    FileDescriptor file(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) fail_with_errno("write", path);
    try {
        // Whose it is comes first: nobody else reads it by a mode that was meant for others.
        const bool is_ours = rights.owner == ::geteuid() && rights.group == ::getegid();
        if (!is_ours && ::fchown(file.number(), rights.owner, rights.group) != 0)
            fail_with_errno("give away", path);
        write_all(file.number(), contents, path);
        if (::fchmod(file.number(), rights.mode) != 0) fail_with_errno("write", path);
        if (::fsync(file.number()) != 0) fail_with_errno("write", path);
    } catch (const Failure&) {
        ::unlink(path.c_str());
        throw;
    }
}

void keep_file(const fs::path& original, const fs::path& copy, Follow follow) {
    remove_file(copy);
    const int flags = follow == Follow::yes ? AT_SYMLINK_FOLLOW : 0;
    if (::linkat(AT_FDCWD, original.c_str(), AT_FDCWD, copy.c_str(), flags) == 0) return;
    if (follow == Follow::no && standing_at(original) == FileStanding::link) {
        if (::symlink(link_text(original).c_str(), copy.c_str()) != 0)
            fail_with_errno("link", copy);
        return;
    }
    copy_with_rights(original, copy);
}

void replace_by_file(const fs::path& original, const fs::path& path) {
    const auto staged = staged_at(path);
    keep_file(original, staged, Follow::no);
    rename_over(staged, path);
    // Where both were the same file already, rename does nothing and leaves both.
    remove_file(staged);
}

void replace_by_link_to(const fs::path& path, const std::string& text) {
    if (link_text(path) == text) return;
    const auto staged = staged_at(path);
    remove_file(staged);
    if (::symlink(text.c_str(), staged.c_str()) != 0) fail_with_errno("link", path);
    rename_over(staged, path);
}

FileStanding standing_at(const fs::path& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return FileStanding::missing;
        fail_with_errno("look at", path);
    }
    return S_ISLNK(status.st_mode) ? FileStanding::link : FileStanding::file;
}

std::string link_text(const fs::path& path) {
    std::error_code none;
    return fs::read_symlink(path, none).string();
}

void make_public_directory(const fs::path& directory) {
    if (::mkdir(directory.c_str(), 0755) == 0) {
        // Not the umask: others have to get through to what is in it.
        if (::chmod(directory.c_str(), 0755) != 0) fail_with_errno("make the folder", directory);
        return;
    }
    std::error_code none;
    if (errno == EEXIST && fs::is_directory(directory, none)) return;
    const auto parent = directory.parent_path();
    if (errno != ENOENT || parent.empty() || parent == directory)
        fail_with_errno("make the folder", directory);
    make_public_directory(parent);
    if (::mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST)
        fail_with_errno("make the folder", directory);
    sync_directory(parent);
}

void remove_file(const fs::path& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
        fail_with_errno("remove", path);
}

}  // namespace cairn::client
