#pragma once

#include <string>

#include "apps/ca/configuration.h"
#include "base/result.h"

namespace cairn::apps {

/// ca.toml with another table [[perspective]] at its end; nothing else is touched.
[[nodiscard]] std::string with_perspective(std::string toml,
                                           const Configuration::Perspective& perspective);
/// ca.toml without the table of the perspective of this name, and otherwise as it was. The error
/// says why that cannot be done for its author: it is not there, or not written as a table of its
/// own.
[[nodiscard]] base::Result<std::string> without_perspective(const std::string& toml,
                                                            const std::string& name);

}  // namespace cairn::apps
