#include "ca/rules/challenge_rules.h"

#include <algorithm>

#include "protocol/ancestor_domain.h"
#include "protocol/dns_challenge.h"

namespace cairn::ca {

using protocol::ChallengeType;
using protocol::Identifier;
using protocol::IdentifierType;
using protocol::Problem;
using protocol::ProblemType;

namespace {

constexpr base::Seconds time_to_finish = std::chrono::minutes(10);

/// Whether this challenge can prove control of the identifier.
bool can_prove(ChallengeType type, const Identifier& identifier, Breadth breadth) {
    if (protocol::is_dns_method(type)) return identifier.type() == IdentifierType::dns;
    return !identifier.is_wildcard() && breadth == Breadth::identifier;
}

}  // namespace

std::vector<ChallengeType> challenges_for(const Identifier& identifier,
                                          const ChallengeChoices& choices, Breadth breadth) {
    std::vector<ChallengeType> offered;
    offered.reserve(choices.types.size());
    for (const auto type : choices.types)
        if (can_prove(type, identifier, breadth)) offered.push_back(type);
    return offered;
}

bool proves(const Authorization& authorization, const Identifier& identifier) {
    if (authorization.identifier == identifier) return true;
    return authorization.for_subdomains && authorization.attempt &&
           protocol::is_dns_method(authorization.attempt->method) &&
           !authorization.identifier.is_wildcard() &&
           authorization.identifier.type() == IdentifierType::dns &&
           protocol::is_below(identifier, authorization.identifier.dns_name());
}

base::Time proof_expiry(const Profile& profile, std::optional<base::Seconds> reliable_for,
                        base::Time now) {
    if (!reliable_for) return now + profile.reuse_lifetime;
    return now + std::min(profile.reuse_lifetime, std::max(*reliable_for, time_to_finish));
}

std::optional<Problem> provability_refusal(std::span<const Authorization> authorizations) {
    std::vector<protocol::Subproblem> refused;
    for (const auto& authorization : authorizations) {
        if (!authorization.offered.empty() || !authorization.vouched_by.empty()) continue;
        const auto& identifier = authorization.identifier;
        refused.push_back(
            {ProblemType::rejected_identifier,
             "none of the challenges that this CA offers can prove control of " +
                 identifier.value(),
             std::pair(std::string(to_string(identifier.type())), identifier.value())});
    }
    if (refused.empty()) return std::nullopt;
    Problem problem(ProblemType::rejected_identifier, refused.front().detail);
    problem.subproblems = std::move(refused);
    return problem;
}

}  // namespace cairn::ca
