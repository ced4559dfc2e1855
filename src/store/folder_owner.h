#pragma once

#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::store {

/// Gives a file or folder that root has just made, and opened as `file`, to the owner and group of
/// `folder`, in which it is: what root does to the folder of a service's user stays usable for the
/// service, as SQLite does it with its logs. Where somebody else runs, or it is not new, nothing.
inline void give_to_owner_of(const std::filesystem::path& folder, int file) {
    struct stat made{};
    struct stat home{};
    if (::geteuid() != 0 || ::fstat(file, &made) != 0 || ::stat(folder.c_str(), &home) != 0) return;
    if (home.st_uid == 0 || made.st_uid != 0) return;
    // A name that stood there before may be another file's, too.
    if (S_ISREG(made.st_mode) && made.st_nlink != 1) return;
    // It is usable as it is, but for others.
    [[maybe_unused]] const int ignored = ::fchown(file, home.st_uid, home.st_gid);
}

/// The same of a file or folder by its name; of a link, nothing.
inline void give_to_owner_of(const std::filesystem::path& folder,
                             const std::filesystem::path& made) {
    if (::geteuid() != 0) return;
    const int file = ::open(made.c_str(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) return;
    give_to_owner_of(folder, file);
    ::close(file);
}

}  // namespace cairn::store
