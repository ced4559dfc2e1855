#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/certificate_plan.h"
#include "client/certificate_request.h"

namespace cairn::client {

/// A name that somebody has said, and who proves control of it, if that was said for it alone.
struct SaidName {
    protocol::Identifier identifier;
    std::optional<std::string> solver{};
};

/// What somebody has said of a certificate, on a command line or in a file: each member that was
/// not said is nothing. It makes a plan out of nothing, or another plan out of one that stands.
struct PlanChanges {
    /// One without roots of its own keeps those that it had.
    std::optional<std::vector<Authority>> authorities{};
    /// Roots for the TLS of all CAs that are not known, or of the only one; empty: the system's.
    std::optional<std::string> root_file{};
    /// All names of the certificate; empty: not said.
    std::vector<SaidName> names{};
    /// Who proves control of the names for which it was not said apart.
    std::optional<std::string> solver{};
    std::optional<std::vector<crypto::KeyType>> key_types{};
    std::optional<KeyReuse> key_reuse{};
    std::optional<KeyStore> key_store{};
    /// Empty: none is to be asked for.
    std::optional<std::string> profile{};
    /// Counts only beside `profile`.
    ProfileDemand profile_demand = ProfileDemand::preferred;
    std::optional<std::string> preferred_chain{};
    std::optional<std::string> account{};
    /// Nothing within: by the usual rule.
    std::optional<std::optional<RenewBefore>> renew_before{};
    /// Nothing within: as usual.
    std::optional<std::optional<base::Seconds>> ca_timeout{};
    std::optional<CertificateRequest> request{};
    /// Lines for a program, each empty for none.
    std::optional<std::string> pre_hook{}, post_hook{}, failure_hook{};
    /// All of them; empty for none.
    std::optional<std::vector<DeployTarget>> deploy_targets{};
    /// The programs among them, or those that are none; the others stay as they were.
    std::optional<std::vector<DeployTarget>> deploy_hooks{}, deploy_others{};
};

/// Who proves control of a name if nobody has said it.
inline constexpr const char* default_solver = "standalone";

/// The plan that stands, null for none, with what was said; what was not said stays as it was, or
/// is as usual in a new plan: the first known CA, one key of type ec-p256, the default solver. A
/// name keeps its solver; a new one gets the solver that all others have. An error if what was said
/// does not go together, or no name was said for a new plan.
[[nodiscard]] base::Result<CertificatePlan> merged(const CertificatePlan* former,
                                                   const PlanChanges& changes);

/// What a change of a plan leads to.
enum class PlanEffect {
    kept,            ///< the certificate that stands is still what is wanted
    new_certificate  ///< another one has to be issued
};

/// One member in which two plans differ, as text for people: "names", "a.example", "a.example,
/// b.example". Of hooks and the like, nothing is "none".
struct PlanDifference {
    std::string_view member;
    std::string before, after;
    PlanEffect effect = PlanEffect::kept;
};

/// In what `wanted` differs from `former`, in the order of the plan's members. Another CA alone is
/// asked for a new certificate only if it is not one of those before; that is known by which one
/// issued (`shortfall_of`).
[[nodiscard]] std::vector<PlanDifference> differences(const CertificatePlan& former,
                                                      const CertificatePlan& wanted);
/// True if a certificate that was got for `former` is not what `wanted` asks for.
[[nodiscard]] bool needs_new_certificate(const CertificatePlan& former,
                                         const CertificatePlan& wanted);

}  // namespace cairn::client
