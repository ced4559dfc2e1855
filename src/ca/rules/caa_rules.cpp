#include "ca/rules/caa_rules.h"

#include <algorithm>

#include "ca/rules/challenge_rules.h"

namespace cairn::ca {

using protocol::Identifier;
using protocol::IdentifierType;
using protocol::Problem;
using protocol::ProblemType;

namespace {

// The proof on which the order stands for this name.
const Authorization* proof_of(const Identifier& name, const AuthorizationId* wanted,
                              std::span<const Authorization> proofs) {
    const Authorization* found = nullptr;
    for (const auto& proof : proofs) {
        if (!proves(proof, name)) continue;
        if (wanted != nullptr && proof.id == *wanted) return &proof;
        if (found == nullptr) found = &proof;
    }
    return found;
}

bool has_looked(const Authorization& proof, const Identifier& name, const CaaStanding& standing) {
    const auto& attempt = proof.attempt;
    return proof.identifier == name && proof.vouched_by.empty() && attempt &&
           attempt->started > standing.since && attempt->started >= standing.from;
}

bool is_checked(const Identifier& name, const CaaStanding& standing) {
    return std::ranges::any_of(standing.checks, [&](const CaaCheck& check) {
        return check.name == name && check.at >= standing.from;
    });
}

}  // namespace

std::vector<CaaWish> missing_caa_checks(const Order& order, std::span<const Authorization> proofs,
                                        const CaaStanding& standing) {
    std::vector<CaaWish> missing;
    if (!standing.is_asked) return missing;
    for (std::size_t i = 0; i < order.identifiers.size(); ++i) {
        const auto& name = order.identifiers[i];
        if (name.type() != IdentifierType::dns || is_checked(name, standing)) continue;
        const auto* wanted = i < order.authorizations.size() ? &order.authorizations[i] : nullptr;
        const auto* proof = proof_of(name, wanted, proofs);
        if (proof != nullptr && has_looked(*proof, name, standing)) continue;
        CaaWish wish{.name = name};
        if (proof != nullptr && proof->vouched_by.empty() && proof->attempt)
            wish.method = proof->attempt->method;
        else
            wish.method_name = operators_word_method;
        missing.push_back(std::move(wish));
    }
    return missing;
}

Problem caa_problem(std::span<const CaaRefusal> refusals) {
    const bool is_forbidden = std::ranges::any_of(refusals, [](const CaaRefusal& refusal) {
        return refusal.problem.type == ProblemType::caa;
    });
    auto detail = refusals.front().problem.detail;
    if (refusals.size() > 1)
        detail =
            "the CAA records of " + std::to_string(refusals.size()) +
            " names of the order forbid issuance or could not be looked up; the first: " + detail;
    Problem problem(is_forbidden ? ProblemType::caa : refusals.front().problem.type,
                    std::move(detail));
    for (const auto& refusal : refusals)
        problem.subproblems.push_back(
            {refusal.problem.type, refusal.problem.detail,
             std::pair(std::string(to_string(refusal.name.type())), refusal.name.value())});
    return problem;
}

}  // namespace cairn::ca
