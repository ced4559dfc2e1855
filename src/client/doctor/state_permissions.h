#pragma once

#include <filesystem>

#include "client/doctor/finding.h"

namespace cairn::client::doctor {

/// Whether the state can be written by whoever runs this, and its secrets be read by nobody else:
/// keys of accounts and certificates, and the folders on the way to them. Reads no file, and looks
/// at a hundred thousand entries at most.
[[nodiscard]] Findings look_at_permissions(const std::filesystem::path& state);

}  // namespace cairn::client::doctor
