#pragma once

#include "bench/goals.h"
#include "bench/load.h"

namespace cairn::bench {

/// Opens so many TLS connections to a cairn-ca on the embedded store, makes one request on each and
/// keeps them, and looks how much more memory the server has resident. Throws std::runtime_error if
/// not all of them are open at the end.
[[nodiscard]] IdleConnections measure_idle_connections(std::size_t connections,
                                                       const LoadSettings& settings);

}  // namespace cairn::bench
