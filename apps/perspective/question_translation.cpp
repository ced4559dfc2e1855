#include "apps/perspective/question_translation.h"

#include <utility>

namespace cairn::apps {

using ca::Validator;

va::Aim translated(Validator::Aim aim) {
    return aim == Validator::Aim::caa_alone ? va::Aim::caa_alone : va::Aim::control_and_caa;
}

Validator::Aim translated(va::Aim aim) {
    return aim == va::Aim::caa_alone ? Validator::Aim::caa_alone : Validator::Aim::control_and_caa;
}

va::PerspectiveQuestion message_of(Validator::Question question, std::string nonce,
                                   std::string perspective) {
    return {.nonce = std::move(nonce),
            .perspective = std::move(perspective),
            .account_url = std::move(question.account_url),
            .profile = std::move(question.profile),
            .identifier = std::move(question.identifier),
            .method = question.method,
            .token = std::move(question.token),
            .key_authorization = std::move(question.key_authorization),
            .caa_identities = {question.caa_identities.begin(), question.caa_identities.end()},
            .issuer_names = {question.issuer_names.begin(), question.issuer_names.end()},
            .for_subdomains = question.for_subdomains,
            .aim = translated(question.aim),
            .caa_method = std::move(question.caa_method)};
}

Validator::Question question_of(const va::PerspectiveQuestion& message) {
    return {.account_url = message.account_url,
            .profile = message.profile,
            .identifier = message.identifier,
            .method = message.method,
            .token = message.token,
            .key_authorization = message.key_authorization,
            .caa_identities = message.caa_identities,
            .issuer_names = message.issuer_names,
            .for_subdomains = message.for_subdomains,
            .aim = translated(message.aim),
            .caa_method = message.caa_method};
}

va::PerspectiveAnswer message_of(Validator::Answer answer, std::string digest,
                                 std::string perspective, protocol::InternetRegistry region) {
    auto& seen = answer.evidence.at(0);
    va::PerspectiveAnswer message{.question = std::move(digest),
                                  .perspective = std::move(perspective),
                                  .region = region,
                                  .begun = seen.begun,
                                  .ended = seen.ended,
                                  .steps = std::move(seen.steps),
                                  .reliable_for = answer.reliable_for,
                                  .caa = std::move(seen.caa)};
    for (const auto& [address, port] : seen.endpoints) message.endpoints.push_back({address, port});
    if (answer.failure) {
        message.problem = std::move(answer.failure->problem);
        message.outlook = answer.failure->outlook == Validator::Failure::Outlook::may_heal
                              ? va::Outlook::may_heal
                              : va::Outlook::final;
    }
    return message;
}

Validator::Answer answer_of(va::PerspectiveAnswer message) {
    ca::Evidence seen{.perspective = std::move(message.perspective),
                      .begun = message.begun,
                      .ended = message.ended,
                      .steps = std::move(message.steps),
                      .problem = message.problem,
                      .caa = std::move(message.caa),
                      .region = message.region};
    for (const auto& [address, port] : message.endpoints) seen.endpoints.push_back({address, port});
    Validator::Answer answer;
    answer.reliable_for = message.reliable_for;
    if (message.problem)
        answer.failure = Validator::Failure{.problem = *std::move(message.problem),
                                            .outlook = message.outlook == va::Outlook::may_heal
                                                           ? Validator::Failure::Outlook::may_heal
                                                           : Validator::Failure::Outlook::final};
    answer.evidence.push_back(std::move(seen));
    return answer;
}

}  // namespace cairn::apps
