#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "apps/ca/configuration.h"

namespace cairn::apps {

/// What to say where the CA in `folder` was used and its embedded store is not there any more, as
/// on a disk that is not mounted; nothing elsewhere. A file of no octets is a store that is yet to
/// begin.
[[nodiscard]] std::optional<std::string> lost_store(const Configuration& configuration,
                                                    const std::filesystem::path& folder);

}  // namespace cairn::apps
