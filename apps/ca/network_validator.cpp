#include "apps/ca/network_validator.h"

namespace cairn::apps {

NetworkValidator::NetworkValidator(va::Settings settings, std::shared_ptr<dns::Resolver> resolver)
    : settings_(std::move(settings)), resolver_(std::move(resolver)) {}

base::Task<ca::Validator::Outcome> NetworkValidator::validate(Question question) {
    const va::Validation validation{.identifier = std::move(question.identifier),
                                    .token = std::move(question.token),
                                    .key_authorization = std::move(question.key_authorization)};
    auto outcome = co_await va::validators[question.method](validation, settings_, *resolver_);
    if (!outcome) {
        auto& failure = outcome.error();
        const auto outlook = failure.outlook == va::Outlook::may_heal ? Failure::Outlook::may_heal
                                                                      : Failure::Outlook::final;
        co_return std::unexpected(Failure{std::move(failure), outlook});
    }
    co_return std::move(outcome->steps);
}

}  // namespace cairn::apps
