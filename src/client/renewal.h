#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/issuance.h"
#include "client/lineage_facts.h"
#include "client/progress.h"
#include "client/renewal_info.h"
#include "client/renewal_schedule.h"
#include "client/state_directory.h"
#include "pki/certificate.h"

namespace cairn::client {

enum class RenewalForce { if_due, always };

/// Another CA to rehearse a renewal with, and what is needed to have an account there.
struct RehearsalAuthority {
    /// Empty: the staging directory of each lineage's own CA.
    std::string directory_url;
    std::string root_file;
    AccountOptions account;
};

/// The plan with the CA that it is to be rehearsed with. Throws Failure if `authority` names none
/// and the CA of the plan has no staging directory: a rehearsal must not touch how the live
/// certificate stands at its CA.
[[nodiscard]] CertificatePlan rehearsal_of(CertificatePlan plan, const LineageName& lineage,
                                           const RehearsalAuthority& authority);

struct RenewalOptions {
    RenewalForce force = RenewalForce::if_due;
    Installing installing = Installing::yes;
    /// For a dry run.
    RehearsalAuthority rehearsal{};
    /// How many lineages are worked on side by side. Most of them wait: for the disk, for the DNS,
    /// or for the CA, of which a session asks less at once.
    std::size_t parallel = 32;
};

/// What came of one certificate of a lineage, or of its deployment.
struct RenewalOutcome {
    /// `deployed`: not due, but a deploy target had still to learn of what is live, and has.
    enum class Kind { renewed, deployed, not_due, failed };
    LineageName lineage;
    /// The type of its key, where that is known.
    std::optional<crypto::KeyType> key_type{};
    Kind kind = Kind::not_due;
    /// For `not_due` and `deployed`: when it will be.
    std::optional<base::Time> due_at{};
    /// Why it was due, or is due then; without details where an earlier run has found it out.
    std::optional<DueTime> due{};
    /// For `renewed`: the new certificate.
    std::optional<pki::Certificate> certificate{};
    /// For `failed`: why.
    std::optional<Failure> failure{};
};

/// Renews those of `lineages` that are due, in parallel, each on its own: what becomes of one does
/// not touch another. Those that were verified lately, are not due and did not change since are not
/// read again (`RenewalCalendar`). The outcomes of each, one for each key type of its plan, in the
/// same order; one for a lineage whose plan cannot be read.
[[nodiscard]] std::vector<RenewalOutcome> renew(const Environment& environment,
                                                const std::vector<LineageName>& lineages,
                                                const RenewalOptions& options, Progress& progress);

}  // namespace cairn::client
