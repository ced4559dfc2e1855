#pragma once

#include <filesystem>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::client {

/// The first line of a file with a secret: a password, a token. Refused if others than owner and
/// group may read it, or it is empty. The error says what to do.
[[nodiscard]] base::Result<base::SecretBytes> secret_from(const std::filesystem::path& file);

}  // namespace cairn::client
