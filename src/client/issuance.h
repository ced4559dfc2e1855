#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/certificate_issuance.h"
#include "client/deployment.h"
#include "client/failure.h"
#include "client/progress.h"
#include "client/run_hooks.h"

namespace cairn::client {

/// What was obtained for a lineage: a certificate for each key type of its plan, in that order.
struct IssuedCertificates : IssuedCertificate {
    std::vector<IssuedCertificate> further{};
};

/// Obtains a certificate for each key type of the plan, as `obtain_certificate` does one, but for
/// those that are left alone, and lets the deploy targets learn of them. A certificate that one
/// takes the place of is named to its CA, as in a renewal. What fails for one key type does not
/// keep another from being put in place, unless it would fail in the same way. The caller holds the
/// lock of the lineage. Throws Failure if any of it failed; what is in place by then stays there.
/// Keeps it as an attempt, and runs the hooks of the plan.
IssuedCertificates issue(const Environment& environment, const IssuanceOrder& order,
                         Progress& progress);
/// The same as a part of a run over several lineages, which runs the post-hooks when it has done
/// with all.
IssuedCertificates issue(const Environment& environment, const IssuanceOrder& order,
                         RunHooks& hooks, Progress& progress);

/// What stands of all certificates that the plan wants, which are sound. Throws Failure if one is
/// not.
[[nodiscard]] IssuedCertificates standing_certificates(const Environment& environment,
                                                       const LineageName& lineage,
                                                       const CertificatePlan& plan);

/// Sees to it that there are accounts, made as `options` say, at the CAs of the plan that are asked
/// only in place of the first. What is in the way at one of them is told and stops nothing.
void open_other_accounts(const Environment& environment, const CertificatePlan& plan,
                         AccountOptions options, Progress& progress);

/// True if a failure for one key type would be repeated for another: the CA was not convinced of a
/// name, or there is no account.
[[nodiscard]] bool is_about_every_key_type(const Failure& failure);

/// The failure to obtain the certificate for `type`, one key type of several.
[[nodiscard]] Failure of_key_type(const Failure& failure, crypto::KeyType type);

/// How long a run waits for another that works on the same lineage.
inline constexpr std::chrono::minutes lineage_lock_patience{15};

}  // namespace cairn::client
