#include "client/withheld_certificate.h"

#include <string>

#include <fmt/format.h>

#include "client/failure.h"
#include "client/lineage.h"
#include "client/lineage_fact_store.h"
#include "client/lineage_rollback.h"
#include "client/renewal_schedule.h"

namespace cairn::client {

bool take_up_withheld(const Environment& environment, const LineageMember& member,
                      const CertificatePlan& plan, Progress& progress) {
    const LineageFactStore store(environment.state, member);
    const auto facts = store.read();
    // What cannot be read is told where it is needed.
    if (!facts || !facts->withheld) return false;
    Lineage lineage(environment.state, member);
    const auto number = facts->withheld->number;
    const auto live = lineage.live_number();
    if (live && *live == number) return true;
    const auto now = environment.clock.now();
    const auto generation = lineage.generation(number);
    if (!fault_of_earlier(generation, *facts, now).empty() ||
        due_time(plan, member, *generation, *facts).at <= now) {
        store.change([&](LineageFacts& known) {
            known.withheld.reset();
            // Which CA the one that stays is from is not kept of earlier ones.
            if (live) known.obtained = GenerationFact{*live, now};
        });
        return false;
    }
    lineage.return_to(number);
    progress.tell(
        {.kind = ProgressKind::remark,
         .text = fmt::format("Certificate {} of {}, which a server has refused, is tried again.",
                             number, member.lineage.text())});
    return true;
}

}  // namespace cairn::client
