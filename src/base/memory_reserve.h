#pragma once

#include <cstddef>

namespace cairn::base {

/// Memory that is reserved for the moment when there is no more: it is then given back to the
/// system, so that the requests under way can end in good order. The program accepts no new work
/// until it is reserved again. There is one for the whole process, because `operator new` uses it.
/// Thread-safe.
class MemoryReserve {
  public:
    static constexpr std::size_t octets = std::size_t{8} << 20U;
    /// Reserves the memory, again if it was given back. True if it is reserved.
    static bool fill() noexcept;
    /// True from the moment when it was given back until it is reserved again; false if it was
    /// never reserved.
    [[nodiscard]] static bool is_spent() noexcept;
};

}  // namespace cairn::base
