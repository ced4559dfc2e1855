#pragma once

#include <optional>
#include <string>
#include <vector>

#include "client/account.h"
#include "client/certificate_plan.h"
#include "client/renew_before.h"
#include "client/state_directory.h"
#include "crypto/key.h"

namespace cairn::client {

/// A certificate that a program wants to have, and how it is got: what `cairn issue` is told by its
/// options. A value.
struct WantedCertificate {
    /// At least one: "example.com", "*.example.com", "192.0.2.1", also in Unicode; "NAME=SOLVER"
    /// for one that has a solver to itself.
    std::vector<std::string> names;
    /// Proves control of the names: as `cairn issue --solver` takes it, or what a solver of the
    /// program's own calls itself (`Solver::specification`).
    std::string solver = "standalone";
    /// The CAs that are asked, in order of preference: URLs of directories, or the names that
    /// `cairn issue --ca` takes. None: Let's Encrypt.
    std::vector<Authority> authorities{};
    /// For the account at each of them, if there is none in the state folder yet.
    AccountOptions account{};
    /// The name of the account, of several at one CA; empty: the one without a name.
    std::string account_name{};
    /// A certificate for each of them is wanted.
    std::vector<crypto::KeyType> key_types = {crypto::KeyType::ec_p256};
    KeyReuse key_reuse = KeyReuse::fresh_key;
    /// A profile of the CA's directory; empty: none is asked for.
    std::string profile{};
    ProfileDemand profile_demand = ProfileDemand::preferred;
    /// The common name of an issuer above which the chain is to lead; empty: as the CA likes.
    std::string preferred_chain{};
    /// None: when the CA advises (RFC 9773), else by the share of its life that is left.
    std::optional<RenewBefore> renew_before{};
    /// What it is called in the state folder; empty: after the first name.
    std::string lineage{};
};

/// The name of its lineage. Throws Failure if it cannot be one.
[[nodiscard]] LineageName lineage_of(const WantedCertificate& wanted);

/// The plan for it. What a WantedCertificate does not speak of (hooks, deploy targets) is as in
/// `former`, the plan that stands, or absent. Throws Failure with all that is wrong.
[[nodiscard]] CertificatePlan plan_of(const WantedCertificate& wanted,
                                      const std::optional<CertificatePlan>& former);

}  // namespace cairn::client
