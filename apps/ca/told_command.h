#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::apps {

/// Records in the audit log of the CA in `folder` what a command is about to do that is no
/// operation of admin: by the server that runs there, or here. A CA that was never served has no
/// log yet, and nothing is recorded. Throws std::runtime_error, saying why, if it cannot be
/// recorded: then it must not be done.
void tell_of_command(const std::filesystem::path& folder, const std::vector<std::string>& overrides,
                     const std::string& command);

}  // namespace cairn::apps
