#pragma once

#include <cstddef>

#include "apps/ca/configuration.h"
#include "apps/ca/descriptor_shares.h"
#include "http/server.h"

namespace cairn::apps {

/// The limits of the listener that clients use, which has so many connections. A client gets a
/// share of them, and of a part of the memory.
[[nodiscard]] http::Limits connection_limits(std::size_t connections,
                                             const Configuration& configuration);
/// How many event loops the configuration asks for, or one for each processor.
[[nodiscard]] std::size_t loop_count(const Configuration& configuration);
/// The descriptors of this process, which may then have as many as the system allows, shared out.
[[nodiscard]] DescriptorShares descriptor_shares(const Configuration& configuration);

}  // namespace cairn::apps
