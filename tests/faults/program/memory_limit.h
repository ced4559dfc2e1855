#pragma once

#include <cstddef>

namespace cairn::faults {

/// From now on `operator new` gives out so many octets at the same time and fails beyond, as it
/// does where the system limits the memory of a process. That limit itself cannot be had together
/// with AddressSanitizer. What C libraries allocate does not count.
void limit_memory(std::size_t octets);

}  // namespace cairn::faults
