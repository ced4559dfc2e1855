#include "store/sqlite/server_lock.h"

#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/result.h"
#include "store/folder_owner.h"
#include "store/in_use.h"

namespace cairn::store {
namespace {

// The process that wrote its number into the lock's file, in words.
std::string lock_holder(int file) {
    std::array<char, 20> number{};
    const auto length = pread(file, number.data(), number.size(), 0);
    if (length <= 0) return "another process";
    return "process " + base::printable({number.data(), static_cast<std::size_t>(length)});
}

}  // namespace

ServerLock::ServerLock(const std::string& database_path) {
    const auto path = database_path + ".lock";
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (file_ < 0) {
        throw std::runtime_error(path +
                                 ": cannot be opened: " + std::generic_category().message(errno));
    }
    const auto folder = std::filesystem::path(path).parent_path();
    give_to_owner_of(folder.empty() ? "." : folder, file_);
    if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        const auto holder = lock_holder(file_);
        close(file_);
        if (reason == EWOULDBLOCK) throw InUse(database_path + ": is in use by " + holder);
        throw std::runtime_error(path +
                                 ": cannot be locked: " + std::generic_category().message(reason));
    }
    // The number only explains the lock to others; the lock works without it.
    const auto number = std::to_string(getpid());
    if (ftruncate(file_, 0) == 0)
        static_cast<void>(pwrite(file_, number.data(), number.size(), 0) > 0);
}

ServerLock::~ServerLock() {
    close(file_);
}

}  // namespace cairn::store
