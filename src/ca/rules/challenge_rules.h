#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ca/facts/authorization.h"
#include "ca/rules/profile.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"

// How control of identifiers may be proved, and what a proof is good for: pure functions.
namespace cairn::ca {

/// What the operator lets clients prove control with.
struct ChallengeChoices {
    /// Never empty.
    std::set<protocol::ChallengeType> types{protocol::ChallengeType::http_01,
                                            protocol::ChallengeType::dns_01,
                                            protocol::ChallengeType::tls_alpn_01};
    /// The names by which records of dns-persist-01 name this CA; 1 to 10 where it is in `types`.
    std::vector<std::string> issuer_names{};
    /// Whether a proof for a name may be one for the names below it, too (RFC 9444).
    bool subdomains = false;
    /// How many authorizations an account may have that no order asked for and that are pending; 0:
    /// none is made in advance (RFC 8555 section 7.4.1).
    std::size_t pending_preauthorizations = 100;
};

/// What an authorization is to be good for.
enum class Breadth {
    identifier,  ///< for its identifier alone
    subdomains,  ///< for all names below it as well
};

/// The ways in which control of `identifier` may be proved: wildcards by the DNS alone (RFC 8555
/// section 8.3, BR 3.2.2.4.19 and .20), and so subdomains (BR 3.2.2.4); addresses by all but the
/// DNS (RFC 8738 section 7).
[[nodiscard]] std::vector<protocol::ChallengeType> challenges_for(
    const protocol::Identifier& identifier, const ChallengeChoices& choices = {},
    Breadth breadth = Breadth::identifier);

/// Whether `authorization`, where it is valid, proves control of `identifier`: it is for the same
/// (wildcard or not is part of it); or for a name above it and its subdomains, and was proved by
/// the DNS (BR 3.2.2.4.7, .21, .22).
[[nodiscard]] bool proves(const Authorization& authorization,
                          const protocol::Identifier& identifier);

/// rejectedIdentifier, with a subproblem for each, if control of some of these authorizations'
/// identifiers cannot be proved in any way that is offered.
[[nodiscard]] std::optional<protocol::Problem> provability_refusal(
    std::span<const Authorization> authorizations);

/// Until when a proof that was found at `now` is valid: for the profile's reuse_lifetime, or as
/// long as the method lets it be relied on. An order whose proof is shorter still has ten minutes
/// to be finished; no later order stands on a proof that lapses so soon.
[[nodiscard]] base::Time proof_expiry(const Profile& profile,
                                      std::optional<base::Seconds> reliable_for, base::Time now);

}  // namespace cairn::ca
