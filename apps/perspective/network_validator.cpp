#include "apps/perspective/network_validator.h"

#include "apps/perspective/question_translation.h"
#include "va/examination.h"

namespace cairn::apps {

NetworkValidator::NetworkValidator(va::Settings settings, std::shared_ptr<dns::Resolver> resolver,
                                   const base::Clock& clock)
    : settings_(std::move(settings)), resolver_(std::move(resolver)), clock_(clock) {}

base::Task<ca::Validator::Answer> NetworkValidator::validate(Question question) {
    const va::Validation validation{.identifier = std::move(question.identifier),
                                    .token = std::move(question.token),
                                    .key_authorization = std::move(question.key_authorization),
                                    .account_url = std::move(question.account_url),
                                    .for_subdomains = question.for_subdomains,
                                    .issuer_names = question.issuer_names,
                                    .now = clock_.now(),
                                    .aim = translated(question.aim),
                                    .caa_identities = question.caa_identities,
                                    .caa_method = std::move(question.caa_method)};
    const auto begun = validation.now;
    auto outcome = co_await va::examine(validation, question.method, settings_, *resolver_);
    ca::Evidence evidence{.perspective = "local", .begun = begun, .ended = clock_.now()};
    auto& seen = outcome ? *outcome : outcome.error().evidence;
    evidence.steps = std::move(seen.steps);
    for (const auto& [address, port] : seen.endpoints)
        evidence.endpoints.push_back({address, port});
    evidence.caa = std::move(seen.caa);
    Answer answer;
    if (outcome) answer.reliable_for = outcome->reliable_for;
    if (!outcome) {
        const auto outlook = outcome.error().outlook == va::Outlook::may_heal
                                 ? Failure::Outlook::may_heal
                                 : Failure::Outlook::final;
        evidence.problem = outcome.error();
        answer.failure = Failure{.problem = *evidence.problem, .outlook = outlook};
    }
    answer.evidence.push_back(std::move(evidence));
    co_return answer;
}

}  // namespace cairn::apps
