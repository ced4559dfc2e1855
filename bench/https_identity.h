#pragma once

#include <filesystem>

namespace cairn::bench {

/// Writes a root (root.pem), a certificate of it for localhost and 127.0.0.1 (chain.pem) and its
/// key (key.pem), all P-256, good for a day.
void write_https_identity(const std::filesystem::path& folder);

}  // namespace cairn::bench
