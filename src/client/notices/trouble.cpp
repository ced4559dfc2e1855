#include "client/notices/trouble.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/enum_table.h"
#include "client/lineage.h"

namespace cairn::client {
namespace {

constexpr base::EnumTable<TroubleKind, std::string_view> kind_names({
    {TroubleKind::failure, "failure"},
    {TroubleKind::expiry, "expiry"},
    {TroubleKind::served, "served"},
});

/// What makes two failures the same for whoever is told of them: neither times nor addresses that
/// differ from one try to the next.
std::string signature_of(const Failure& failure) {
    return fmt::format("{} {} {} {}", to_string(failure.phase()), failure.tried(),
                       failure.problem() ? protocol::to_string(*failure.problem()) : "-",
                       failure.status().value_or(0));
}

Trouble failure_trouble(const RenewalOutcome& outcome) {
    const auto& failure = *outcome.failure;
    return {.kind = TroubleKind::failure,
            .lineage = outcome.lineage.text(),
            .signature = signature_of(failure),
            .summary = fmt::format("could not {}", failure.tried()),
            .came_back = failure.came_back(),
            .next = failure.next()};
}

std::optional<Trouble> expiry_trouble(const StateDirectory& state, const LineageMember& member,
                                      base::Time now, base::Seconds before_expiry) {
    const auto current = Lineage(state, member).current();
    if (!current) return std::nullopt;
    const auto& certificate = current->chain.front();
    if (now < warning_time_of(certificate, before_expiry)) return std::nullopt;
    const auto name = member.lineage.text();
    const bool has_expired = now > certificate.not_after();
    return Trouble{
        .kind = TroubleKind::expiry,
        .lineage = name,
        // Said again when it has expired, and for another certificate.
        .signature =
            fmt::format("{} {}", certificate.serial().to_hex(), has_expired ? "expired" : "soon"),
        .summary = fmt::format("the certificate {} on {}", has_expired ? "has expired" : "expires",
                               base::to_rfc3339(certificate.not_after())),
        .came_back = "it was not renewed",
        .next = fmt::format("`cairn explain {}` and `cairn status {}` show why.", name, name),
        .not_after = certificate.not_after()};
}

}  // namespace

std::string_view to_string(TroubleKind kind) {
    return kind_names[kind];
}

base::Time warning_time_of(const pki::Certificate& certificate, base::Seconds before_expiry) {
    const auto lifetime = certificate.not_after() - certificate.not_before();
    return certificate.not_after() - std::min<base::Seconds>(before_expiry, lifetime / 6);
}

TroubleReport troubles_of(const StateDirectory& state, const std::vector<RenewalOutcome>& outcomes,
                          base::Time now, base::Seconds before_expiry) {
    TroubleReport report;
    std::set<std::string> failed, seen;
    for (const auto& outcome : outcomes) {
        seen.insert(outcome.lineage.text());
        if (outcome.kind == RenewalOutcome::Kind::failed &&
            failed.insert(outcome.lineage.text()).second)
            report.troubles.push_back(failure_trouble(outcome));
    }
    const auto look = [&](const LineageName& lineage) {
        for (const auto& member : possible_members(lineage)) {
            if (member.further && !Lineage(state, member).is_exposed()) continue;
            if (auto trouble = expiry_trouble(state, member, now, before_expiry)) {
                report.troubles.push_back(std::move(*trouble));
                return;
            }
        }
    };
    for (const auto& lineage : seen) {
        report.looked_at.emplace_back(lineage, TroubleKind::failure);
        report.looked_at.emplace_back(lineage, TroubleKind::expiry);
        // What is not due is not about to expire, unless its plan wants it so.
        if (failed.contains(lineage)) look(LineageName::from_text(lineage).value());
    }
    // What nothing renews is not among the outcomes.
    const auto renewed = state.lineages();
    for (const auto& lineage : state.live_lineages()) {
        if (std::ranges::binary_search(renewed, lineage) || seen.contains(lineage.text())) continue;
        // A former name of a lineage leads to it, and is no lineage.
        if (!Lineage(state, lineage).is_exposed()) continue;
        report.looked_at.emplace_back(lineage.text(), TroubleKind::expiry);
        look(lineage);
    }
    return report;
}

}  // namespace cairn::client
