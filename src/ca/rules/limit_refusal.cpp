// How a refusal by a limit is told.
#include <algorithm>

#include "base/duration.h"
#include "ca/rules/limits.h"

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;
using enum LimitName;

namespace {

std::string utc(base::Time time) {
    auto text = base::to_rfc3339(time);
    text[10] = ' ';
    text.back() = ' ';
    return text + "UTC";
}

/// What stands behind the last colon, which a name does not have; an IPv6 network has.
std::string subject_in(const Charge& charge, std::size_t parts) {
    std::string_view text = charge.bucket;
    for (std::size_t i = 0; i < parts; ++i) text.remove_prefix(text.find(':') + 1);
    return text.starts_with("sha256-") ? "this name" : std::string(text);
}

std::string what_was_too_many(const Charge& charge, const Rate& rate) {
    const auto count = " (" + std::to_string(rate.count) + ")";
    if (charge.effect == Charge::Effect::bar) {
        const auto name = subject_in(charge, 2);
        return name +
               " is paused for this account, since its validations failed without a "
               "success between them; the operator of this CA can lift that";
    }
    switch (limit_of(charge)) {
        case new_accounts_per_ip:
        case new_accounts_per_ipv6_range:
            return "too many new accounts" + count + " from " + subject_in(charge, 1);
        case new_accounts:
            return "too many new accounts" + count;
        case new_orders_per_account:
            return "too many new orders" + count + " from this account";
        case certificates_per_domain:
            return "too many certificates" + count + " for " + subject_in(charge, 1);
        case certificates_per_exact_set:
            return "too many certificates" + count + " for this exact set of names";
        case failed_validations_per_account_and_name:
        case consecutive_failures_per_account_and_name:
            return "too many failed validations" + count + " of " + subject_in(charge, 2) +
                   " by this account";
        case requests_per_ip:
            break;
    }
    return "too many requests" + count;
}

}  // namespace

Problem limit_refusal(const Charges& charges, const ChargeDecision& decision,
                      const std::string& help, base::Time now) {
    const auto place = decision.refused_by.value();
    const auto& charge = charges.at(place);
    const auto rate = place < decision.rates.size() ? decision.rates[place]
                                                    : Rate{charge.capacity, charge.period};
    auto detail = what_was_too_many(charge, rate);
    if (charge.effect != Charge::Effect::bar)
        detail += " in the last " + base::duration_text(rate.period);
    detail += ", retry after " + utc(decision.retry_at) + " (limit " +
              std::string(to_string(limit_of(charge))) + ")";
    if (!help.empty()) detail += ": see " + help;
    const auto wait = std::max(base::Seconds(1), decision.retry_at - now);
    Problem problem(ProblemType::rate_limited, detail, wait <= short_wait ? 503 : 429);
    problem.retry_after = wait;
    if (!help.empty()) problem.links.push_back("<" + help + ">;rel=\"help\"");
    return problem;
}

}  // namespace cairn::ca
