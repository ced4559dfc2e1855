#include "ca/facts/retention.h"

#include <algorithm>

namespace cairn::ca {
namespace {

base::Time cutoff(std::optional<base::Seconds> limit, base::Time now) {
    if (!limit) return base::Time::min();
    const auto kept = std::max(*limit, base::Seconds(0));
    return now.time_since_epoch() < kept ? base::Time{} : now - kept;
}

}  // namespace

RetentionCutoffs retention_cutoffs(const RetentionLimits& limits, base::Time now) {
    return {.orders = cutoff(limits.orders, now),
            .authorizations = cutoff(limits.authorizations, now),
            .certificates = cutoff(limits.certificates, now),
            .abandoned_crls = cutoff(crl_grace, now)};
}

}  // namespace cairn::ca
