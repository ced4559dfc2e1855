#include "ca/facts/listing_filters.h"

#include <algorithm>

namespace cairn::ca {

namespace {

template <class Value>
bool is_met(const std::optional<Value>& wanted, const Value& found) {
    return !wanted || *wanted == found;
}

bool lies_between(const std::optional<base::Time>& first, const std::optional<base::Time>& last,
                  base::Time time) {
    return (!first || time >= *first) && (!last || time <= *last);
}

}  // namespace

bool CertificateFilter::fits(const IssuedCertificate& certificate) const {
    if (account && certificate.account != account) return false;
    if (order && certificate.order != order) return false;
    if (!is_met(issuer, certificate.issuer) || !is_met(profile, certificate.profile) ||
        !is_met(key, certificate.key))
        return false;
    if (!lies_between(issued_after, issued_before, certificate.issued) ||
        !lies_between(ends_after, ends_before, certificate.not_after))
        return false;
    if (!is_met(is_revoked, certificate.revocation.has_value())) return false;
    return !octets || !std::ranges::search(certificate.der, *octets).empty();
}

OrderFilter::Stage OrderFilter::stage_of(const Order& order) {
    if (order.problem) return Stage::failed;
    if (order.completed) return Stage::completed;
    return order.intent ? Stage::issuing : Stage::open;
}

bool OrderFilter::fits(const Order& order) const {
    if (!is_met(account, order.account) || !is_met(profile, order.profile)) return false;
    if (!lies_between(created_after, created_before, order.created)) return false;
    if (!is_met(stage, stage_of(order))) return false;
    if (identifier && std::ranges::count(order.identifiers, *identifier) == 0) return false;
    return !ending || std::ranges::any_of(order.identifiers, [&](const auto& each) {
        return each.value().ends_with(*ending);
    });
}

}  // namespace cairn::ca
