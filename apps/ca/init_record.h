#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/ca/init.h"
#include "apps/ca/issuer_key.h"
#include "ca/facts/audit_entry.h"
#include "pki/chain.h"

namespace cairn::apps {

/// What `init` has made, for the audit log.
struct InitRecord {
    const InitOptions& options;
    /// None: it is kept elsewhere, and not known yet.
    std::optional<pki::Certificate> root{};
    /// Keys that were made now; null: none was.
    const IssuerKey* root_key = nullptr;
    const IssuerKey* issuer_key = nullptr;
    /// The issuer's certificate first, without the root; empty: it is requested.
    pki::Chain chain{};
    /// The request in PEM, or empty.
    std::string request{};
};

/// The lines with which the audit log of a CA begins: who made it, its keys, and all that they have
/// signed.
[[nodiscard]] std::vector<ca::AuditEntry> entries_of(const InitRecord& record);

}  // namespace cairn::apps
