// A library to be loaded before the C library: counts fsync and fdatasync (bench/sync_counter.h).
#include <cstdint>
#include <cstdlib>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

std::uint64_t* counted = nullptr;

__attribute__((constructor)) void open_count() {
    const char* file = std::getenv("CAIRN_SYNC_COUNT");
    if (file == nullptr) return;
    const int descriptor = ::open(file, O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return;
    void* const memory =
        ::mmap(nullptr, sizeof(*counted), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    ::close(descriptor);
    if (memory != MAP_FAILED) counted = static_cast<std::uint64_t*>(memory);
}

int counted_call(long number, int descriptor) {
    if (counted != nullptr) __atomic_fetch_add(counted, 1, __ATOMIC_RELAXED);
    return static_cast<int>(::syscall(number, descriptor));
}

}  // namespace

extern "C" int fsync(int descriptor) {
    return counted_call(SYS_fsync, descriptor);
}
extern "C" int fdatasync(int descriptor) {
    return counted_call(SYS_fdatasync, descriptor);
}
