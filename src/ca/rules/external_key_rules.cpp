#include "ca/rules/external_key_rules.h"

#include <algorithm>
#include <vector>

namespace cairn::ca {

using protocol::Identifier;
using protocol::Problem;
using protocol::ProblemType;

namespace {

bool matches_one_of(std::span<const NamePattern> patterns, const Identifier& name) {
    return std::ranges::any_of(patterns,
                               [&](const auto& pattern) { return pattern.matches(name); });
}

Problem unauthorized(std::string detail) {
    return {ProblemType::unauthorized, std::move(detail)};
}

std::optional<Problem> origin_refusal(const ExternalKeyScope& scope,
                                      const RequestContext& context) {
    if (scope.networks.empty()) return std::nullopt;
    const bool is_inside =
        context.client && std::ranges::any_of(scope.networks, [&](const auto& network) {
            return network.contains(*context.client);
        });
    if (is_inside) return std::nullopt;
    return unauthorized("the external account may not be used from " +
                        (context.client ? context.client->to_string() : "an unknown address"));
}

}  // namespace

std::optional<Problem> binding_refusal(const ExternalKey& key, const RequestContext& context) {
    const auto ask = "; ask the operator of this CA for a new one";
    switch (key.state(context.time)) {
        case ExternalKey::State::usable:
            return origin_refusal(key.scope, context);
        case ExternalKey::State::revoked:
            return unauthorized("the key of the external account was revoked" + std::string(ask));
        case ExternalKey::State::expired:
            return unauthorized("the key of the external account ended at " +
                                base::to_rfc3339(*key.not_after) + ask);
        case ExternalKey::State::used_up:
            return unauthorized(
                "the key of the external account was used before, as often as it "
                "can be" +
                std::string(ask));
    }
    return unauthorized("the key of the external account cannot be used" + std::string(ask));
}

std::optional<Problem> scope_refusal(const ExternalKeyScope& scope,
                                     std::span<const Identifier> names, const Profile& profile,
                                     const RequestContext& context) {
    if (auto refusal = origin_refusal(scope, context)) return refusal;
    if (!scope.profiles.empty() &&
        std::ranges::find(scope.profiles, profile.name) == scope.profiles.end())
        return unauthorized("the external account of this account is not for profile \"" +
                            profile.name + "\"");
    if (scope.names.empty()) return std::nullopt;
    std::vector<protocol::Subproblem> refused;
    for (const auto& name : names) {
        if (!matches_one_of(scope.names, name))
            refused.push_back({ProblemType::rejected_identifier,
                               "the external account of this account is not for this name",
                               std::pair(std::string(to_string(name.type())), name.value())});
    }
    if (refused.empty()) return std::nullopt;
    Problem problem(ProblemType::rejected_identifier,
                    refused.size() == 1
                        ? refused.front().identifier->second + ": " + refused.front().detail
                        : "several identifiers are refused; each has a subproblem of its own");
    problem.subproblems = std::move(refused);
    return problem;
}

const Profile* usual_profile(const ExternalKeyScope& scope, const Profiles& profiles) {
    const auto* usual = profiles.find("");
    if (scope.profiles.empty() ||
        std::ranges::find(scope.profiles, usual->name) != scope.profiles.end())
        return usual;
    for (const auto& name : scope.profiles)
        if (const auto* profile = profiles.find(name)) return profile;
    return nullptr;
}

bool is_vouched_for(const Identifier& name, const ExternalKey& key, const Profile& profile) {
    return profile.operators_word && key.scope.names_are_vouched_for && !key.revoked &&
           matches_one_of(key.scope.names, name);
}

}  // namespace cairn::ca
