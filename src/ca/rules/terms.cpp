#include "ca/rules/terms.h"

namespace cairn::ca {

bool Terms::are_agreed_to_by(const Account& account) const {
    if (!account.terms_agreed) return false;
    return change == Change::asks_for_nothing || url.empty() || account.terms_url.empty() ||
           account.terms_url == url;
}

std::optional<protocol::Problem> Terms::refusal(const Account& account) const {
    if (url.empty() || change == Change::asks_for_nothing || are_agreed_to_by(account))
        return std::nullopt;
    protocol::Problem problem(
        protocol::ProblemType::user_action_required,
        "the terms of service have changed: read " + url +
            ", and agree by sending termsOfServiceAgreed: true to the account's URL");
    problem.instance = url;
    return problem;
}

}  // namespace cairn::ca
