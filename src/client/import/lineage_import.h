#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "client/account_store.h"
#include "client/environment.h"
#include "client/import/foreign_installation.h"

namespace cairn::client {

/// What became of an account of another client.
struct AccountImport {
    /// Which of several at its CA it is here; empty: the one without a name.
    std::string name;
    bool is_new = false;
};

/// Keeps an account here, without asking its CA: under no name where the CA has none here yet, else
/// under `program`, or that with a part of its id. One whose key is kept already stays as it is.
/// The caller holds the lock of accounts. Throws Failure.
[[nodiscard]] AccountImport import_account(const StateDirectory& state,
                                           const ForeignAccount& account, std::string_view program);
/// What that would do.
[[nodiscard]] AccountImport planned_account(const StateDirectory& state,
                                            const ForeignAccount& account, std::string_view program,
                                            const std::vector<AccountImport>& before,
                                            const std::vector<ForeignAccount>& accounts);

/// Keeps the certificates of a lineage, those that are not here yet, with the plan if there is
/// none. What the other client serves is live afterwards, unless ours is newer. The plan comes
/// last, so that nothing is renewed that is half imported. The caller holds the lock of the
/// lineage. Returns how many certificates are new. Throws Failure.
std::size_t import_lineage(const Environment& environment, const LineageName& name,
                           const ForeignLineage& lineage, const CertificatePlan& plan,
                           Progress& progress);

}  // namespace cairn::client
