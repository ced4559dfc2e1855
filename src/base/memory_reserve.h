#pragma once

#include <cstddef>

namespace cairn::base {

/// Memory that is set aside for when no more can be had: then it is given back to the system, so
/// that whatever small thing is needed to end one request in good order can be had, and the
/// program takes on nothing new until it could be set aside again. One for the whole process,
/// because it stands behind `operator new`. Thread-safe.
class MemoryReserve {
  public:
    static constexpr std::size_t octets = std::size_t{8} << 20U;
    /// Sets memory aside, and does so again each time that it was spent. True if it is there.
    static bool fill() noexcept;
    /// True from the moment when it had to be given back until it is filled again; false as long as
    /// it was never filled.
    [[nodiscard]] static bool is_spent() noexcept;
};

}  // namespace cairn::base
