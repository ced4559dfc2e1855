#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "ca/facts/audit_entry.h"
#include "ca/facts/audit_line.h"
#include "ca/rules/audit_check.h"

// The audit log of a CA that was never served: `init`, `restore` and the commands of issuers write
// into it, although no store is open that could keep its heads and no node has a key for them. The
// head of what they wrote lies beside the log, signed with a key that exists for this signature
// alone. The first node that opens the store goes on behind it and signs with a key of its own
// (ADR 114).
namespace cairn::apps {

/// Appends the entries to the log in `folder`, which is made if it is not there, durable, and signs
/// its new head unless a node with a key does that. Throws std::runtime_error saying why it cannot
/// be written: then none of them stands there, and what they tell of must not be done.
void record_offline(const std::filesystem::path& folder, std::vector<ca::AuditEntry> entries,
                    const base::Clock& clock);

/// What an operator's command begins: as the operations of admin begin, by this process's user.
/// `arguments`: JSON.
[[nodiscard]] ca::AuditEntry offline_begin(const std::string& operation,
                                           const std::string& arguments);
/// And that all of it is made, and takes effect next.
[[nodiscard]] ca::AuditEntry offline_end(const std::string& operation);

/// The head that lies beside the log in `folder`, if there is one. Fails, saying why, if it is not
/// what was written.
[[nodiscard]] base::Result<std::optional<ca::AuditHead>> offline_head(
    const std::filesystem::path& folder);
/// Whether the file of that head is there, readable or not.
[[nodiscard]] bool has_offline_head(const std::filesystem::path& folder);
/// Removes it, once a node has signed the log. Throws std::runtime_error if it cannot be removed.
void remove_offline_head(const std::filesystem::path& folder);

/// Checks the lines of the log in `folder` against each other and against `heads`. Throws
/// std::runtime_error naming what cannot be read.
[[nodiscard]] ca::AuditCheck::Report check_audit(const std::filesystem::path& folder,
                                                 std::vector<ca::AuditHead> heads);

/// Whether a server has ever written into the log in `folder`. Reads all of it.
[[nodiscard]] bool was_served(const std::filesystem::path& folder);

}  // namespace cairn::apps
