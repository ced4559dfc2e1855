#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace cairn::apps {

/// What a command is about to do that is no operation of admin.
struct CommandNote {
    std::string text;
    /// Certificates that were signed for it, in DER.
    std::vector<base::Bytes> certificates{};
    /// Requests that were, in DER.
    std::vector<base::Bytes> requests{};
};

/// Records it in the audit log of the CA in `folder`: by the server that runs there, or here; also
/// of a CA that was never served. Throws std::runtime_error, saying why, if it cannot be recorded:
/// then it must not be done.
void tell_of_command(const std::filesystem::path& folder, const std::vector<std::string>& overrides,
                     const CommandNote& note);

}  // namespace cairn::apps
