#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "client/account.h"
#include "client/certificate_plan.h"
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

/// What every job of a run works with; all of it outlives the jobs and may be shared by threads.
struct Environment {
    const StateDirectory& state;
    const base::Clock& clock;
    Timer& timer;
    crypto::Random& random;
    SolverSet& solvers;
    SessionPool& sessions;
};

/// Whether a certificate is put in place, or only obtained and then dropped.
enum class Installing { yes, dry_run };

/// One certificate to be obtained for a lineage.
struct IssuanceOrder {
    LineageName lineage;
    CertificatePlan plan;
    AccountOptions account;
    /// RFC 9773's identifier of the certificate that is replaced, or empty.
    std::string replaces;
    Installing installing = Installing::yes;
};

/// Obtains the certificate, puts it in place with what is needed to renew it, and runs the deploy
/// hook. An order for the same that an earlier run began is gone on with. The caller holds the lock
/// of the lineage. Throws Failure; until the certificate is whole and in place the one before it
/// stays live, and a hook that fails does not take it back.
pki::Chain issue(const Environment& environment, Session& session, const IssuanceOrder& order,
                 Progress& progress);

/// Goes on with an order that may have led to a certificate already, as `issue` does; nothing if it
/// has come to nothing. The record of the order is gone in both cases. Throws Failure; the record
/// then stays for the next run. The caller holds the lock of the lineage.
[[nodiscard]] std::optional<pki::Chain> finish_issuance(const Environment& environment,
                                                        Session& session,
                                                        const LineageName& lineage,
                                                        const OpenOrder& begun, Progress& progress);

/// True if the deploy hook of the lineage has not ended well since its certificate was put in
/// place: the run was killed between the two, or the hook failed.
[[nodiscard]] bool is_deployment_pending(const Environment& environment,
                                         const LineageName& lineage);

/// Runs the deploy hook of `plan` and notes that it ended well. Throws Failure. The caller holds
/// the lock of the lineage.
void deploy(const Environment& environment, const LineageName& lineage,
            const CertificatePlan& plan);

/// How long a run waits for another that works on the same lineage.
inline constexpr std::chrono::minutes lineage_lock_patience{15};

}  // namespace cairn::client
