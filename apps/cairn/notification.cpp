#include "apps/cairn/notification.h"

#include "client/lineage_fact_store.h"
#include "client/notices/notifier.h"
#include "client/notices/trouble.h"
#include "client/revocation_lists.h"
#include "client/served_check.h"

namespace cairn {
namespace {

void tell_trouble(Run& run, const client::Settings& settings, const client::TroubleReport& report,
                  client::Progress& progress) {
    client::Notifier(settings.notify, run.state(), run.clock(), run.timer(), "Cairn/" CAIRN_VERSION)
        .tell(report, progress);
}

/// What `work` does; what it throws is told.
template <class Work>
void telling_faults(client::Progress& progress, Work work) noexcept {
    try {
        work();
    } catch (const client::Failure& failure) {
        progress.tell({.kind = client::ProgressKind::notice_not_sent, .failure = failure});
    } catch (const std::exception& fault) {
        progress.tell({.kind = client::ProgressKind::notice_not_sent,
                       .failure = client::Failure("tell people of trouble", fault.what())});
    }
}

}  // namespace

void notify_of(Run& run, const std::vector<client::RenewalOutcome>& outcomes,
               client::Progress& progress) noexcept {
    telling_faults(progress, [&] {
        const auto settings = run.settings();
        // Of a run that was asked to stop, the failures say that it was.
        if (!settings->notify.is_anybody_told() || run.timer().is_stopped()) return;
        tell_trouble(run, *settings,
                     client::troubles_of(run.state(), outcomes, run.clock().now(),
                                         settings->notify.before_expiry),
                     progress);
    });
}

void watch_revocations(Run& run, const std::vector<client::LineageName>& lineages,
                       client::Progress& progress) noexcept {
    telling_faults(progress, [&] {
        client::RevocationLists lists(run.clock(), "Cairn/" CAIRN_VERSION);
        for (const auto& lineage : lineages)
            for (const auto& member : client::possible_members(lineage)) {
                const auto facts = client::LineageFactStore(run.state(), member).read();
                // A CA that speaks of renewals says so there when a certificate has to go.
                const bool is_told = facts && facts->advice && facts->advice->window;
                if (run.timer().is_stopped()) return;
                if (is_told || !client::Lineage(run.state(), member).is_exposed()) continue;
                const auto sight = lists.look_up(run.state(), member);
                if (sight.note)
                    progress.tell({.kind = client::ProgressKind::found_revoked,
                                   .text = base::to_rfc3339(sight.note->time),
                                   .lineage = lineage.text()});
            }
    });
}

void watch_served(Run& run, const std::vector<client::LineageName>& lineages,
                  client::Progress& progress) noexcept {
    telling_faults(progress, [&] {
        const auto settings = run.settings();
        std::vector<client::LineageMember> members;
        for (const auto& lineage : lineages)
            for (const auto& member : client::possible_members(lineage))
                if (client::Lineage(run.state(), member).is_exposed()) members.push_back(member);
        const auto report =
            client::troubles_of(client::look_at_served(run.state(), members, *settings, {}));
        for (const auto& trouble : report.troubles)
            progress.tell({.kind = client::ProgressKind::served_differs,
                           .text = trouble.came_back,
                           .lineage = trouble.lineage});
        if (!run.timer().is_stopped()) tell_trouble(run, *settings, report, progress);
    });
}

}  // namespace cairn
