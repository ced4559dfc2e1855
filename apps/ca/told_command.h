#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace cairn::apps {

/// What to do where there is no audit log yet: a CA that was never served has none.
enum class NoLogYet { is_left, is_begun };

/// Records in the audit log of the CA in `folder` what a command is about to do that is no
/// operation of admin: by the server that runs there, or here. Throws std::runtime_error, saying
/// why, if it cannot be recorded: then it must not be done.
void tell_of_command(const std::filesystem::path& folder, const std::vector<std::string>& overrides,
                     const std::string& command, NoLogYet no_log = NoLogYet::is_left);

}  // namespace cairn::apps
