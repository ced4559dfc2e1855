#include "apps/ca/network_validator.h"

#include <stdexcept>

namespace cairn::apps {

namespace {

base::Task<va::OrFailure<va::Evidence>> carry_out(protocol::ChallengeType method,
                                                  const va::Validation& validation,
                                                  const va::Settings& settings,
                                                  dns::Resolver& resolver) {
    switch (method) {
        case protocol::ChallengeType::http_01:
            return va::validate_http01(validation, settings, resolver);
        case protocol::ChallengeType::dns_01:
            return va::validate_dns01(validation, settings, resolver);
        case protocol::ChallengeType::tls_alpn_01:
            return va::validate_tls_alpn01(validation, settings, resolver);
    }
    throw std::logic_error("a challenge type without a validator");
}

}  // namespace

NetworkValidator::NetworkValidator(va::Settings settings, std::shared_ptr<dns::Resolver> resolver)
    : settings_(std::move(settings)), resolver_(std::move(resolver)) {}

base::Task<ca::Validator::Outcome> NetworkValidator::validate(Question question) {
    const va::Validation validation{.identifier = std::move(question.identifier),
                                    .token = std::move(question.token),
                                    .key_authorization = std::move(question.key_authorization)};
    auto outcome = co_await carry_out(question.method, validation, settings_, *resolver_);
    if (!outcome) {
        auto& failure = outcome.error();
        const auto outlook = failure.outlook == va::Outlook::may_heal ? Failure::Outlook::may_heal
                                                                      : Failure::Outlook::final;
        co_return std::unexpected(Failure{std::move(failure), outlook});
    }
    co_return std::move(outcome->steps);
}

}  // namespace cairn::apps
