#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/ca/adapters.h"
#include "ca/facts/audit_line.h"

namespace cairn::apps {

/// Where the files of an audit log are: of a CA, or copies of them.
struct AuditPlace {
    std::filesystem::path files;
    /// The CA's folder; empty: there are copies alone.
    std::filesystem::path authority;
};
/// `folder` is a CA's, or one with files of an audit log. Throws std::runtime_error if it is
/// neither.
[[nodiscard]] AuditPlace audit_place(const std::filesystem::path& folder,
                                     const std::vector<std::string>& overrides);

/// The heads of the log at `place`: the one that lies beside a log that no node has signed yet, and
/// those that the store of a CA has: that the node's key signed, and those of former keys that the
/// log names. Throws std::runtime_error, saying why, if they cannot be had.
[[nodiscard]] std::vector<ca::AuditHead> heads_at_hand(const AuditPlace& place,
                                                       const std::vector<std::string>& overrides,
                                                       const Adapters& adapters);

/// The heads in files that `cairn-ca audit head --json` wrote, of one chain: `chain`, or the only
/// one there is. Throws std::runtime_error naming the file that is wrong.
[[nodiscard]] std::vector<ca::AuditHead> heads_in_files(
    const std::vector<std::filesystem::path>& files, const std::string& chain);

}  // namespace cairn::apps
