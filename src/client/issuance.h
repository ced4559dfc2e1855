#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "client/account.h"
#include "client/certificate_plan.h"
#include "client/deployment.h"
#include "client/environment.h"
#include "client/lineage.h"
#include "client/order_record.h"
#include "client/progress.h"
#include "client/session.h"
#include "client/session_pool.h"
#include "client/solver.h"
#include "client/state_directory.h"
#include "client/timer.h"
#include "crypto/random.h"
#include "pki/chain.h"

namespace cairn::client {

/// Whether a certificate is put in place, or only obtained and then dropped.
enum class Installing { yes, dry_run };

/// One certificate to be obtained for a lineage.
struct IssuanceOrder {
    LineageName lineage;
    CertificatePlan plan;
    AccountOptions account;
    /// RFC 9773's identifier of the certificate that is replaced, or empty.
    std::string replaces;
    /// The CA that issued that one, which alone is told.
    std::string replaced_at{};
    Installing installing = Installing::yes;
};

/// A certificate with its chain, and the CA that it was obtained from.
struct IssuedCertificate {
    pki::Chain chain;
    std::string directory_url;
};

/// Obtains the certificate, puts it in place with what is needed to renew it, and runs the deploy
/// hooks. The CAs of the plan are asked in order: the next one where one cannot be asked, refuses,
/// or limits. An order for the same that an earlier run began is gone on with first; one that may
/// have led to a certificate is not given up for another CA. The caller holds the lock of the
/// lineage. Throws Failure; until the certificate is whole and in place the one before it stays
/// live, and a hook that fails does not take it back.
IssuedCertificate issue(const Environment& environment, const IssuanceOrder& order,
                        Progress& progress);

/// Sees to it that there are accounts, made as `options` say, at the CAs of the plan that are asked
/// only in place of the first. What is in the way at one of them is told and stops nothing.
void open_other_accounts(const Environment& environment, const CertificatePlan& plan,
                         const AccountOptions& options, Progress& progress);

/// Goes on with an order that may have led to a certificate already, as `issue` does; nothing if it
/// has come to nothing. The record of the order is gone in both cases. Throws Failure; the record
/// then stays for the next run. The caller holds the lock of the lineage.
[[nodiscard]] std::optional<pki::Chain> finish_issuance(const Environment& environment,
                                                        const LineageName& lineage,
                                                        const OpenOrder& begun, Progress& progress);

/// How long a run waits for another that works on the same lineage.
inline constexpr std::chrono::minutes lineage_lock_patience{15};

}  // namespace cairn::client
