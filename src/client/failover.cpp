#include "client/failover.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace cairn::client {

bool may_be_had_elsewhere(const Failure& failure, const Standing& standing) {
    const auto phase = failure.phase();
    if (phase == Phase::install || phase == Phase::deploy) return false;
    const auto status = failure.status().value_or(0);
    const bool is_refusal_to_issue = phase == Phase::finalize && status >= 400 && status < 500;
    if (standing.may_have_issued && !is_refusal_to_issue) return false;
    const bool is_before_order =
        phase == Phase::account || phase == Phase::binding || phase == Phase::order;
    return is_before_order || status != 0 || standing.is_unavailable;
}

std::vector<Authority> in_turn(const CertificatePlan& plan, const std::optional<OpenOrder>& begun) {
    auto authorities = plan.authorities;
    if (!begun) return authorities;
    const auto known =
        std::ranges::find(authorities, begun->authority().directory_url, &Authority::directory_url);
    if (known != authorities.end()) std::rotate(authorities.begin(), known, known + 1);
    return authorities;
}

Failure none_of_them(const LineageName& lineage, const std::vector<Failure>& failures) {
    std::string came_back;
    std::optional<base::Time> retry_at;
    for (const auto& failure : failures) {
        came_back += fmt::format("\n  could not {}: {}", failure.tried(), failure.came_back());
        if (failure.retry_at() && (!retry_at || *failure.retry_at() < *retry_at))
            retry_at = failure.retry_at();
    }
    const auto& first = failures.front();
    return Failure({fmt::format("obtain the certificate of {} from any of its CAs", lineage.text()),
                    first.phase()},
                   std::move(came_back), first.next())
        .with(first.document(), first.status(), first.findings())
        .retrying_at(retry_at);
}

}  // namespace cairn::client
