#include "base/memory_reserve.h"

#include <atomic>
#include <new>

#include <sys/mman.h>

namespace cairn::base {
namespace {

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables): operator new has no other access
std::atomic<void*> reserve = nullptr;
std::atomic<bool> spent = false;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

// Called by operator new when it finds no memory: it tries again if this returns.
void spend() {
    spent = true;
    void* const memory = reserve.exchange(nullptr);
    if (memory == nullptr) throw std::bad_alloc();
    ::munmap(memory, MemoryReserve::octets);
}

}  // namespace

bool MemoryReserve::fill() noexcept {
    if (reserve.load() != nullptr) return true;
    // It is never touched: it counts against the process's limit and uses no physical memory.
    void* const memory = ::mmap(nullptr, MemoryReserve::octets, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return false;
    void* none = nullptr;
    if (!reserve.compare_exchange_strong(none, memory)) ::munmap(memory, MemoryReserve::octets);
    std::set_new_handler(spend);
    spent = false;
    return true;
}

bool MemoryReserve::is_spent() noexcept {
    return spent.load(std::memory_order_relaxed);
}

}  // namespace cairn::base
