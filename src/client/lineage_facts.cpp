#include "client/lineage_facts.h"

#include <algorithm>

#include "client/report_json.h"

namespace cairn::client {
namespace {

/// Those of the plan, and some that were in it before.
constexpr std::size_t max_deployments = 2 * CertificatePlan::max_choices;

}  // namespace

Authority OpenOrder::authority() const {
    if (directory_url.empty()) return plan.preferred_authority();
    const auto* planned = plan.find_authority(directory_url);
    return planned != nullptr ? *planned : Authority{.directory_url = directory_url};
}

const Authority& LineageFacts::issuing_authority(const CertificatePlan& plan) const {
    const auto* known = obtained ? plan.find_authority(obtained->directory_url) : nullptr;
    return known != nullptr ? *known : plan.preferred_authority();
}

bool LineageFacts::is_deployment_pending() const {
    return obtained && (!deployed || deployed->number != obtained->number);
}

bool LineageFacts::is_being_issued() const {
    return (order && order->position.is_finalizing) ||
           std::ranges::any_of(
               further, [](const FurtherFacts& other) { return other.facts.is_being_issued(); });
}

std::optional<RevocationNote> LineageFacts::revocation_of(std::string_view certificate) const {
    const auto found = std::ranges::find(revocations, certificate, &KnownRevocation::certificate);
    if (found == revocations.end()) return std::nullopt;
    return found->note;
}

bool LineageFacts::is_deployment_pending(const DeployTarget& target) const {
    if (!is_deployment_pending()) return false;
    return is_deployment_pending(target, obtained->number);
}

void LineageFacts::obtain(const GenerationFact& generation, DeployHook hook) {
    obtained = generation;
    withheld.reset();
    // A number that an archive which is gone had given before tells nothing.
    std::erase_if(deployments, [&](const DeploymentFact& deployment) {
        return deployment.number == generation.number;
    });
    if (hook == DeployHook::none)
        deployed = generation;
    else if (deployed && deployed->number == generation.number)
        deployed.reset();
}

bool LineageFacts::is_deployment_pending(const DeployTarget& target, unsigned long number) const {
    const auto* const known = deployment_of(target);
    return known == nullptr || known->number != number;
}

const DeploymentFact* LineageFacts::deployment_of(const DeployTarget& target) const {
    const auto found = std::ranges::find(deployments, target, &DeploymentFact::target);
    return found == deployments.end() ? nullptr : &*found;
}

void LineageFacts::deploy(const DeployTarget& target, base::Time time) {
    if (obtained) deploy(target, obtained->number, time);
}

void LineageFacts::deploy(const DeployTarget& target, unsigned long number, base::Time time) {
    forget_deployment(target);
    deployments.push_back({target, number, time});
    if (deployments.size() > max_deployments) deployments.erase(deployments.begin());
}

void LineageFacts::fail_to_deploy(const DeployTarget& target, DeploymentFailure failure) {
    failure.failure = bounded(failure.failure);
    const auto found = std::ranges::find(deployments, target, &DeploymentFact::target);
    if (found != deployments.end()) {
        if (found->failure) failure.since = found->failure->since;
        found->failure = std::move(failure);
        return;
    }
    deployments.push_back({target, 0, {}, std::move(failure)});
    if (deployments.size() > max_deployments) deployments.erase(deployments.begin());
}

void LineageFacts::forget_deployment(const DeployTarget& target) {
    std::erase_if(deployments,
                  [&](const DeploymentFact& deployment) { return deployment.target == target; });
}

void LineageFacts::keep_deployments(const std::vector<DeployTarget>& targets) {
    std::erase_if(deployments, [&](const DeploymentFact& deployment) {
        return std::ranges::find(targets, deployment.target) == targets.end();
    });
}

void LineageFacts::deploy(base::Time time) {
    if (is_deployment_pending())
        deployed = GenerationFact{obtained->number, time, obtained->directory_url, {}};
    std::erase_if(deployments, [](const DeploymentFact& deployment) {
        return deployment.target.is_program() && !deployment.failure;
    });
}

const LineageFacts& LineageFacts::of(const LineageMember& member) const {
    static const LineageFacts nothing;
    if (!member.further) return *this;
    const auto found = std::ranges::find(further, *member.further, &FurtherFacts::type);
    return found == further.end() ? nothing : found->facts;
}

LineageFacts& LineageFacts::of(const LineageMember& member) {
    if (!member.further) return *this;
    const auto found = std::ranges::find(further, *member.further, &FurtherFacts::type);
    return found == further.end() ? further.emplace_back(*member.further).facts : found->facts;
}

void LineageFacts::add(Attempt attempt) {
    if (attempt.failure) attempt.failure = bounded(*attempt.failure);
    attempts.push_back(std::move(attempt));
    if (attempts.size() > max_attempts) attempts.erase(attempts.begin());
}

void LineageFacts::add(KnownRevocation revocation) {
    if (revocation_of(revocation.certificate)) return;
    revocations.push_back(std::move(revocation));
    if (revocations.size() > max_revocations) revocations.erase(revocations.begin());
}

}  // namespace cairn::client
