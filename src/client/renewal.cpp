#include "client/renewal.h"

#include <algorithm>
#include <atomic>
#include <thread>

#include <fmt/format.h>

#include "client/certificate_authorities.h"
#include "client/lineage_renewal.h"
#include "client/renewal_calendar.h"
#include "client/run_hooks.h"

namespace cairn::client {
namespace {

/// What is known of a lineage in which nothing is to be done, as outcomes.
std::vector<RenewalOutcome> outcomes_of(const LineageName& lineage, const CalendarEntry& entry) {
    std::vector<RenewalOutcome> outcomes;
    for (const auto& due : entry.due)
        outcomes.push_back({.lineage = lineage,
                            .key_type = due.key_type,
                            .kind = RenewalOutcome::Kind::not_due,
                            .due_at = due.at,
                            .due = DueTime{due.at, due.reason}});
    return outcomes;
}

/// Makes failures of what was renewed: a hook that was to run afterwards has failed.
void fail_afterwards(std::vector<RenewalOutcome>& outcomes, const Failure& failure) {
    for (auto& outcome : outcomes) {
        if (outcome.kind != RenewalOutcome::Kind::renewed) continue;
        outcome.kind = RenewalOutcome::Kind::failed;
        outcome.failure = failure;
    }
}

}  // namespace

CertificatePlan rehearsal_of(CertificatePlan plan, const LineageName& lineage,
                             const RehearsalAuthority& authority) {
    if (!authority.directory_url.empty()) {
        // The CAs that are known are trusted by the system's roots.
        const auto known = staging_directory_of(authority.directory_url);
        auto root_file = plan.preferred_authority().root_file;
        if (!authority.root_file.empty() || !known || *known) root_file = authority.root_file;
        plan.authorities = {{authority.directory_url, std::move(root_file)}};
        return plan;
    }
    std::vector<Authority> rehearsing;
    for (const auto& planned : plan.authorities)
        if (const auto staging = staging_directory_of(planned.directory_url); staging && *staging)
            rehearsing.push_back({**staging, planned.root_file});
    if (!rehearsing.empty()) {
        plan.authorities = std::move(rehearsing);
        return plan;
    }
    const auto& preferred = plan.preferred_authority().directory_url;
    const auto staging = staging_directory_of(preferred);
    throw Failure(
        fmt::format("rehearse the renewal of {}", lineage.text()),
        staging ? fmt::format("no staging directory of the CA at {} is known",
                              base::printable(preferred))
                : staging.error().message,
        "name a CA to rehearse with: --dry-run --ca URL. It issues a certificate, which is "
        "dropped, so its limits count it.");
}

std::vector<RenewalOutcome> renew(const Environment& environment,
                                  const std::vector<LineageName>& lineages,
                                  const RenewalOptions& options, Progress& progress) {
    std::vector<std::vector<RenewalOutcome>> outcomes(lineages.size());
    RenewalCalendar calendar(environment.state);
    const bool is_scheduled =
        options.force == RenewalForce::if_due && options.installing == Installing::yes;
    std::vector<std::size_t> left;
    for (std::size_t index = 0; index < lineages.size(); ++index) {
        std::optional<CalendarEntry> known;
        if (is_scheduled) known = calendar.find(lineages[index], environment.clock.now());
        if (known)
            outcomes[index] = outcomes_of(lineages[index], *known);
        else
            left.push_back(index);
    }
    RunHooks hooks(environment, options.installing);
    std::atomic<std::size_t> next = 0;
    std::atomic<std::size_t> settled = lineages.size() - left.size();
    {
        std::vector<std::jthread> threads;
        const auto count = std::min(options.parallel, left.size());
        for (std::size_t i = 0; i < count; ++i)
            threads.emplace_back([&] {
                for (auto taken = next++; taken < left.size(); taken = next++) {
                    const auto index = left[taken];
                    outcomes[index] = LineageRenewal(environment, options, lineages[index],
                                                     calendar, hooks, progress)
                                          .run();
                    progress.count(++settled, lineages.size());
                }
            });
    }
    calendar.keep(environment.clock.now());
    for (const auto& failed : hooks.after(progress))
        for (const auto& lineage : failed.lineages)
            fail_afterwards(outcomes.at(static_cast<std::size_t>(
                                std::ranges::find(lineages, lineage) - lineages.begin())),
                            failed.failure);
    std::vector<RenewalOutcome> results;
    for (auto& some : outcomes) std::ranges::move(some, std::back_inserter(results));
    return results;
}

}  // namespace cairn::client
