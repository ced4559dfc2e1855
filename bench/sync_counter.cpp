#include "bench/sync_counter.h"

#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace cairn::bench {

SyncCounter::SyncCounter(const std::filesystem::path& file) : file_(file), number_(nullptr) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    // Programs that run as another user count too.
    const bool made = descriptor >= 0 && ::fchmod(descriptor, 0666) == 0 &&
                      ::ftruncate(descriptor, sizeof(*number_)) == 0;
    void* const memory =
        made ? ::mmap(nullptr, sizeof(*number_), PROT_READ, MAP_SHARED, descriptor, 0) : MAP_FAILED;
    if (descriptor >= 0) ::close(descriptor);
    if (memory == MAP_FAILED) throw std::runtime_error("cannot make " + file.string());
    number_ = static_cast<std::uint64_t*>(memory);
}

SyncCounter::~SyncCounter() {
    ::munmap(number_, sizeof(*number_));
}

std::vector<std::string> SyncCounter::environment() const {
    return {"LD_PRELOAD=" CAIRN_SYNC_COUNT_LIBRARY, "CAIRN_SYNC_COUNT=" + file_.string()};
}

std::uint64_t SyncCounter::count() const {
    return __atomic_load_n(number_, __ATOMIC_RELAXED);
}

}  // namespace cairn::bench
