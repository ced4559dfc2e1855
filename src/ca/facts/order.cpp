#include "ca/facts/order.h"

#include <algorithm>
#include <set>

namespace cairn::ca {

using protocol::AuthorizationStatus;
using protocol::OrderStatus;
using protocol::Problem;
using protocol::ProblemType;

OrderStatus Order::status(std::span<const Authorization> proofs, base::Time now) const {
    if (completed) return OrderStatus::valid;
    if (problem) return OrderStatus::invalid;
    if (intent) return OrderStatus::processing;
    if (now >= expires) return OrderStatus::invalid;
    bool all_valid = true;
    for (const auto& proof : proofs) {
        const auto proof_status = proof.status(now);
        if (proof_status == AuthorizationStatus::valid) continue;
        if (proof_status != AuthorizationStatus::pending) return OrderStatus::invalid;
        all_valid = false;
    }
    return all_valid ? OrderStatus::ready : OrderStatus::pending;
}

namespace {

// Why an authorization cannot carry an order any more, or nothing if it still can.
std::optional<protocol::Subproblem> failure_of(const Authorization& proof, base::Time now) {
    protocol::Subproblem failure;
    failure.identifier = {std::string(to_string(proof.identifier.type())),
                          proof.identifier.value()};
    failure.type = ProblemType::unauthorized;
    switch (proof.status(now)) {
        case AuthorizationStatus::pending:
        case AuthorizationStatus::valid:
            return std::nullopt;
        case AuthorizationStatus::invalid:
            if (proof.attempt && proof.attempt->problem) {
                failure.type = proof.attempt->problem->type;
                failure.detail = proof.attempt->problem->detail;
            } else {
                failure.detail = "no challenge was answered in time";
            }
            return failure;
        case AuthorizationStatus::deactivated:
            failure.detail = "the authorization was deactivated";
            return failure;
        case AuthorizationStatus::expired:
            failure.detail = "the authorization expired before the order was finalized";
            return failure;
        case AuthorizationStatus::revoked:
            failure.detail = "the authorization was revoked";
            return failure;
    }
    return std::nullopt;
}

}  // namespace

std::optional<Problem> Order::error(std::span<const Authorization> proofs, base::Time now) const {
    if (status(proofs, now) != OrderStatus::invalid) return std::nullopt;
    if (problem) return problem;

    std::vector<protocol::Subproblem> failures;
    std::set<AuthorizationId> told;  // one may stand at several places
    for (const auto& proof : proofs) {
        auto failure = failure_of(proof, now);
        if (failure && told.insert(proof.id).second) failures.push_back(std::move(*failure));
    }
    if (failures.empty()) {
        return Problem(ProblemType::malformed, "the order expired before it was finalized", 400);
    }
    const bool one_kind = std::ranges::all_of(
        failures, [&](const auto& failure) { return failure.type == failures.front().type; });
    Problem result(one_kind ? failures.front().type : ProblemType::compound,
                   failures.size() == 1
                       ? failures.front().detail
                       : "several identifiers failed; each has a subproblem of its own");
    result.subproblems = std::move(failures);
    return result;
}

}  // namespace cairn::ca
