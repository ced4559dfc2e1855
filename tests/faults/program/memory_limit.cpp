#include "tests/faults/program/memory_limit.h"

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

#include <malloc.h>

#include "base/memory_reserve.h"

namespace {

// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<std::size_t> in_use = 0;
std::atomic<std::size_t> limit = std::numeric_limits<std::size_t>::max();
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

// What is set aside cannot be had.
bool has_room_for(std::size_t size) {
    using cairn::base::MemoryReserve;
    const auto aside = MemoryReserve::is_spent() ? 0 : MemoryReserve::octets;
    return in_use + size + aside <= limit;
}

void* counted(void* memory) {
    if (memory != nullptr) in_use += ::malloc_usable_size(memory);
    return memory;
}

template <class Allocate>
void* allocate(std::size_t size, Allocate allocate_anyway) {
    for (;;) {
        if (limit == std::numeric_limits<std::size_t>::max() || has_room_for(size))
            if (void* const memory = counted(allocate_anyway())) return memory;
        const auto handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc();
        handler();
    }
}

void give_back(void* memory) noexcept {
    if (memory != nullptr) in_use -= ::malloc_usable_size(memory);
    std::free(memory);
}

}  // namespace

namespace cairn::faults {

void limit_memory(std::size_t octets) {
    limit = octets;
}

}  // namespace cairn::faults

void* operator new(std::size_t size) {
    return allocate(size, [&] { return std::malloc(size); });
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    const auto step = static_cast<std::size_t>(alignment);
    return allocate(size,
                    [&] { return std::aligned_alloc(step, (size + step - 1) / step * step); });
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    try {
        return operator new(size);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}
void operator delete(void* memory) noexcept {
    give_back(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
    give_back(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    give_back(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    give_back(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    give_back(memory);
}
